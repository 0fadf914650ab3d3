/**
 * JSON values as the API handles them. Keys come from users, so `__proto__` and `constructor` are ordinary keys here:
 * values are read with `ownValue` and objects are built with `setOwn`.
 */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** A map of string keys, which is not an array. */
export type AnyRecord = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is AnyRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object's own value of a key: never what Object's prototype has under that name. */
export const ownValue = (object: unknown, key: string): unknown =>
  typeof object === 'object' && object !== null && Object.hasOwn(object, key)
    ? (object as Record<string, unknown>)[key]
    : undefined;

/** The value at a path of own keys, undefined where the path ends early. */
export const valueAt = (object: unknown, path: readonly string[]): unknown => {
  let value = object;
  for (const name of path) value = ownValue(value, name);
  return value;
};

/** Sets an own key, `__proto__` among them. Only for objects that the caller has just made. */
export const setOwn = (target: Record<string, unknown>, key: string, value: unknown): void => {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    target[key] = value;
  }
};

/** A new object with the value at a path of keys; objects on the way are made where they are missing. */
export const withValueAt = (object: unknown, path: readonly string[], value: unknown): unknown => {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  const copy: Record<string, unknown> = isRecord(object) ? { ...object } : {};
  setOwn(copy, first, withValueAt(ownValue(copy, first), rest, value));
  return copy;
};

/** A new object without the value at a path of keys; the same object when it has none. */
export const withoutValueAt = (object: unknown, path: readonly string[]): unknown => {
  const [first, ...rest] = path;
  if (first === undefined || !isRecord(object) || !Object.hasOwn(object, first)) return object;
  const copy: Record<string, unknown> = { ...object };
  if (rest.length === 0) delete copy[first];
  else setOwn(copy, first, withoutValueAt(object[first], rest));
  return copy;
};

/** True when two JSON values are the same; the order of keys does not matter. */
export const jsonEquals = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((value, index) => jsonEquals(value, b[index]));
  }
  if (!isRecord(a) || !isRecord(b)) return typeof a === 'number' && typeof b === 'number' && Object.is(a, b);
  const keys = definedKeys(a);
  return (
    keys.length === definedKeys(b).length && keys.every((key) => Object.hasOwn(b, key) && jsonEquals(a[key], b[key]))
  );
};

const definedKeys = (object: AnyRecord): string[] => Object.keys(object).filter((key) => object[key] !== undefined);

/** A deep copy that shares nothing, for code that must change its argument. */
export const cloneJson = <T>(value: T): T => {
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  if (!isRecord(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) setOwn(copy, key, cloneJson(value[key]));
  return copy as T;
};

/** The same value with the keys of every object in order, as Go writes maps. */
export const inKeyOrder = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (!isRecord(value)) return value;
  const ordered: Record<string, unknown> = {};
  for (const key of Object.keys(value).toSorted()) setOwn(ordered, key, inKeyOrder(value[key]));
  return ordered;
};
