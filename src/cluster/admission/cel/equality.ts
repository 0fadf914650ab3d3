import {
  CelError,
  DurationValue,
  ExtensionValue,
  MapValue,
  noSuchOverload,
  OptionalValue,
  TimestampValue,
  TypeValue,
  UintValue,
  UnorderedList,
  type CelValue,
} from './values.js';

/** A number of any of the three kinds. */
const numeric = (value: CelValue): bigint | number | undefined => {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof UintValue ? value.value : undefined;
};

/** Two numbers as cel-go compares them: beside a double, an integer is the nearest double. */
const alike = (a: bigint | number, b: bigint | number): readonly [bigint | number, bigint | number] =>
  typeof a === typeof b ? [a, b] : [Number(a), Number(b)];

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);

const sameMaps = (a: MapValue, b: MapValue): boolean => {
  if (a.size !== b.size) return false;
  for (const [key, value] of a.entries()) {
    const other = b.find(key);
    if (other === undefined || !celEquals(value, other)) return false;
  }
  return true;
};

/** Whether two values are equal; values of different kinds are not, but for numbers. */
export const celEquals = (a: CelValue, b: CelValue): boolean => {
  if (a instanceof ExtensionValue) {
    // Values of libraries can be compared with their like only.
    if (!(b instanceof ExtensionValue) || a.type.name !== b.type.name) throw noSuchOverload();
    return a.equals(b);
  }
  const [left, right] = [numeric(a), numeric(b)];
  if (left !== undefined || right !== undefined) {
    if (left === undefined || right === undefined) return false;
    const [x, y] = alike(left, right);
    return x === y;
  }
  if (a === b) return true;
  if (a instanceof UnorderedList && Array.isArray(b))
    return a.length === b.length && a.every((each) => b.some((other) => celEquals(each, other)));
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((each, index) => celEquals(each, b[index]));
  if (a instanceof MapValue) return b instanceof MapValue && sameMaps(a, b);
  if (a instanceof TimestampValue) return b instanceof TimestampValue && a.nanos === b.nanos;
  if (a instanceof DurationValue) return b instanceof DurationValue && a.nanos === b.nanos;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && sameBytes(a, b);
  if (a instanceof OptionalValue) {
    if (!(b instanceof OptionalValue) || a.isPresent !== b.isPresent) return false;
    return !a.isPresent || celEquals(a.value, b.value);
  }
  return false;
};

const order = <T extends bigint | number | string | boolean>(a: T, b: T): number => (a < b ? -1 : Number(a > b));

const compareText = (a: string, b: string): number => {
  const [left, right] = [Array.from(a), Array.from(b)];
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const difference = (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
};

const ASCII = /^[\0-\x7f]*$/;

/** Below 0, 0 or above 0, as `a` is before, at or after `b`; undefined where numbers have no order. Throws a CelError. */
export const celCompare = (a: CelValue, b: CelValue): number | undefined => {
  const [left, right] = [numeric(a), numeric(b)];
  if (left !== undefined && right !== undefined) {
    if (Number.isNaN(left) || Number.isNaN(right)) return undefined;
    const [x, y] = alike(left, right);
    return x < y ? -1 : Number(x > y);
  }
  if (typeof a === 'string' && typeof b === 'string')
    return ASCII.test(a) && ASCII.test(b) ? order(a, b) : compareText(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return order(a, b);
  if (a instanceof TimestampValue && b instanceof TimestampValue) return order(a.nanos, b.nanos);
  if (a instanceof DurationValue && b instanceof DurationValue) return order(a.nanos, b.nanos);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  throw noSuchOverload();
};

/** Whether a list or a map contains a value. */
export const contains = (value: CelValue, container: CelValue): boolean => {
  if (Array.isArray(container)) return container.some((each) => celEquals(each, value));
  if (container instanceof MapValue) return container.find(value) !== undefined;
  throw new CelError('no such overload');
};
