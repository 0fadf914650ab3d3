import { celCompare, celEquals, contains } from './equality.js';
import type { Library } from './environment.js';
import type { CelValue } from './values.js';

/** The kinds of values that have an order, as the names of their overloads write them. */
const ORDERED: readonly (readonly [string, string])[] = [
  ['bool', 'bool'],
  ['int64', 'int'],
  ['uint64', 'uint'],
  ['double', 'double'],
  ['string', 'string'],
  ['bytes', 'bytes'],
  ['timestamp', 'timestamp'],
  ['duration', 'duration'],
];

const NUMBERS: readonly (readonly [string, string])[] = ORDERED.slice(1, 4);

type Compare = (a: CelValue, b: CelValue) => boolean;

const relation = (name: string, holds: (order: number) => boolean): Readonly<Record<string, Compare>> => {
  const run: Compare = (a, b) => {
    const order = celCompare(a, b);
    return order !== undefined && holds(order);
  };
  const same = ORDERED.map(([id, type]) => [`${name}_${id} (${type}, ${type}) -> bool`, run]);
  const mixed = NUMBERS.flatMap(([a, left]) =>
    NUMBERS.filter(([b]) => a !== b).map(([b, right]) => [`${name}_${a}_${b} (${left}, ${right}) -> bool`, run]),
  );
  return Object.fromEntries([...same, ...mixed]) as Readonly<Record<string, Compare>>;
};

export const COMPARISONS: Library = {
  '_<_': relation('less', (order) => order < 0),
  '_<=_': relation('less_equals', (order) => order <= 0),
  '_>_': relation('greater', (order) => order > 0),
  '_>=_': relation('greater_equals', (order) => order >= 0),
  '_==_': { 'equals (A, A) -> bool': celEquals },
  '_!=_': { 'not_equals (A, A) -> bool': (a: CelValue, b: CelValue) => !celEquals(a, b) },
  '@in': {
    'in_list (A, list(A)) -> bool': contains,
    'in_map (A, map(A, B)) -> bool': contains,
  },
};
