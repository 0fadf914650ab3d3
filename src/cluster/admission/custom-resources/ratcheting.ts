import { jsonEquals, ownValue } from '../../../objects/json.js';
import type { FieldError } from '../field-errors.js';

const stepsOf = (path: string): (string | number)[] =>
  Array.from(path.matchAll(/([^.[\]]+)|\[(\d+)\]/g), ([, name, index]) =>
    index === undefined ? (name ?? '') : Number(index),
  );

/** True when the value at a path is what it was; a changed list changes all its elements. */
const isUnchanged = (path: string, value: unknown, old: unknown): boolean => {
  let [now, before] = [value, old];
  for (const step of stepsOf(path)) {
    if (typeof step === 'number') {
      if (!jsonEquals(now, before)) return false;
      now = Array.isArray(now) ? (now as unknown[])[step] : undefined;
      before = Array.isArray(before) ? (before as unknown[])[step] : undefined;
    } else {
      [now, before] = [ownValue(now, step), ownValue(before, step)];
    }
  }
  return before !== undefined && jsonEquals(now, before);
};

/** Errors about what an update did not touch are forgiven: a schema may have become stricter since. */
export const ratchet = (errors: readonly FieldError[], value: unknown, old: unknown): FieldError[] =>
  errors.filter((error) =>
    error.reason === 'FieldValueRequired'
      ? !isUnchanged(error.field.replace(/\.[^.]*$/, ''), value, old)
      : !isUnchanged(error.field, value, old),
  );
