import { isRecord, jsonEquals, type AnyRecord } from '../../../objects/json.js';
import { child, forbidden, invalid, item, keyed, required, type FieldError } from '../field-errors.js';
import { patternFault } from './schema-patterns.js';

/** A JSON schema of a version of a custom resource, as its definition has it. */
export type StructuralSchema = AnyRecord;

/** Where a schema stands: messages differ. */
type Level = 'root' | 'item' | 'field';

const MISSING_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }];
const LISTS = ['anyOf', 'allOf', 'oneOf'] as const;

export const typeOf = (schema: StructuralSchema): string => (typeof schema['type'] === 'string' ? schema['type'] : '');

export const isSet = (schema: StructuralSchema, name: string): boolean => schema[name] === true;

/** The schemas of a list: those of `allOf`, say. */
export const schemaList = (value: unknown): readonly StructuralSchema[] =>
  Array.isArray(value) ? value.map((each) => (isRecord(each) ? each : {})) : [];

const propertiesOf = (schema: StructuralSchema | undefined): readonly (readonly [string, StructuralSchema])[] =>
  isRecord(schema?.['properties'])
    ? Object.entries(schema['properties']).map(([name, each]) => [name, isRecord(each) ? each : {}] as const)
    : [];

const propertyIn = (schema: StructuralSchema, name: string): StructuralSchema | undefined =>
  isRecord(schema['properties']) && Object.hasOwn(schema['properties'], name) && isRecord(schema['properties'][name])
    ? schema['properties'][name]
    : undefined;

const matchesIntOrString = (list: unknown): boolean => Array.isArray(list) && jsonEquals(list, INT_OR_STRING);

/** What must hold of the schema that gives values their form. */
const invariants = (schema: StructuralSchema, level: Level, field: string): FieldError[] => {
  const { items, additionalProperties } = schema;
  const [type, isEmbedded] = [typeOf(schema), isSet(schema, 'x-kubernetes-embedded-resource')];
  const errors: FieldError[] = [];
  if (type === 'array' && !isRecord(items)) errors.push(required(child(field, 'items'), 'must be specified'));
  if (isRecord(items)) errors.push(...invariants(items, 'item', child(field, 'items')));
  for (const [name, inner] of propertiesOf(schema))
    errors.push(...invariants(inner, 'field', keyed(child(field, 'properties'), name)));
  const values = child(field, 'additionalProperties');
  if (additionalProperties !== undefined) {
    if (level === 'root') errors.push(forbidden(values, 'must not be used at the root'));
    if (isEmbedded) errors.push(forbidden(values, 'must not be used if x-kubernetes-embedded-resource is set'));
    if (isRecord(additionalProperties)) errors.push(...invariants(additionalProperties, 'field', values));
  }
  return [
    ...errors,
    ...extensionErrors(schema, field),
    ...typeErrors(schema, level, field),
    ...metaErrors(schema, level, field),
  ].concat(
    valueErrors(schema, field, {
      skipsAnyOf: matchesIntOrString(schema['anyOf']),
      skipsFirstAllOf: matchesIntOrString(schemaList(schema['allOf'])[0]?.['anyOf']),
    }),
  );
};

const extensionErrors = (schema: StructuralSchema, field: string): FieldError[] => {
  const keeps = 'x-kubernetes-preserve-unknown-fields';
  const embedded = 'x-kubernetes-embedded-resource';
  const errors: FieldError[] = [];
  if (isSet(schema, 'x-kubernetes-int-or-string')) {
    const why = 'must be false if x-kubernetes-int-or-string is true';
    for (const name of [keeps, embedded]) if (isSet(schema, name)) errors.push(invalid(child(field, name), true, why));
  }
  if (isSet(schema, embedded) && !isSet(schema, keeps) && propertiesOf(schema).length === 0) {
    const why =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(child(field, 'properties'), why));
  }
  return errors;
};

const typeErrors = (schema: StructuralSchema, level: Level, field: string): FieldError[] => {
  const [type, path] = [typeOf(schema), child(field, 'type')];
  const errors: FieldError[] = [];
  const isFree = isSet(schema, 'x-kubernetes-int-or-string') || isSet(schema, 'x-kubernetes-preserve-unknown-fields');
  if (isSet(schema, 'x-kubernetes-embedded-resource') && type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(path, why) : invalid(path, type, why));
  } else if (type === '' && !isFree) errors.push(required(path, MISSING_TYPE[level]));
  if (level === 'root' && type !== '' && type !== 'object')
    errors.push(invalid(path, type, 'must be object at the root'));
  return errors;
};

/** What a schema may say of the fields that every object has. */
const metaErrors = (schema: StructuralSchema, level: Level, field: string): FieldError[] => {
  const isObject = level === 'root' || isSet(schema, 'x-kubernetes-embedded-resource');
  const at = (name: string): string => keyed(child(field, 'properties'), name);
  const errors = ['kind', 'apiVersion'].flatMap((name) => {
    const type = propertyIn(schema, name);
    if (!isObject || type === undefined || typeOf(type) === 'string') return [];
    return [invalid(child(at(name), 'type'), typeOf(type), 'must be string')];
  });
  const metadata = propertyIn(schema, 'metadata');
  if (metadata === undefined) return errors;
  if (isObject && typeOf(metadata) !== 'object')
    errors.push(invalid(child(at('metadata'), 'type'), typeOf(metadata), 'must be object'));
  if (level === 'root' && !onlyNames(metadata)) {
    const why = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.push(forbidden(at('metadata'), why));
  }
  return errors;
};

const onlyNames = ({ type: _type, default: _default, properties, ...rest }: StructuralSchema): boolean => {
  const { $schema: _schema, ...others } = rest;
  return (
    Object.keys(others).length === 0 &&
    Object.keys(isRecord(properties) ? properties : {}).every((name) => name === 'name' || name === 'generateName')
  );
};

interface Skips {
  readonly skipsAnyOf: boolean;
  readonly skipsFirstAllOf: boolean;
}

const NO_SKIPS: Skips = { skipsAnyOf: false, skipsFirstAllOf: false };

/** The parts of a schema that only check values. */
const valueErrors = (schema: StructuralSchema, field: string, { skipsAnyOf, skipsFirstAllOf }: Skips): FieldError[] => {
  const errors = LISTS.flatMap((list) =>
    list === 'anyOf' && skipsAnyOf
      ? []
      : schemaList(schema[list]).flatMap((each, index) => {
          const skips = { skipsAnyOf: list === 'allOf' && skipsFirstAllOf && index === 0, skipsFirstAllOf: false };
          return nestedErrors(each, item(child(field, list), index), skips);
        }),
  );
  if (isRecord(schema['not'])) errors.push(...nestedErrors(schema['not'], child(field, 'not'), NO_SKIPS));
  const fault = typeof schema['pattern'] === 'string' ? patternFault(schema['pattern']) : undefined;
  if (fault !== undefined) {
    const why = `must be a valid regular expression, but isn't: ${fault}`;
    errors.push(invalid(child(field, 'pattern'), schema['pattern'], why));
  }
  return errors;
};

/** What may not be said within `allOf`, `anyOf`, `oneOf` and `not`: they check values, and give them no form. */
const FORBIDDEN_NESTED: readonly (readonly [name: string, why: string, isSaid: (value: unknown) => boolean])[] = [
  ['type', 'must be empty to be structural', (value) => value !== undefined && value !== ''],
  ['default', 'must be undefined to be structural', (value) => value !== undefined && value !== null],
  ['title', 'must be empty to be structural', (value) => value !== undefined && value !== ''],
  ['description', 'must be empty to be structural', (value) => value !== undefined && value !== ''],
  ['nullable', 'must be false to be structural', (value) => value === true],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural', (value) => value === true],
  ['x-kubernetes-embedded-resource', 'must be false to be structural', (value) => value === true],
  ['x-kubernetes-int-or-string', 'must be false to be structural', (value) => value === true],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural', (value) => Array.isArray(value) && value.length > 0],
  ['x-kubernetes-list-type', 'must be undefined to be structural', (value) => value !== undefined],
  ['x-kubernetes-map-type', 'must be undefined to be structural', (value) => value !== undefined],
  ['x-kubernetes-validations', 'must be empty to be structural', (value) => Array.isArray(value) && value.length > 0],
];

const nestedErrors = (schema: StructuralSchema, field: string, skips: Skips): FieldError[] => {
  const { items, additionalProperties } = schema;
  const errors = valueErrors(schema, field, skips);
  if (isRecord(items)) errors.push(...nestedErrors(items, child(field, 'items'), NO_SKIPS));
  for (const [name, inner] of propertiesOf(schema))
    errors.push(...nestedErrors(inner, keyed(child(field, 'properties'), name), NO_SKIPS));
  for (const [name, why, isSaid] of FORBIDDEN_NESTED)
    if (isSaid(schema[name])) errors.push(forbidden(child(field, name), why));
  if (isRecord(additionalProperties) || additionalProperties === true)
    errors.push(forbidden(child(field, 'additionalProperties'), 'must be undefined to be structural'));
  if (propertyIn(schema, 'metadata') !== undefined)
    errors.push(forbidden(keyed(child(field, 'properties'), 'metadata'), 'must not be specified in a nested context'));
  return errors;
};

/** What is checked of a value must be part of its form. */
const incomplete = (
  nested: StructuralSchema,
  schema: StructuralSchema | undefined,
  path: string,
  nestedPath: string,
): FieldError[] => {
  if (schema === undefined) return [required(path, `because it is defined in ${nestedPath}`)];
  const errors = incompleteValues(nested, schema, path, nestedPath);
  if (isRecord(nested['items'])) {
    const items = isRecord(schema['items']) ? schema['items'] : undefined;
    errors.push(...incomplete(nested['items'], items, child(path, 'items'), child(nestedPath, 'items')));
  }
  for (const [name, inner] of propertiesOf(nested)) {
    const [at, nestedAt] = [path, nestedPath].map((each) => keyed(child(each, 'properties'), name)) as [string, string];
    errors.push(...incomplete(inner, propertyIn(schema, name), at, nestedAt));
  }
  return errors;
};

const incompleteValues = (
  values: StructuralSchema,
  schema: StructuralSchema,
  path: string,
  valuesPath: string,
): FieldError[] => [
  ...(isRecord(values['not']) ? incomplete(values['not'], schema, path, child(valuesPath, 'not')) : []),
  ...LISTS.flatMap((list) =>
    schemaList(values[list]).flatMap((each, index) =>
      incomplete(each, schema, path, item(child(valuesPath, list), index)),
    ),
  ),
];

const inOrder = (left: string, right: string): number => (left < right ? -1 : Number(left > right));

/** Why a schema is not structural, in the order of the messages; empty for one that is. */
export const structuralErrors = (schema: StructuralSchema, field: string): FieldError[] =>
  [...invariants(schema, 'root', field), ...incompleteValues(schema, schema, field, field)].toSorted((left, right) =>
    inOrder(`${left.field}: ${left.message}`, `${right.field}: ${right.message}`),
  );

const UNSUPPORTED: readonly (readonly [name: string, isSaid: (value: unknown) => boolean])[] = [
  ['id', (value) => value !== undefined && value !== ''],
  ['$schema', (value) => value !== undefined && value !== ''],
  ['$ref', (value) => value !== undefined && value !== ''],
  ['patternProperties', (value) => isRecord(value) && Object.keys(value).length > 0],
  ['dependencies', (value) => isRecord(value) && Object.keys(value).length > 0],
  ['additionalItems', (value) => value !== undefined],
  ['definitions', (value) => isRecord(value) && Object.keys(value).length > 0],
];

/** Why a schema cannot even be looked at as a structural one; undefined when it can. */
export const unreadableSchema = (schema: StructuralSchema): string | undefined => {
  const unsupported = UNSUPPORTED.find(([name, isSaid]) => isSaid(schema[name]));
  if (unsupported !== undefined) return `OpenAPIV3Schema '${unsupported[0].replace('$s', 's')}' is not supported`;
  const { not, items, additionalProperties } = schema;
  const first = [
    ...(isRecord(not) ? [not] : []),
    ...['allOf', 'anyOf', 'oneOf'].flatMap((list) => schemaList(schema[list])),
  ];
  for (const each of first) {
    const why = unreadableSchema(each);
    if (why !== undefined) return why;
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false)
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  if (Array.isArray(items) && items.length > 0) return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  const rest = [items, ...propertiesOf(schema).map(([, each]) => each), additionalProperties];
  for (const each of rest) {
    const why = isRecord(each) ? unreadableSchema(each) : undefined;
    if (why !== undefined) return why;
  }
  return undefined;
};

/** Whether a test holds of a schema or of any below it. */
export const someSchema = (schema: StructuralSchema, test: (each: StructuralSchema) => boolean): boolean => {
  if (test(schema)) return true;
  const named = (name: string): readonly unknown[] => (isRecord(schema[name]) ? Object.values(schema[name]) : []);
  const below: readonly unknown[] = [
    ...(Array.isArray(schema['items']) ? (schema['items'] as unknown[]) : [schema['items']]),
    ...['allOf', 'anyOf', 'oneOf'].flatMap((list) => schemaList(schema[list])),
    schema['not'],
    schema['additionalProperties'],
    schema['additionalItems'],
    ...['properties', 'patternProperties', 'definitions', 'dependencies'].flatMap(named),
  ];
  return below.some((each) => isRecord(each) && someSchema(each, test));
};
