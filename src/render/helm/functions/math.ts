import { sprintValue } from '../template/print.js';
import { int, int64, Integer, type Value } from '../template/values.js';
import { GoError } from '../template/errors.js';
import { parseGoInteger } from '../template/numbers.js';
import { toFloat64, toInt64 } from './cast.js';
import { addDecimals, divideDecimals, multiplyDecimals, subtractDecimals } from './decimal.js';
import { type Family, fn, variadic } from './define.js';

const integers = (combine: (total: bigint, next: bigint) => bigint) => (first: Value, others: readonly Value[]) =>
  int64(others.reduce((total, next) => BigInt.asIntN(64, combine(total, toInt64(next))), toInt64(first)));

const divide = (a: Value, b: Value, combine: (x: bigint, y: bigint) => bigint): Value => {
  const divisor = toInt64(b);
  if (divisor === 0n) throw new GoError('runtime error: integer divide by zero');
  return int64(combine(toInt64(a), divisor));
};

const decimals = (combine: (total: number, next: number) => number) => (first: Value, others: readonly Value[]) =>
  others.reduce<number>((total, next) => combine(total, toFloat64(next)), toFloat64(first));

const round = (value: Value, places: Integer, roundOn: number): number => {
  const power = 10 ** places.toNumber();
  const digit = power * toFloat64(value);
  const fraction = digit - Math.trunc(digit);
  return (fraction >= roundOn ? Math.ceil(digit) : Math.floor(digit)) / power;
};

const atoi = (text: string): Value => (/^[+-]?[0-9]+$/.test(text) ? new Integer(clamp(BigInt(text)), 'int') : int(0));

/** strconv.Atoi gives the nearest integer when the text is out of range. */
const clamp = (value: bigint): bigint => {
  const max = 2n ** 63n - 1n;
  return value > max ? max : value < -max - 1n ? -max - 1n : value;
};

const fromOctal = (value: Value): Value => {
  const text = sprintValue(value);
  if (!/^[+-]?[0-7]+$/.test(text)) return int64(0);
  const integer = parseGoInteger(text.replace(/^([+-]?)/, '$10o'));
  return int64(integer === undefined || integer !== BigInt.asIntN(64, integer) ? 0n : integer);
};

const largest = integers((a, b) => (b > a ? b : a));

/** Sprig's arithmetic: on int64 that wraps around, on decimals, on float64. */
export const math: Family = {
  add: variadic([], 'any', (values: Value[]) => integers((a, b) => a + b)(0, values)),
  add1: fn(['any'], (value) => int64(toInt64(value) + 1n)),
  sub: fn(['any', 'any'], (a, b) => int64(toInt64(a) - toInt64(b))),
  mul: variadic(
    ['any'],
    'any',
    integers((a, b) => a * b),
  ),
  div: fn(['any', 'any'], (a, b) => divide(a, b, (x, y) => x / y)),
  mod: fn(['any', 'any'], (a, b) => divide(a, b, (x, y) => x % y)),
  addf: variadic([], 'any', (values: Value[]) => decimals(addDecimals)(0, values)),
  add1f: fn(['any'], (value) => addDecimals(toFloat64(value), 1)),
  subf: variadic(['any'], 'any', decimals(subtractDecimals)),
  mulf: variadic(['any'], 'any', decimals(multiplyDecimals)),
  divf: variadic(['any'], 'any', decimals(divideDecimals)),
  max: variadic(['any'], 'any', largest),
  biggest: variadic(['any'], 'any', largest),
  min: variadic(
    ['any'],
    'any',
    integers((a, b) => (b < a ? b : a)),
  ),
  maxf: variadic(['any'], 'any', (first, others) => Math.max(toFloat64(first), ...others.map(toFloat64))),
  minf: variadic(['any'], 'any', (first, others) => Math.min(toFloat64(first), ...others.map(toFloat64))),
  ceil: fn(['any'], (value) => Math.ceil(toFloat64(value))),
  floor: fn(['any'], (value) => Math.floor(toFloat64(value))),
  round: variadic(['any', 'int'], 'float64', (value, places, options) => round(value, places, options[0] ?? 0.5)),
  int: fn(['any'], (value) => new Integer(toInt64(value), 'int')),
  int64: fn(['any'], (value) => int64(toInt64(value))),
  float64: fn(['any'], toFloat64),
  atoi: fn(['string'], atoi),
  toDecimal: fn(['any'], fromOctal),
};
