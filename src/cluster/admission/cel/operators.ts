import type { Library } from './environment.js';
import { pattern } from './patterns.js';
import {
  CelError,
  ExtensionValue,
  MapValue,
  noSuchOverload,
  OptionalValue,
  showValue,
  typeNameOf,
  UintValue,
  type CelValue,
} from './values.js';

/** The position that a number names, also when it is a whole double or a uint. */
const positionOf = (index: CelValue): number => {
  if (typeof index === 'bigint') return Number(index);
  if (index instanceof UintValue) return Number(index.value);
  if (typeof index === 'number' && Number.isInteger(index)) return index;
  if (typeof index === 'number') throw new CelError(`unsupported index value ${index} in list`);
  throw new CelError(`unsupported index type '${typeNameOf(index)}' in list`);
};

/** What a list or map holds at an index or key; undefined where it holds nothing, as plain values always do. */
export const findAt = (container: CelValue, key: CelValue): CelValue => {
  if (Array.isArray(container)) return (container as CelValue[])[positionOf(key)];
  if (container instanceof ExtensionValue) throw noSuchOverload();
  return container instanceof MapValue ? container.find(key) : undefined;
};

/** What a list or map holds. Throws a CelError where it holds nothing. */
export const at = (container: CelValue, key: CelValue): CelValue => {
  if (container instanceof OptionalValue) return optionalAt(container, key);
  const found = findAt(container, key);
  if (found !== undefined) return found;
  throw new CelError(
    Array.isArray(container) ? `index out of bounds: ${showValue(key)}` : `no such key: ${showValue(key)}`,
  );
};

/** `a[?b]`: what a list, a map or an optional one holds, or none. */
export const optionalAt = (container: CelValue, key: CelValue): OptionalValue => {
  const held = container instanceof OptionalValue ? (container.isPresent ? container.value : undefined) : container;
  if (held === undefined) return OptionalValue.none;
  const found = findAt(held, key);
  return found === undefined ? OptionalValue.none : OptionalValue.of(found);
};

/** The field of a value. Throws a CelError where it has none of that name. */
export const fieldOf = (value: CelValue, field: string): CelValue => {
  if (value instanceof OptionalValue) return optionalAt(value, field);
  return at(value, field);
};

export const hasField = (value: CelValue, field: string): boolean => {
  if (value instanceof OptionalValue) return value.isPresent && hasField(value.value, field);
  return findAt(value, field) !== undefined;
};

const isZero = (value: CelValue): boolean => {
  if (value === null || value === false || value === '' || value === 0n || value === 0) return true;
  if (value instanceof UintValue) return value.value === 0n;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0;
  return value instanceof MapValue && value.size === 0;
};

const firstOf = (list: CelValue[]): OptionalValue =>
  list.length === 0 ? OptionalValue.none : OptionalValue.of(list[0]);
const lastOf = (list: CelValue[]): OptionalValue =>
  list.length === 0 ? OptionalValue.none : OptionalValue.of(list.at(-1));

const unwrap = (list: OptionalValue[]): CelValue[] =>
  list.filter(({ isPresent }) => isPresent).map(({ value }) => value);

/** Evaluated by the interpreter itself: their second operand may not be needed. */
const lazy = (): never => {
  throw noSuchOverload();
};

export const OPERATORS: Library = {
  '_&&_': { 'logical_and (bool, bool) -> bool': lazy },
  '_||_': { 'logical_or (bool, bool) -> bool': lazy },
  '_?_:_': { 'conditional (bool, A, A) -> A': lazy },
  '@not_strictly_false': { 'not_strictly_false (bool) -> bool': lazy },
  '_[_]': {
    'index_list (list(A), int) -> A': at,
    'index_map (map(A, B), A) -> B': at,
    'optional_list_index_int (optional_type(list(V)), int) -> optional_type(V)': at,
    'optional_map_index_value (optional_type(map(K, V)), K) -> optional_type(V)': at,
  },
  '_[?_]': {
    'list_optindex_optional_int (list(V), int) -> optional_type(V)': optionalAt,
    'optional_list_optindex_optional_int (optional_type(list(V)), int) -> optional_type(V)': optionalAt,
    'map_optindex_optional_value (map(K, V), K) -> optional_type(V)': optionalAt,
    'optional_map_optindex_optional_value (optional_type(map(K, V)), K) -> optional_type(V)': optionalAt,
  },
  matches: {
    'matches (string, string) -> bool': (text: string, expression: string) => pattern(expression).matcher(text).find(),
    'matches_string string.(string) -> bool': (text: string, expression: string) =>
      pattern(expression).matcher(text).find(),
  },
  contains: { 'contains_string string.(string) -> bool': (text: string, part: string) => text.includes(part) },
  startsWith: { 'starts_with_string string.(string) -> bool': (text: string, part: string) => text.startsWith(part) },
  endsWith: { 'ends_with_string string.(string) -> bool': (text: string, part: string) => text.endsWith(part) },
  'optional.none': { 'optional_none () -> optional_type(V)': () => OptionalValue.none },
  'optional.of': { 'optional_of (V) -> optional_type(V)': (value: CelValue) => OptionalValue.of(value) },
  'optional.ofNonZeroValue': {
    'optional_ofNonZeroValue (V) -> optional_type(V)': (value: CelValue) =>
      isZero(value) ? OptionalValue.none : OptionalValue.of(value),
  },
  'optional.unwrap': { 'optional_unwrap (list(optional_type(V))) -> list(V)': unwrap },
  unwrapOpt: { 'optional_unwrapOpt list(optional_type(V)).() -> list(V)': unwrap },
  hasValue: { 'optional_hasValue optional_type(V).() -> bool': ({ isPresent }: OptionalValue) => isPresent },
  value: { 'optional_value optional_type(V).() -> V': (optional: OptionalValue) => optional.value },
  or: { 'optional_or_optional optional_type(V).(optional_type(V)) -> optional_type(V)': lazy },
  orValue: { 'optional_orValue_value optional_type(V).(V) -> V': lazy },
  first: { 'list_first list(V).() -> optional_type(V)': firstOf },
  last: { 'list_last list(V).() -> optional_type(V)': lastOf },
};
