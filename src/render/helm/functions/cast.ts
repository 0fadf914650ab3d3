import { parseGoFloat, parseGoInteger } from '../template/numbers.js';
import { sprintValue } from '../template/print.js';
import { fromBytes } from '../template/go-string.js';
import { Integer, sliceItems, Struct, TypedSlice, type Value } from '../template/values.js';

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** Go's conversion of a float64 to int64 on amd64: what does not fit becomes the least integer. */
export const truncate = (value: number): bigint => {
  if (!Number.isFinite(value) || Math.abs(value) >= 2 ** 63) return MIN_INT64;
  return BigInt(Math.trunc(value));
};

/** Sprig's reading of anything as an int64: 0 where it is no number. */
export const toInt64 = (value: Value): bigint => {
  if (value instanceof Integer) return BigInt.asIntN(64, value.value);
  switch (typeof value) {
    case 'number':
      return truncate(value);
    case 'boolean':
      return value ? 1n : 0n;
    case 'string': {
      const integer = parseGoInteger(value.replace(/\.0+$/, ''));
      return integer === undefined || integer < MIN_INT64 || integer > MAX_INT64 ? 0n : integer;
    }
    default:
      return 0n;
  }
};

export const toFloat64 = (value: Value): number => {
  if (value instanceof Integer) return Number(value.value);
  switch (typeof value) {
    case 'number':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    case 'string':
      return parseGoFloat(value) ?? 0;
    default:
      return 0;
  }
};

/** Sprig's text of anything: its `String()`, bytes as they are, else `%v`. */
export const toText = (value: Value): string => {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return fromBytes(value);
  return sprintValue(value);
};

/** Sprig's reading of anything as a list of strings. */
export const toTexts = (value: Value): string[] => {
  if (value instanceof TypedSlice && value.element === 'string') return value.items as string[];
  const items = sliceItems(value);
  if (items !== undefined) return items.filter((item) => item !== null && item !== undefined).map(toText);
  return value === null || value === undefined ? [] : [toText(value)];
};

/** Sprig's `empty`: the zero value of its type. */
export const isEmpty = (value: Value): boolean => {
  if (value === null || value === undefined) return true;
  switch (typeof value) {
    case 'string':
      return value === '';
    case 'number':
      return value === 0;
    case 'boolean':
      return !value;
    default:
  }
  if (value instanceof Integer) return value.value === 0n;
  if (value instanceof Map) return value.size === 0;
  if (value instanceof Struct) return value.isZero();
  return (sliceItems(value) ?? []).length === 0;
};
