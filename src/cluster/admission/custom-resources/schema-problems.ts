import { isRecord } from '../../../objects/json.js';
import { child, forbidden, invalid, item, keyed, notSupported, required, type FieldError } from '../field-errors.js';
import { internalSchema } from './internal-form.js';
import { RuleReview, writtenRuleErrors } from './rule-problems.js';
import { rootPosition, positionBelow, type Position } from './rule-positions.js';
import { isSet, schemaList, typeOf, type StructuralSchema } from './structural-schema.js';

export const SCHEMA_TYPES: readonly string[] = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** Where a schema stands, as far as that says what it may have. */
interface Place {
  readonly path: string;
  /** Why there can be no default here. */
  readonly noDefaults: string | undefined;
  /** Within the metadata, kind or version of an object. */
  readonly insideMeta: boolean;
  readonly isRoot: boolean;
  /** Where its rules stand; undefined where rules are not compiled. */
  readonly position: Position | undefined;
}

/** What an update leaves as it was is not held against it. */
export interface SchemaLeniency {
  readonly keepsTypes: boolean;
  readonly keepsSets: boolean;
  readonly keepsKeys: boolean;
}

export const STRICT: SchemaLeniency = { keepsTypes: false, keepsSets: false, keepsKeys: false };

const META_FIELDS: ReadonlySet<string> = new Set(['metadata', 'kind', 'apiVersion']);

/** Keywords that Kubernetes does not allow. */
const REFUSED: readonly (readonly [name: string, isSaid: (value: unknown) => boolean])[] = [
  ['id', (value) => value !== undefined && value !== ''],
  ['additionalItems', (value) => value !== undefined],
  ['patternProperties', (value) => isRecord(value) && Object.keys(value).length > 0],
  ['definitions', (value) => isRecord(value) && Object.keys(value).length > 0],
  ['dependencies', (value) => isRecord(value)],
  ['$ref', (value) => value !== undefined],
];

const keywordErrors = (schema: StructuralSchema, place: Place, leniency: SchemaLeniency): FieldError[] => {
  const { path, noDefaults, insideMeta } = place;
  const [type, at] = [typeOf(schema), (name: string): string => child(path, name)];
  const errors: FieldError[] = [];
  if (!leniency.keepsTypes && type !== '' && !SCHEMA_TYPES.includes(type))
    errors.push(notSupported(at('type'), type, SCHEMA_TYPES));
  if (schema['default'] !== undefined && noDefaults !== undefined)
    errors.push(forbidden(at('default'), `must not be set ${noDefaults}`));
  for (const [name, isSaid] of REFUSED)
    if (isSaid(schema[name])) errors.push(forbidden(at(name), `${name} is not supported`));
  if (type === 'null') errors.push(forbidden(at('type'), 'type cannot be set to null, use nullable as an alternative'));
  if (Array.isArray(schema['items']) && schema['items'].length > 0)
    errors.push(forbidden(at('items'), 'items must be a schema object and not an array'));
  if (insideMeta && isSet(schema, 'x-kubernetes-embedded-resource'))
    errors.push(forbidden(at('x-kubernetes-embedded-resource'), 'must not be used inside of resource meta'));
  if (isSet(schema, 'uniqueItems')) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbidden(at('uniqueItems'), why));
  }
  return errors;
};

/** A schema below another one, and where it stands. */
interface Below {
  readonly schema: StructuralSchema;
  readonly place: Place;
}

const propertiesBelow = (schema: StructuralSchema, place: Place): Below[] => {
  if (!isRecord(schema['properties'])) return [];
  const isObject = place.isRoot || isSet(schema, 'x-kubernetes-embedded-resource');
  return Object.entries(schema['properties']).map(([name, each]) => {
    const inner = isRecord(each) ? each : {};
    const isMeta = isObject && META_FIELDS.has(name);
    return {
      schema: inner,
      place: {
        path: keyed(child(place.path, 'properties'), name),
        noDefaults: isMeta && place.isRoot ? `in top-level ${name}` : place.noDefaults,
        insideMeta: place.insideMeta || isMeta,
        isRoot: false,
        position: positionBelow(schema, inner, 'property', place),
      },
    };
  });
};

const valuesBelow = (schema: StructuralSchema, place: Place): Below[] => {
  const { additionalProperties: values } = schema;
  if (!isRecord(values)) return [];
  const path = child(place.path, 'additionalProperties');
  const noDefaults = place.insideMeta ? 'inside additionalProperties applying to object metadata' : place.noDefaults;
  return [
    {
      schema: values,
      place: { ...place, path, noDefaults, isRoot: false, position: positionBelow(schema, values, 'value', place) },
    },
  ];
};

const itemsBelow = (schema: StructuralSchema, place: Place): Below[] => {
  const { items } = schema;
  const below = (each: StructuralSchema, path: string): Below => ({
    schema: each,
    place: { ...place, path, isRoot: false, position: positionBelow(schema, each, 'item', place) },
  });
  const path = child(place.path, 'items');
  return isRecord(items)
    ? [below(items, path)]
    : schemaList(items).map((each, index) => below(each, item(path, index)));
};

/** The schemas below one in the order in which their errors are told. */
const schemasBelow = (schema: StructuralSchema, place: Place): Below[] => {
  const checked = (each: StructuralSchema, path: string): Below => ({
    schema: each,
    place: { ...place, path: child(place.path, path), isRoot: false, position: undefined },
  });
  const record = (name: string): Below[] =>
    isRecord(schema[name])
      ? Object.entries(schema[name]).flatMap(([key, each]) => (isRecord(each) ? [checked(each, keyed(name, key))] : []))
      : [];
  return [
    ...valuesBelow(schema, place),
    ...propertiesBelow(schema, place),
    ...(isRecord(schema['not']) ? [checked(schema['not'], 'not')] : []),
    ...['allOf', 'oneOf', 'anyOf'].flatMap((list) =>
      schemaList(schema[list]).map((each, index) => checked(each, item(list, index))),
    ),
    ...record('definitions'),
    ...itemsBelow(schema, place),
    ...record('dependencies'),
  ];
};

const demandType = (schema: StructuralSchema, path: string, type: string, name: string): FieldError[] => {
  const given = typeOf(schema);
  if (schema[name] === undefined || given === type) return [];
  const why = `must be ${type} if ${name} is specified`;
  return [given === '' ? required(child(path, 'type'), why) : invalid(child(path, 'type'), given, why)];
};

const MAP_TYPES = ['atomic', 'granular'];
const LIST_TYPES = ['atomic', 'set', 'map'];
const [MAP_TYPE, LIST_TYPE, MAP_KEYS] = [
  'x-kubernetes-map-type',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
] as const;

/** What must hold so that elements of sets can be compared. */
export const setItemErrors = (schema: StructuralSchema, path: string): FieldError[] => {
  const { items } = schema;
  if (schema[LIST_TYPE] !== 'set' || typeOf(schema) !== 'array' || !isRecord(items)) return [];
  const why = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  // The value that is shown is the type of the list in either case.
  const wrong = (name: string): FieldError[] => [invalid(child(path, `items.${name}`), items[LIST_TYPE] ?? null, why)];
  if (typeOf(items) === 'array' && (items[LIST_TYPE] ?? 'atomic') !== 'atomic') return wrong(LIST_TYPE);
  return typeOf(items) === 'object' && items[MAP_TYPE] !== 'atomic' ? wrong(MAP_TYPE) : [];
};

const keysOf = (schema: StructuralSchema): readonly string[] =>
  Array.isArray(schema[MAP_KEYS]) ? (schema[MAP_KEYS] as readonly string[]) : [];

const keyedListErrors = (schema: StructuralSchema, path: string): FieldError[] => {
  if (schema[LIST_TYPE] !== 'map') return [];
  const { items } = schema;
  const [keys, field] = [keysOf(schema), child(path, MAP_KEYS)];
  const errors: FieldError[] = [];
  if (keys.length === 0) errors.push(required(field, 'must not be empty if x-kubernetes-list-type is map'));
  if (items === undefined)
    errors.push(required(child(path, 'items'), 'must have a schema if x-kubernetes-list-type is map'));
  if (Array.isArray(items)) {
    const why = 'must only have a single schema if x-kubernetes-list-type is map';
    const shown = { Schema: null, JSONSchemas: schemaList(items).map((each) => internalSchema(each)) };
    errors.push(invalid(child(path, 'items'), shown, why));
  }
  if (!isRecord(items)) return errors;
  if (typeOf(items) !== 'object') {
    const why = "must be object if parent array's x-kubernetes-list-type is map";
    return [...errors, invalid(child(path, 'items.type'), typeOf(items), why)];
  }
  keys.forEach((key, index) => {
    const property =
      isRecord(items['properties']) && Object.hasOwn(items['properties'], key) ? items['properties'][key] : undefined;
    if (property === undefined) errors.push(invalid(field, keys, 'entries must all be names of item properties'));
    else if (isRecord(property) && ['array', 'object'].includes(typeOf(property))) {
      const why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalid(`${keyed(child(path, 'items.properties'), key)}.type`, typeOf(items), why));
    }
    if (keys.indexOf(key) < index) errors.push(invalid(field, keys, 'must not contain duplicate entries'));
  });
  return errors;
};

/** What must hold so that elements of sets and keyed lists can be told apart. */
export const correlationErrors = (schema: StructuralSchema, path: string): FieldError[] => {
  const { items } = schema;
  const type = schema[LIST_TYPE];
  if (!isRecord(items) || (type !== 'set' && type !== 'map')) return [];
  const errors: FieldError[] = [];
  if (isSet(items, 'nullable'))
    errors.push(forbidden(child(path, 'items.nullable'), `cannot be nullable when x-kubernetes-list-type is ${type}`));
  if (type === 'set') return errors;
  const demanded: unknown = items['required'];
  for (const key of keysOf(schema)) {
    const property: unknown = isRecord(items['properties']) ? items['properties'][key] : undefined;
    if (!isRecord(property)) continue;
    const at = keyed(child(path, 'items.properties'), key);
    const isDemanded = Array.isArray(demanded) && demanded.includes(key);
    if (!isDemanded && property['default'] === undefined) {
      const why = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.push(required(child(at, 'default'), why));
    }
    if (isSet(property, 'nullable')) {
      const why = 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable';
      errors.push(forbidden(child(at, 'nullable'), why));
    }
  }
  return errors;
};

const extensionErrors = (schema: StructuralSchema, path: string, leniency: SchemaLeniency): FieldError[] => {
  const keeps: unknown = schema['x-kubernetes-preserve-unknown-fields'];
  const [mapType, listType] = [schema[MAP_TYPE], schema[LIST_TYPE]];
  const errors: FieldError[] = [];
  if (keeps === false)
    errors.push(invalid(child(path, 'x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
  errors.push(...demandType(schema, path, 'object', MAP_TYPE));
  if (mapType !== undefined && !MAP_TYPES.includes(mapType as string))
    errors.push(notSupported(child(path, MAP_TYPE), mapType, MAP_TYPES));
  errors.push(...demandType(schema, path, 'array', LIST_TYPE));
  if (!leniency.keepsSets) errors.push(...setItemErrors(schema, path));
  if (listType !== undefined && !LIST_TYPES.includes(listType as string))
    errors.push(notSupported(child(path, LIST_TYPE), listType, LIST_TYPES));
  if (keysOf(schema).length > 0 && listType !== 'map') {
    const [field, why] = [child(path, LIST_TYPE), 'must be map if x-kubernetes-list-map-keys is non-empty'];
    errors.push(listType === undefined ? required(field, why) : invalid(field, listType, why));
  }
  errors.push(...keyedListErrors(schema, path));
  if (!leniency.keepsKeys) errors.push(...correlationErrors(schema, path));
  return errors;
};

/** Looks at a schema and all below it; rules are compiled where all below them is sound. */
class SchemaReview {
  readonly errors: FieldError[] = [];

  constructor(
    private readonly rules: RuleReview,
    private readonly leniency: SchemaLeniency,
  ) {}

  review(schema: StructuralSchema, place: Place): boolean {
    const before = this.errors.length;
    this.errors.push(...keywordErrors(schema, place, this.leniency));
    const { additionalProperties: values, properties } = schema;
    if (isRecord(properties) && Object.keys(properties).length > 0 && (isRecord(values) || values === false)) {
      const why = 'additionalProperties and properties are mutual exclusive';
      this.errors.push(forbidden(child(place.path, 'additionalProperties'), why));
    }
    for (const below of schemasBelow(schema, place)) this.review(below.schema, below.place);
    this.errors.push(...extensionErrors(schema, place.path, this.leniency), ...writtenRuleErrors(schema, place.path));
    const isSound = this.errors.length === before;
    if (isSound && place.position !== undefined) this.rules.review(schema, place.path, place.position);
    return isSound;
  }
}

export interface SchemaReviewOptions {
  /** Rules of a schema that an update leaves alone may cost what they cost. */
  readonly limitsRules: boolean;
  /** Rules are not compiled in a schema that is not structural. */
  readonly compilesRules: boolean;
  readonly leniency: SchemaLeniency;
}

/** What is wrong with the schema of a version beside its structure: keywords, lists, rules and what they cost. */
export const schemaErrors = (
  schema: StructuralSchema,
  path: string,
  { limitsRules, compilesRules, leniency }: SchemaReviewOptions,
): FieldError[] => {
  const rules = new RuleReview(limitsRules);
  const review = new SchemaReview(rules, leniency);
  const position = compilesRules ? rootPosition : undefined;
  review.review(schema, { path, noDefaults: undefined, insideMeta: false, isRoot: true, position });
  return [...review.errors, ...rules.errors, ...rules.totalErrors(path)];
};
