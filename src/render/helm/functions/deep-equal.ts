import { Integer, isNilSlice, sliceItems, Struct, typeName, type Value } from '../template/values.js';

/** `reflect.DeepEqual`: the same type, and the same contents. */
export const deepEqual = (a: Value, b: Value): boolean => {
  if (a === null || a === undefined) return b === null || b === undefined;
  if (b === null || b === undefined) return false;
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (typeName(a) !== typeName(b)) return false;
  if (a instanceof Integer) return b instanceof Integer && a.value === b.value;
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false;
    return [...a].every(([key, value]) => b.has(key) && deepEqual(value, b.get(key)));
  }
  if (a instanceof Struct) {
    return (
      b instanceof Struct &&
      a.fields.size === b.fields.size &&
      [...a.fields].every(([key, value]) => deepEqual(value, b.fields.get(key)))
    );
  }
  if (isNilSlice(a) !== isNilSlice(b)) return false;
  const x = sliceItems(a) ?? [];
  const y = sliceItems(b) ?? [];
  return x.length === y.length && x.every((item, i) => deepEqual(item, y[i]));
};
