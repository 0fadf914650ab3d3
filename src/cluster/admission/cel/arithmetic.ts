import { celEquals } from './equality.js';
import type { Library } from './environment.js';
import {
  CelError,
  DurationValue,
  EntriesMap,
  GatheredList,
  GatheredMap,
  MapValue,
  noSuchOverload,
  TimestampValue,
  UintValue,
  UnorderedList,
  type CelValue,
} from './values.js';

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const UINT_MAX = 2n ** 64n - 1n;
/** 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z. */
const TIME_MIN = -62_135_596_800_000_000_000n;
const TIME_MAX = 253_402_300_799_999_999_999n;

const within = (value: bigint, low: bigint, high: bigint, what: string): bigint => {
  if (value < low || value > high) throw new CelError(what);
  return value;
};

export const int = (value: bigint): bigint => within(value, INT_MIN, INT_MAX, 'integer overflow');
export const uint = (value: bigint): UintValue =>
  new UintValue(within(value, 0n, UINT_MAX, 'unsigned integer overflow'));
export const duration = (nanos: bigint): DurationValue =>
  new DurationValue(within(nanos, INT_MIN, INT_MAX, 'duration overflow'));
export const timestamp = (nanos: bigint): TimestampValue =>
  new TimestampValue(within(nanos, TIME_MIN, TIME_MAX, 'timestamp overflow'));

const concatenate = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
};

/** Lists grow in place while a fold gathers them. */
const addLists = (a: CelValue[], b: CelValue[]): CelValue[] => {
  if (a instanceof UnorderedList) return addToSet(a, b);
  if (!(a instanceof GatheredList)) return [...a, ...b];
  for (const each of b) a.push(each);
  return a;
};

/** What is there already gives way, in its place, to what is added. */
const addToSet = (list: UnorderedList, added: CelValue[]): CelValue[] => {
  const result = UnorderedList.holding(list);
  result.keyOf = list.keyOf;
  for (const each of added) {
    const key = list.keyOf(each);
    const at = result.findIndex((other) => celEquals(list.keyOf(other), key));
    if (at < 0) result.push(each);
    else result[at] = each;
  }
  return result;
};

const divisor = (value: bigint, what: string): bigint => {
  if (value === 0n) throw new CelError(what);
  return value;
};

const insertInto = (map: CelValue, entries: Iterable<readonly [CelValue, CelValue]>): MapValue => {
  const result = map instanceof GatheredMap ? map : new EntriesMap(map instanceof MapValue ? map.entries() : []);
  for (const [key, value] of entries) result.insert(key, value);
  return result;
};

export const ARITHMETIC: Library = {
  '_+_': {
    'add_int64 (int, int) -> int': (a: bigint, b: bigint) => int(a + b),
    'add_uint64 (uint, uint) -> uint': (a: UintValue, b: UintValue) => uint(a.value + b.value),
    'add_double (double, double) -> double': (a: number, b: number) => a + b,
    'add_string (string, string) -> string': (a: string, b: string) => a + b,
    'add_bytes (bytes, bytes) -> bytes': concatenate,
    'add_list (list(A), list(A)) -> list(A)': addLists,
    'add_duration_duration (duration, duration) -> duration': (a: DurationValue, b: DurationValue) =>
      duration(a.nanos + b.nanos),
    'add_duration_timestamp (duration, timestamp) -> timestamp': (a: DurationValue, b: TimestampValue) =>
      timestamp(a.nanos + b.nanos),
    'add_timestamp_duration (timestamp, duration) -> timestamp': (a: TimestampValue, b: DurationValue) =>
      timestamp(a.nanos + b.nanos),
  },
  '_-_': {
    'subtract_int64 (int, int) -> int': (a: bigint, b: bigint) => int(a - b),
    'subtract_uint64 (uint, uint) -> uint': (a: UintValue, b: UintValue) => uint(a.value - b.value),
    'subtract_double (double, double) -> double': (a: number, b: number) => a - b,
    'subtract_duration_duration (duration, duration) -> duration': (a: DurationValue, b: DurationValue) =>
      duration(a.nanos - b.nanos),
    'subtract_timestamp_duration (timestamp, duration) -> timestamp': (a: TimestampValue, b: DurationValue) =>
      timestamp(a.nanos - b.nanos),
    'subtract_timestamp_timestamp (timestamp, timestamp) -> duration': (a: TimestampValue, b: TimestampValue) =>
      duration(a.nanos - b.nanos),
  },
  '_*_': {
    'multiply_int64 (int, int) -> int': (a: bigint, b: bigint) => int(a * b),
    'multiply_uint64 (uint, uint) -> uint': (a: UintValue, b: UintValue) => uint(a.value * b.value),
    'multiply_double (double, double) -> double': (a: number, b: number) => a * b,
  },
  '_/_': {
    'divide_int64 (int, int) -> int': (a: bigint, b: bigint) => int(a / divisor(b, 'division by zero')),
    'divide_uint64 (uint, uint) -> uint': (a: UintValue, b: UintValue) =>
      uint(a.value / divisor(b.value, 'division by zero')),
    'divide_double (double, double) -> double': (a: number, b: number) => a / b,
  },
  '_%_': {
    'modulo_int64 (int, int) -> int': (a: bigint, b: bigint) => {
      if (a === INT_MIN && b === -1n) throw new CelError('integer overflow');
      return a % divisor(b, 'modulus by zero');
    },
    'modulo_uint64 (uint, uint) -> uint': (a: UintValue, b: UintValue) =>
      uint(a.value % divisor(b.value, 'modulus by zero')),
  },
  '-_': {
    'negate_int64 (int) -> int': (a: bigint) => int(-a),
    'negate_double (double) -> double': (a: number) => -a,
  },
  '!_': {
    'logical_not (bool) -> bool': (a: CelValue) => {
      if (typeof a !== 'boolean') throw noSuchOverload();
      return !a;
    },
  },
  'cel.@mapInsert': {
    '@mapInsert_map_key_value (map(K, V), K, V) -> map(K, V)': (map: CelValue, key: CelValue, value: CelValue) =>
      insertInto(map, [[key, value]]),
    '@mapInsert_map_map (map(K, V), map(K, V)) -> map(K, V)': (map: CelValue, entries: MapValue) =>
      insertInto(map, entries.entries()),
  },
};
