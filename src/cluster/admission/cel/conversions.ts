import { int, timestamp, uint } from './arithmetic.js';
import type { Library } from './environment.js';
import { readDuration, readTimestamp, showDuration, showTimestamp } from './time.js';
import {
  CelError,
  formatDouble,
  sizeOf,
  TypeValue,
  typeNameOf,
  UintValue,
  type CelValue,
  type DurationValue,
  type TimestampValue,
} from './values.js';

const SECOND = 1_000_000_000n;

const impossible = (type: string): CelError => new CelError(`type conversion error from 'string' to '${type}'`);

const wholeOf = (value: number, what: string): bigint => {
  if (!Number.isFinite(value)) throw new CelError(what);
  return BigInt(Math.trunc(value));
};

/** Doubles at the very edge of int are refused: they may have been rounded to it. */
const intOfDouble = (value: number): bigint => {
  if (!(value > -(2 ** 63) && value < 2 ** 63)) throw new CelError('integer overflow');
  return wholeOf(value, 'integer overflow');
};

const uintOfDouble = (value: number): UintValue => {
  if (!(value > -1 && value < 2 ** 64)) throw new CelError('unsigned integer overflow');
  return uint(wholeOf(value, 'unsigned integer overflow'));
};

const intOfText = (text: string): bigint => {
  if (!/^[+-]?\d+$/.test(text)) throw impossible('int');
  const value = BigInt(text.replace('+', ''));
  if (BigInt.asIntN(64, value) !== value) throw impossible('int');
  return value;
};

const uintOfText = (text: string): UintValue => {
  if (!/^\d+$/.test(text)) throw impossible('uint');
  const value = BigInt(text);
  if (BigInt.asUintN(64, value) !== value) throw impossible('uint');
  return new UintValue(value);
};

const DOUBLE = /^[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf|infinity|nan)$/i;

const doubleOfText = (text: string): number => {
  if (!DOUBLE.test(text)) throw impossible('double');
  const lower = text.toLowerCase();
  if (lower.includes('nan')) return Number.NaN;
  if (lower.includes('inf')) return lower.startsWith('-') ? -Infinity : Infinity;
  const value = Number(text);
  if (!Number.isFinite(value)) throw impossible('double');
  return value;
};

const TRUTHS: Readonly<Record<string, boolean>> = {
  '1': true,
  t: true,
  T: true,
  true: true,
  TRUE: true,
  True: true,
  '0': false,
  f: false,
  F: false,
  false: false,
  FALSE: false,
  False: false,
};

const boolOfText = (text: string): boolean => {
  const value = Object.hasOwn(TRUTHS, text) ? TRUTHS[text] : undefined;
  if (value === undefined) throw impossible('bool');
  return value;
};

const textOfBytes = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
};

const same = (value: CelValue): CelValue => value;
const secondsOf = ({ nanos }: TimestampValue): bigint => (nanos - (((nanos % SECOND) + SECOND) % SECOND)) / SECOND;
const size = (value: CelValue): bigint => BigInt(sizeOf(value));

export const CONVERSIONS: Library = {
  int: {
    'int64_to_int64 (int) -> int': same,
    'uint64_to_int64 (uint) -> int': ({ value }: UintValue) => int(value),
    'double_to_int64 (double) -> int': intOfDouble,
    'string_to_int64 (string) -> int': intOfText,
    'timestamp_to_int64 (timestamp) -> int': secondsOf,
    'duration_to_int64 (duration) -> int': ({ nanos }: DurationValue) => nanos,
  },
  uint: {
    'uint64_to_uint64 (uint) -> uint': same,
    'int64_to_uint64 (int) -> uint': uint,
    'double_to_uint64 (double) -> uint': uintOfDouble,
    'string_to_uint64 (string) -> uint': uintOfText,
  },
  double: {
    'double_to_double (double) -> double': same,
    'int64_to_double (int) -> double': Number,
    'uint64_to_double (uint) -> double': ({ value }: UintValue) => Number(value),
    'string_to_double (string) -> double': doubleOfText,
  },
  bool: {
    'bool_to_bool (bool) -> bool': same,
    'string_to_bool (string) -> bool': boolOfText,
  },
  string: {
    'string_to_string (string) -> string': same,
    'bool_to_string (bool) -> string': String,
    'int64_to_string (int) -> string': String,
    'uint64_to_string (uint) -> string': ({ value }: UintValue) => String(value),
    'double_to_string (double) -> string': formatDouble,
    'bytes_to_string (bytes) -> string': textOfBytes,
    'timestamp_to_string (timestamp) -> string': showTimestamp,
    'duration_to_string (duration) -> string': showDuration,
  },
  bytes: {
    'bytes_to_bytes (bytes) -> bytes': same,
    'string_to_bytes (string) -> bytes': (text: string) => new TextEncoder().encode(text),
  },
  timestamp: {
    'timestamp_to_timestamp (timestamp) -> timestamp': same,
    'int64_to_timestamp (int) -> timestamp': (seconds: bigint) => timestamp(seconds * SECOND),
    'string_to_timestamp (string) -> timestamp': readTimestamp,
  },
  duration: {
    'duration_to_duration (duration) -> duration': same,
    'string_to_duration (string) -> duration': readDuration,
  },
  dyn: { 'to_dyn (A) -> dyn': same },
  type: { 'type (A) -> type(A)': (value: CelValue) => new TypeValue(typeNameOf(value)) },
  size: {
    'size_string (string) -> int': size,
    'string_size string.() -> int': size,
    'size_bytes (bytes) -> int': size,
    'bytes_size bytes.() -> int': size,
    'size_list (list(A)) -> int': size,
    'list_size list(A).() -> int': size,
    'size_map (map(A, B)) -> int': size,
    'map_size map(A, B).() -> int': size,
  },
};
