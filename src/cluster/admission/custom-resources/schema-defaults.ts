import { cloneJson, isRecord, ownValue, setOwn, type AnyRecord } from '../../../objects/json.js';
import { itemsOf, valuesOf } from './prune.js';
import type { StructuralSchema } from './structural-schema.js';

/** A null that may not be null counts as absent: it is left out, or a default takes its place. */
const isRefusedNull = (value: unknown, schema: StructuralSchema): boolean =>
  value === null && schema['nullable'] !== true;

const isReplacedNull = (value: unknown, schema: StructuralSchema): boolean =>
  isRefusedNull(value, schema) && schema['default'] !== undefined;

/** The value with the defaults of its schema. */
export const withSchemaDefaults = (value: unknown, schema: StructuralSchema): unknown => {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    return items === undefined ? value : value.map((each) => withSchemaDefaults(each, items));
  }
  if (!isRecord(value)) return value;
  const result: Record<string, unknown> = {};
  const values = valuesOf(schema);
  const properties: AnyRecord = isRecord(schema['properties']) ? schema['properties'] : {};
  for (const [name, inner] of Object.entries(value)) {
    const property = ownValue(properties, name);
    const innerSchema = isRecord(property) ? property : values;
    if (innerSchema === undefined) setOwn(result, name, inner);
    else if (!isRefusedNull(inner, innerSchema)) setOwn(result, name, withSchemaDefaults(inner, innerSchema));
  }
  for (const [name, property] of Object.entries(properties)) {
    if (Object.hasOwn(result, name) || !isRecord(property) || property['default'] === undefined) continue;
    setOwn(result, name, withSchemaDefaults(cloneJson(property['default']), property));
  }
  return result;
};

/** True when a schema has a default anywhere. */
export const declaresDefaults = (schema: StructuralSchema): boolean => {
  if (schema['default'] !== undefined) return true;
  const properties: AnyRecord = isRecord(schema['properties']) ? schema['properties'] : {};
  const below = [itemsOf(schema), valuesOf(schema), ...Object.values(properties)];
  return below.some((inner) => isRecord(inner) && declaresDefaults(inner));
};

/** True when a value has not all the defaults of its schema: it was written before they were. */
export const lacksDefaults = (value: unknown, schema: StructuralSchema): boolean => {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    return items !== undefined && value.some((each) => lacksDefaults(each, items));
  }
  if (!isRecord(value)) return false;
  const values = valuesOf(schema);
  if (values !== undefined) return Object.values(value).some((each) => lacksDefaults(each, values));
  const properties: AnyRecord = isRecord(schema['properties']) ? schema['properties'] : {};
  return Object.entries(properties).some(([name, property]) => {
    if (!isRecord(property)) return false;
    if (!Object.hasOwn(value, name)) return property['default'] !== undefined;
    return isReplacedNull(value[name], property) || lacksDefaults(value[name], property);
  });
};
