import { GoError } from '../template/errors.js';
import { compareStrings } from '../template/go-string.js';
import { Complex } from '../template/complex.js';
import { format } from '../template/format.js';
import { sprintValue } from '../template/print.js';
import { Integer, isTrue, kindName, Struct, typeName, type Value } from '../template/values.js';
import { type Family, fn, variadic } from './define.js';

type BasicKind = 'bool' | 'int' | 'uint' | 'float' | 'complex' | 'string' | undefined;

const basicKind = (value: Value): BasicKind => {
  if (value instanceof Integer) return value.isSigned ? 'int' : 'uint';
  if (value instanceof Complex) return 'complex';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'number':
      return 'float';
    case 'string':
      return 'string';
    default:
      return undefined;
  }
};

const isNil = (value: Value): boolean => value === null || value === undefined;

const areEqual = (a: Value, b: Value): boolean => {
  const x = basicKind(a);
  const y = basicKind(b);
  if (a instanceof Integer && b instanceof Integer) return a.value === b.value;
  if (x !== y) {
    if (isNil(a) || isNil(b)) return false;
    throw new GoError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
  }
  if (a instanceof Complex && b instanceof Complex) return a.isEqual(b);
  if (x !== undefined) return a === b;
  return areEqualReferences(a, b);
};

const areEqualReferences = (a: Value, b: Value): boolean => {
  if (isNil(a) || isNil(b)) return isNil(a) === isNil(b);
  if (kindName(a) !== kindName(b)) {
    throw new GoError(`${format('non-comparable types %s', [a])}: ${typeName(a)}, ${typeName(b)}: ${sprintValue(b)}`);
  }
  if (!(b instanceof Struct)) throw new GoError(`${format('non-comparable type %s', [b])}: ${typeName(b)}`);
  return a === b;
};

const equalsAny = (a: Value, others: readonly Value[]): boolean => {
  if (others.length === 0) throw new GoError('missing argument for comparison');
  return others.some((other) => areEqual(a, other));
};

const isLess = (a: Value, b: Value): boolean => {
  const x = basicKind(a);
  const y = basicKind(b);
  if (x === undefined || y === undefined) throw new GoError('invalid type for comparison');
  if (a instanceof Integer && b instanceof Integer) return a.value < b.value;
  if (x !== y) throw new GoError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
  if (typeof a === 'number') return a < (b as number);
  if (typeof a === 'string') return compareStrings(a, b as string) < 0;
  throw new GoError('invalid type for comparison');
};

const isLessOrEqual = (a: Value, b: Value): boolean => isLess(a, b) || areEqual(a, b);

/** text/template's own comparisons and logic. */
export const comparison: Family = {
  and: { params: ['value'], variadic: 'value', shortCircuit: 'and', call: () => null },
  or: { params: ['value'], variadic: 'value', shortCircuit: 'or', call: () => null },
  not: fn(['value'], (value) => !isTrue(value)),
  eq: variadic(['value'], 'value', equalsAny),
  ne: fn(['value', 'value'], (a, b) => !areEqual(a, b)),
  lt: fn(['value', 'value'], isLess),
  le: fn(['value', 'value'], isLessOrEqual),
  gt: fn(['value', 'value'], (a, b) => !isLessOrEqual(a, b)),
  ge: fn(['value', 'value'], (a, b) => !isLess(a, b)),
};
