import { cloneJson, isRecord, ownValue, setOwn, type AnyRecord } from '../../../objects/json.js';
import { itemsOf, valuesOf } from './prune.js';
import type { StructuralSchema } from './structural-schema.js';

const isReplacedNull = (value: unknown, schema: StructuralSchema): boolean =>
  value === null && schema['nullable'] !== true && schema['default'] !== undefined;

/** The value with the defaults of its schema. A null that may not be null counts as absent where there is a default. */
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
    else if (!isReplacedNull(inner, innerSchema)) setOwn(result, name, withSchemaDefaults(inner, innerSchema));
  }
  for (const [name, property] of Object.entries(properties)) {
    if (Object.hasOwn(result, name) || !isRecord(property) || property['default'] === undefined) continue;
    setOwn(result, name, withSchemaDefaults(cloneJson(property['default']), property));
  }
  return result;
};
