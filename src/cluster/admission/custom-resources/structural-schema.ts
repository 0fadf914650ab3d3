import { writeJson } from '../../../objects/lossless-json.js';
import { isRecord, type AnyRecord } from '../../../objects/json.js';
import { child, forbidden, invalid, item, keyed, required, type FieldError } from '../field-errors.js';

/** A JSON schema of a version of a custom resource, as its definition has it. */
export type StructuralSchema = AnyRecord;

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** Keywords that Kubernetes does not allow in schemas of custom resources. */
const REFUSED: Readonly<Record<string, string>> = {
  $ref: '$ref is not supported',
  definitions: 'definitions is not supported',
  dependencies: 'dependencies is not supported',
  patternProperties: 'patternProperties is not supported',
  additionalItems: 'additionalItems is not supported',
  id: 'id is not supported',
};

const needsType = (schema: AnyRecord): boolean =>
  schema['x-kubernetes-int-or-string'] !== true && schema['x-kubernetes-preserve-unknown-fields'] !== true;

const listErrors = (schema: AnyRecord, field: string): FieldError[] => {
  const errors: FieldError[] = [];
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  if (listType === undefined)
    return keys === undefined
      ? []
      : [required(child(field, 'x-kubernetes-list-type'), 'must be map if x-kubernetes-list-map-keys is non-empty')];
  if (schema['type'] !== 'array')
    errors.push(
      invalid(child(field, 'type'), schema['type'] ?? '', 'must be array if x-kubernetes-list-type is specified'),
    );
  if (listType !== 'map') return errors;
  if (!Array.isArray(keys) || keys.length === 0) {
    return [
      ...errors,
      required(child(field, 'x-kubernetes-list-map-keys'), 'must not be empty if x-kubernetes-list-type is map'),
    ];
  }
  const items = isRecord(schema['items']) ? schema['items'] : {};
  const properties = isRecord(items['properties']) ? items['properties'] : {};
  const demanded: unknown = items['required'];
  keys.forEach((key: unknown, index) => {
    if (typeof key !== 'string' || !Object.hasOwn(properties, key)) {
      errors.push(
        invalid(
          item(child(field, 'x-kubernetes-list-map-keys'), index),
          key,
          'entries must all be names of item properties',
        ),
      );
      return;
    }
    const property = properties[key];
    const isDemanded = Array.isArray(demanded) && demanded.includes(key);
    if (!isDemanded && !(isRecord(property) && property['default'] !== undefined)) {
      errors.push(
        required(
          `${keyed(child(field, 'items.properties'), key)}.default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
    }
  });
  return errors;
};

/** Why a schema is not structural; empty for one that is. */
export const structuralErrors = (schema: AnyRecord, field: string, isRoot = true): FieldError[] => {
  const errors: FieldError[] = [];
  const { type } = schema;
  if (type === undefined || type === '') {
    if (needsType(schema))
      errors.push(
        required(
          child(field, 'type'),
          isRoot ? 'must not be empty at the root' : 'must not be empty for specified object fields',
        ),
      );
  } else if (!TYPES.includes(type as string)) {
    errors.push({
      reason: 'FieldValueNotSupported',
      field: child(field, 'type'),
      message: `Unsupported value: ${writeJson(type)}: supported values: ${TYPES.map((each) => JSON.stringify(each)).join(', ')}`,
    });
  }
  if (isRoot && type !== undefined && type !== 'object')
    errors.push(invalid(child(field, 'type'), type, 'must be object at the root'));
  for (const [keyword, message] of Object.entries(REFUSED)) {
    if (schema[keyword] !== undefined) errors.push(forbidden(child(field, keyword), message));
  }
  if (schema['properties'] !== undefined && isRecord(schema['additionalProperties'])) {
    errors.push(
      forbidden(child(field, 'additionalProperties'), 'additionalProperties and properties are mutual exclusive'),
    );
  }
  if (schema['uniqueItems'] === true)
    errors.push(
      forbidden(
        child(field, 'uniqueItems'),
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  if (type === 'array' && !isRecord(schema['items'])) errors.push(required(child(field, 'items'), 'must be specified'));
  errors.push(...listErrors(schema, field));
  for (const [name, inner] of Object.entries(isRecord(schema['properties']) ? schema['properties'] : {})) {
    if (isRecord(inner) && !(isRoot && name === 'metadata'))
      errors.push(...structuralErrors(inner, keyed(child(field, 'properties'), name), false));
  }
  if (isRecord(schema['items'])) errors.push(...structuralErrors(schema['items'], child(field, 'items'), false));
  if (isRecord(schema['additionalProperties']))
    errors.push(...structuralErrors(schema['additionalProperties'], child(field, 'additionalProperties'), false));
  return errors;
};
