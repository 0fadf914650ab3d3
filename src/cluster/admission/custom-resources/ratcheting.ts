import { jsonEquals, ownValue } from '../../../objects/json.js';
import type { FieldError } from '../field-errors.js';
import { itemsOf, propertyOf, valuesOf } from './prune.js';
import type { StructuralSchema } from './structural-schema.js';

const stepsOf = (path: string): (string | number)[] =>
  Array.from(path.matchAll(/([^.[\]]+)|\[(\d+)\]/g), ([, name, index]) =>
    index === undefined ? (name ?? '') : Number(index),
  );

const keysOf = (schema: StructuralSchema | undefined): readonly string[] => {
  const keys: unknown = schema?.['x-kubernetes-list-map-keys'];
  return schema?.['x-kubernetes-list-type'] === 'map' && Array.isArray(keys) ? (keys as string[]) : [];
};

/** The element of an old list that an element was, told by its keys; undefined where there are none. */
const oldElement = (schema: StructuralSchema | undefined, element: unknown, old: unknown): unknown => {
  const keys = keysOf(schema);
  if (keys.length === 0 || !Array.isArray(old)) return undefined;
  return (old as unknown[]).find((each) =>
    keys.every((key) => jsonEquals(ownValue(each, key), ownValue(element, key))),
  );
};

/**
 * True when the value at a path is what it was. Elements of keyed lists are compared with those of the same keys; in
 * other lists nobody can tell which one an element was, so the whole list must be what it was.
 */
const isUnchanged = (path: string, value: unknown, old: unknown, root: StructuralSchema): boolean => {
  let [now, before] = [value, old];
  let schema: StructuralSchema | undefined = root;
  for (const step of stepsOf(path)) {
    if (typeof step === 'number') {
      if (keysOf(schema).length === 0 && !jsonEquals(now, before)) return false;
      const element: unknown = Array.isArray(now) ? (now as unknown[])[step] : undefined;
      const same: unknown = Array.isArray(before) ? (before as unknown[])[step] : undefined;
      before = keysOf(schema).length === 0 ? same : oldElement(schema, element, before);
      now = element;
      schema = schema === undefined ? undefined : itemsOf(schema);
    } else {
      [now, before] = [ownValue(now, step), ownValue(before, step)];
      schema = schema === undefined ? undefined : (propertyOf(schema, step) ?? valuesOf(schema));
    }
  }
  return before !== undefined && jsonEquals(now, before);
};

/** Errors about what an update did not touch are forgiven: a schema may have become stricter since. */
export const ratchet = (
  errors: readonly FieldError[],
  value: unknown,
  old: unknown,
  schema: StructuralSchema,
): FieldError[] =>
  errors.filter((error) =>
    error.reason === 'FieldValueRequired'
      ? !isUnchanged(error.field.replace(/\.[^.]*$/, ''), value, old, schema)
      : !isUnchanged(error.field, value, old, schema),
  );
