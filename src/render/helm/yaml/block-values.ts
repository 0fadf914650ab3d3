import { int, Integer, type Value } from '../template/values.js';
import type { BlockBuilder } from '../../yaml/block-reader.js';
import { type Resolved, resolvePlain } from './yaml-resolve.js';

/** The value of a plain scalar; `isTyped` keeps integers and floats apart. */
export const plainValue = (resolved: Resolved, text: string, isTyped: boolean): Value => {
  switch (resolved.tag) {
    case 'null':
      return null;
    case 'bool':
      return resolved.value;
    case 'float':
      return resolved.value;
    case 'int':
      return isTyped ? integerOf(resolved.value) : Number(resolved.value);
    default:
      return text;
  }
};

const integerOf = (value: bigint): Integer =>
  value >= 0n && value < 1024n ? int(Number(value)) : new Integer(value, value < 2n ** 63n ? 'int' : 'uint64');

const builder = (isTyped: boolean): BlockBuilder<Value> => ({
  map: () => new Map<string, Value>(),
  set: (map, key, value) => {
    (map as Map<string, Value>).set(key, value);
    return true;
  },
  list: (items) => items,
  text: (value) => value,
  plain: (text) => plainValue(resolvePlain(text), text, isTyped),
  isTextKey: (text) => text !== '<<' && resolvePlain(text).tag === 'str',
});

/** Values as go-yaml 2 reads them, then as JSON makes of them. */
export const VALUES = builder(false);
export const TYPED_VALUES = builder(true);
