import { GoError } from '../template/errors.js';
import { shortestDigits } from '../template/numbers.js';

/** A decimal number: `units` x 10^-`scale`. */
interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

/** Digits after the point of a quotient, as shopspring/decimal keeps by default. */
const DIVISION_PRECISION = 16;

const fromNumber = (value: number): Decimal => {
  if (!Number.isFinite(value) || value === 0) return { units: 0n, scale: 0 };
  const { digits, point } = shortestDigits(value);
  const units = BigInt(digits) * (value < 0 ? -1n : 1n);
  const scale = digits.length - point;
  return scale < 0 ? { units: units * 10n ** BigInt(-scale), scale: 0 } : { units, scale };
};

const toNumber = ({ units, scale }: Decimal): number => Number(`${units}e${-scale}`);

const aligned = (a: Decimal, b: Decimal): [bigint, bigint, number] => {
  const scale = Math.max(a.scale, b.scale);
  return [a.units * 10n ** BigInt(scale - a.scale), b.units * 10n ** BigInt(scale - b.scale), scale];
};

const abs = (value: bigint): bigint => (value < 0n ? -value : value);

export const addDecimals = (a: number, b: number): number => {
  const [x, y, scale] = aligned(fromNumber(a), fromNumber(b));
  return toNumber({ units: x + y, scale });
};

export const subtractDecimals = (a: number, b: number): number => addDecimals(a, -b);

export const multiplyDecimals = (a: number, b: number): number => {
  const x = fromNumber(a);
  const y = fromNumber(b);
  return toNumber({ units: x.units * y.units, scale: x.scale + y.scale });
};

export const divideDecimals = (a: number, b: number): number => {
  const [x, y] = aligned(fromNumber(a), fromNumber(b));
  if (y === 0n) throw new GoError('decimal division by 0');
  const shifted = x * 10n ** BigInt(DIVISION_PRECISION);
  const quotient = shifted / y;
  const remainder = shifted % y;
  const isUp = 2n * abs(remainder) >= abs(y);
  const direction = x < 0n === y < 0n ? 1n : -1n;
  return toNumber({ units: isUp ? quotient + direction : quotient, scale: DIVISION_PRECISION });
};
