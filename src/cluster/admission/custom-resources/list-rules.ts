import { isRecord, ownValue } from '../../../objects/json.js';
import { writeJson } from '../../../objects/lossless-json.js';
import { child, duplicate, invalid, item, keyed, type FieldError } from '../field-errors.js';
import { itemsOf, propertyOf, valuesOf } from './prune.js';
import type { StructuralSchema } from './structural-schema.js';

const keyOf = (keys: readonly string[], element: unknown): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    keys.flatMap((key) => {
      const value = ownValue(element, key);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const names = Object.keys(value).toSorted((left, right) => (left < right ? -1 : 1));
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
};

/** Each value that occurs more than once is told at its second place. */
const repeated = (values: readonly unknown[], path: string): FieldError[] => {
  const times = new Map<string, number>();
  return values.flatMap((value, index) => {
    const text = writeJson(sorted(value));
    const seen = times.get(text) ?? 0;
    times.set(text, seen + 1);
    return seen === 1 ? [duplicate(item(path, index), value)] : [];
  });
};

const duplicates = (list: readonly unknown[], schema: StructuralSchema, path: string): FieldError[] => {
  const type = schema['x-kubernetes-list-type'];
  if (type === 'set') return repeated(list, path);
  if (type !== 'map') return [];
  const other = list.findIndex((each) => each !== null && !isRecord(each));
  if (other >= 0) return [invalid(item(path, other), list[other], 'must be an object for an array of list-type map')];
  const keys: unknown = schema['x-kubernetes-list-map-keys'];
  const names = Array.isArray(keys) ? (keys as string[]) : [];
  return repeated(
    list.map((each) => keyOf(names, each)),
    path,
  );
};

/** What JSON schema does not say: elements of sets and keyed lists occur once. */
export const validateLists = (value: unknown, schema: StructuralSchema | undefined, path = ''): FieldError[] => {
  if (schema === undefined) return [];
  if (Array.isArray(value)) {
    const inner = value.flatMap((each, index) => validateLists(each, itemsOf(schema), item(path, index)));
    return [...duplicates(value, schema, path), ...inner];
  }
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, each]) => {
    const property = propertyOf(schema, name);
    return property === undefined
      ? validateLists(each, valuesOf(schema), keyed(path, name))
      : validateLists(each, property, child(path, name));
  });
};
