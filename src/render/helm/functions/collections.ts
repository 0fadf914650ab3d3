import { GoError } from '../template/errors.js';
import { byteLength, toBytes } from '../template/go-string.js';
import { int, Integer, sliceItems, TypedMap, TypedSlice, typeName, type Value } from '../template/values.js';
import { type Family, fn, variadic } from './define.js';

const position = (index: Value, length: number): number => {
  if (index === null || index === undefined) throw new GoError('cannot index slice/array with nil');
  if (!(index instanceof Integer)) throw new GoError(`cannot index slice/array with type ${typeName(index)}`);
  const at = index.toNumber();
  if (at < 0 || at > length) throw new GoError(`index out of range: ${index.value}`);
  return at;
};

const outOfRange = (at: number, length: number): never => {
  if (at >= length) throw new GoError('reflect: slice index out of range');
  throw new GoError('reflect: index out of range');
};

const byteAt = (text: string, index: Value): Value => {
  const bytes = toBytes(text);
  const at = position(index, bytes.length);
  const byte = bytes[at];
  if (byte === undefined) throw new GoError('reflect: string index out of range');
  return new Integer(BigInt(byte), 'uint8');
};

const element = (item: Value, index: Value): Value => {
  if (typeof item === 'string') return byteAt(item, index);
  if (item instanceof Map) return mapElement(item, index);
  const items = sliceItems(item);
  if (items === undefined) throw new GoError(`can't index item of type ${typeName(item)}`);
  const at = position(index, items.length);
  return at < items.length ? (items[at] ?? undefined) : outOfRange(at, items.length);
};

const mapElement = (map: ReadonlyMap<string, Value>, index: Value): Value => {
  if (index === null || index === undefined) throw new GoError('value is nil; should be of type string');
  if (typeof index !== 'string') throw new GoError(`value has type ${typeName(index)}; should be string`);
  if (map instanceof TypedMap && !map.has(index)) return map.zero;
  return map.get(index) ?? undefined;
};

/** `String()` of a reflect.Value. */
const reflectText = (value: Value): string => (typeof value === 'string' ? value : `<${typeName(value)} Value>`);

const lengthOf = (value: Value): number => {
  if (value === undefined) throw new GoError('len of nil pointer');
  if (value === null) throw new GoError('reflect: call of reflect.Value.Type on zero Value');
  if (typeof value === 'string') return byteLength(value);
  if (value instanceof Map) return value.size;
  if (value instanceof TypedSlice) return value.items.length;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  throw new GoError(`len of type ${typeName(value)}`);
};

/** text/template's own functions on strings, lists and maps. */
export const collections: Family = {
  index: variadic(['value'], 'value', (item, indexes) => {
    let found = item;
    if (found === null || found === undefined) throw new GoError('index of untyped nil');
    for (const index of indexes) {
      if (found === null || found === undefined) throw new GoError('index of nil pointer');
      found = element(found, index);
    }
    return found;
  }),
  len: fn(['value'], (value) => int(lengthOf(value))),
  // No value that a template can have is a function; the compiler puts the callee's text behind it, unless it is piped.
  call: variadic(['value'], 'value', (callee, [text]) => {
    if (callee === null || callee === undefined) throw new GoError('call of nil');
    throw new GoError(
      `non-function ${typeof text === 'string' ? text : reflectText(callee)} of type ${typeName(callee)}`,
    );
  }),
};
