import { GoError } from './errors.js';
import { valuesMethod } from './values-methods.js';
import type { GoMap, Method, Value } from './values.js';
import { Struct, TypedMap, TypedSlice, typeName } from './values.js';

/** A value and whether Go would hold it in an `interface {}`: only error texts tell the difference. */
export interface Receiver {
  value: Value;
  isInterface: boolean;
}

export const methodOf = (value: Value, name: string): Method | undefined => {
  if (!(value instanceof Struct) && !(value instanceof TypedMap) && !(value instanceof TypedSlice)) return undefined;
  const methods = value.methods;
  if (methods === undefined) return valuesMethod(value, name);
  return Object.hasOwn(methods, name) ? methods[name] : undefined;
};

/** Whether a value is a map of anything, without methods: its fields are its elements, a missing one is nil. */
export const isOpenMap = (value: Value): value is GoMap =>
  value instanceof Map &&
  (value as Partial<TypedMap>).zero === undefined &&
  (value as Partial<TypedMap>).methods === undefined;

const mapElement = (map: GoMap, name: string, receiver: Receiver): void => {
  if (map instanceof TypedMap && !map.has(name)) {
    receiver.value = map.zero;
    receiver.isInterface = map.zero === undefined;
    return;
  }
  const value = map.get(name);
  receiver.value = value === null ? undefined : value;
  receiver.isInterface = !(map instanceof TypedMap) || map.zero === undefined;
};

/** Steps from the receiver to its field `name` (no method). Throws the text of text/template's error. */
export const stepInto = (receiver: Receiver, name: string): void => {
  const { value } = receiver;
  if (value === null) return;
  if (value === undefined) throw new GoError(`nil pointer evaluating interface {}.${name}`);
  if (value instanceof Map) {
    mapElement(value, name, receiver);
    return;
  }
  if (value instanceof Struct && value.fields.has(name)) {
    if (!/^\p{Lu}/u.test(name)) throw new GoError(`${name} is an unexported field of struct type ${value.type}`);
    receiver.value = value.fields.get(name);
    receiver.isInterface = false;
    return;
  }
  const type = receiver.isInterface ? 'interface {}' : typeName(value);
  throw new GoError(`can't evaluate field ${name} in type ${type}`);
};
