import { duration, int, uint } from '../arithmetic.js';
import type { Library } from '../environment.js';
import { celCompare, celEquals } from '../equality.js';
import { CelError, type CelValue, type DurationValue, type UintValue } from '../values.js';

const COMPARABLE = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];
const SUMMABLE = ['int', 'uint', 'double', 'duration'];

type Run = (...args: never[]) => CelValue;

const forTypes = (
  types: readonly string[],
  signature: (type: string) => string,
  run: (type: string) => Run,
): Readonly<Record<string, Run>> => Object.fromEntries(types.map((type) => [signature(type), run(type)]));

const ordered = (a: CelValue, b: CelValue): number => celCompare(a, b) ?? 0;

const isSorted = (list: CelValue[]): boolean =>
  list.every((each, index) => index === 0 || ordered(list[index - 1], each) <= 0);

const extreme = (list: CelValue[], name: string, sign: 1 | -1): CelValue => {
  if (list.length === 0) throw new CelError(`${name} called on empty list`);
  return list.reduce((best, each) => (ordered(each, best) * sign > 0 ? each : best));
};

const SUMS: Readonly<Record<string, (list: never[]) => CelValue>> = {
  int: (list: bigint[]) => int(list.reduce((sum, each) => sum + each, 0n)),
  uint: (list: UintValue[]) => uint(list.reduce((sum, { value }) => sum + value, 0n)),
  double: (list: number[]) => list.reduce((sum, each) => sum + each, 0),
  duration: (list: DurationValue[]) => duration(list.reduce((sum, { nanos }) => sum + nanos, 0n)),
};

const position = (found: number): bigint => BigInt(found);

const slice = (list: CelValue[], from: bigint, to: bigint): CelValue[] => {
  if (from < 0n || to < 0n) throw new CelError(`cannot slice(${from}, ${to}), negative indexes not supported`);
  if (from > to)
    throw new CelError(`cannot slice(${from}, ${to}), start index must be less than or equal to end index`);
  if (to > BigInt(list.length)) throw new CelError(`cannot slice(${from}, ${to}), list is length ${list.length}`);
  return list.slice(Number(from), Number(to));
};

const flatten = (list: CelValue[], depth: bigint): CelValue[] => {
  if (depth < 0n) throw new CelError('level must be non-negative');
  return list.flat(Number(depth)) as CelValue[];
};

const range = (size: bigint): bigint[] => {
  if (size > 1_000_000n) throw new CelError('lists.range size exceeds limit');
  return Array.from({ length: Math.max(Number(size), 0) }, (_each, index) => BigInt(index));
};

const distinct = (list: CelValue[]): CelValue[] => {
  const kept: CelValue[] = [];
  for (const each of list) if (!kept.some((other) => celEquals(other, each))) kept.push(each);
  return kept;
};

const sort = (list: CelValue[]): CelValue[] => list.toSorted(ordered);

const sortByKeys = (list: CelValue[], keys: CelValue[]): CelValue[] =>
  list
    .map((value, index) => ({ value, key: keys[index] }))
    .sort((a, b) => ordered(a.key, b.key))
    .map(({ value }) => value);

/** The functions of lists that Kubernetes added, and those of CEL's own library. */
export const LISTS: Library = {
  isSorted: forTypes(
    COMPARABLE,
    (type) => `list_${type}_is_sorted_bool list(${type}).() -> bool`,
    () => isSorted,
  ),
  sum: forTypes(
    SUMMABLE,
    (type) => `list_${type}_sum_${type} list(${type}).() -> ${type}`,
    (type) => SUMS[type] as Run,
  ),
  max: forTypes(
    COMPARABLE,
    (type) => `list_${type}_max_${type} list(${type}).() -> ${type}`,
    () => (list: CelValue[]) => extreme(list, 'max', 1),
  ),
  min: forTypes(
    COMPARABLE,
    (type) => `list_${type}_min_${type} list(${type}).() -> ${type}`,
    () => (list: CelValue[]) => extreme(list, 'min', -1),
  ),
  indexOf: {
    'list_a_index_of_int list(A).(A) -> int': (list: CelValue[], value: CelValue) =>
      position(list.findIndex((each) => celEquals(each, value))),
  },
  lastIndexOf: {
    'list_a_last_index_of_int list(A).(A) -> int': (list: CelValue[], value: CelValue) =>
      position(list.findLastIndex((each) => celEquals(each, value))),
  },
  slice: { 'list_slice list(T).(int, int) -> list(T)': slice },
  flatten: {
    'list_flatten list(list(T)).() -> list(T)': (list: CelValue[]) => flatten(list, 1n),
    'list_flatten_int list(dyn).(int) -> list(dyn)': flatten,
  },
  sort: forTypes(
    COMPARABLE,
    (type) => `list_${type}_sort list(${type}).() -> list(${type})`,
    () => sort,
  ),
  '@sortByAssociatedKeys': forTypes(
    COMPARABLE,
    (type) => `list_${type}_sortByAssociatedKeys list(T).(list(${type})) -> list(T)`,
    () => sortByKeys,
  ),
  'lists.range': { 'lists_range (int) -> list(int)': range },
  reverse: { 'list_reverse list(T).() -> list(T)': (list: CelValue[]) => list.toReversed() },
  distinct: { 'list_distinct list(T).() -> list(T)': distinct },
  'sets.contains': {
    'list_sets_contains_list (list(T), list(T)) -> bool': (list: CelValue[], part: CelValue[]) =>
      containsAll(list, part),
  },
  'sets.equivalent': {
    'list_sets_equivalent_list (list(T), list(T)) -> bool': (a: CelValue[], b: CelValue[]) =>
      containsAll(a, b) && containsAll(b, a),
  },
  'sets.intersects': {
    'list_sets_intersects_list (list(T), list(T)) -> bool': (a: CelValue[], b: CelValue[]) =>
      a.some((each) => b.some((other) => celEquals(each, other))),
  },
};

const containsAll = (list: CelValue[], part: CelValue[]): boolean =>
  part.every((each) => list.some((other) => celEquals(each, other)));
