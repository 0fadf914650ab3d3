import { isRecord, ownValue } from '../../../objects/json.js';
import { writeJson } from '../../../objects/lossless-json.js';
import { child, duplicate, item, required, type FieldError } from '../field-errors.js';
import { isEmbedded, itemsOf, propertyOf, valuesOf } from './prune.js';
import type { StructuralSchema } from './structural-schema.js';

const keyOf = (schema: StructuralSchema, element: unknown): unknown => {
  if (schema['x-kubernetes-list-type'] === 'set') return element;
  const keys: unknown = schema['x-kubernetes-list-map-keys'];
  if (!Array.isArray(keys)) return undefined;
  return Object.fromEntries(keys.map((key: string) => [key, ownValue(element, key)]));
};

const duplicates = (list: readonly unknown[], schema: StructuralSchema, path: string): FieldError[] => {
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return [];
  const seen = new Set<string>();
  return list.flatMap((element, index) => {
    const key = keyOf(schema, element);
    const text = writeJson(key) ?? '';
    if (seen.has(text)) return [duplicate(item(path, index), key)];
    seen.add(text);
    return [];
  });
};

const embedded = (value: Readonly<Record<string, unknown>>, path: string): FieldError[] =>
  ['apiVersion', 'kind'].flatMap((name) =>
    typeof value[name] === 'string' && value[name] !== '' ? [] : [required(child(path, name), 'must not be empty')],
  );

/** What JSON schema does not say: elements of sets and keyed lists occur once, embedded objects name their kind. */
export const validateLists = (value: unknown, schema: StructuralSchema, path = ''): FieldError[] => {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    const inner =
      items === undefined ? [] : value.flatMap((each, index) => validateLists(each, items, item(path, index)));
    return [...duplicates(value, schema, path), ...inner];
  }
  if (!isRecord(value)) return [];
  const errors = isEmbedded(schema) ? embedded(value, path) : [];
  for (const [name, each] of Object.entries(value)) {
    const property = propertyOf(schema, name) ?? valuesOf(schema);
    if (property !== undefined) errors.push(...validateLists(each, property, child(path, name)));
  }
  return errors;
};
