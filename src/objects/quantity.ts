/**
 * Amounts of resources, exact. A value is a whole number of nano units, the finest that the API keeps, and
 * remembers which family of suffixes it was written with, because that decides how it is printed.
 */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

export interface Quantity {
  readonly nanos: bigint;
  readonly format: QuantityFormat;
}

const NANO = 1_000_000_000n;
const MAX_BINARY = (2n ** 63n - 1n) * NANO;
/** Exponents beyond are refused rather than turned into numbers of a million digits. */
const MAX_EXPONENT = 1000;

const DECIMAL_SUFFIXES: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const DECIMAL_NAMES: ReadonlyMap<number, string> = new Map(
  Array.from(DECIMAL_SUFFIXES, ([name, power]) => [power, name]),
);
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Why a text is not a quantity, in the words of Kubernetes. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

const WRONG_FORM = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_SUFFIX = "unable to parse quantity's suffix";

interface Suffix {
  readonly base: 2 | 10;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

const readSuffix = (text: string): Suffix => {
  const decimal = DECIMAL_SUFFIXES.get(text);
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' };
  const binary = BINARY_SUFFIXES.indexOf(text);
  if (binary > 0) return { base: 2, exponent: binary * 10, format: 'BinarySI' };
  const exponent = /^[eE]([+-]?\d+)$/.exec(text)?.[1];
  if (exponent === undefined || Math.abs(Number(exponent)) > MAX_EXPONENT) throw new QuantityError(WRONG_SUFFIX);
  return { base: 10, exponent: Number(exponent), format: 'DecimalExponent' };
};

const divideUp = (value: bigint, by: bigint): bigint => (value + by - 1n) / by;

/** Reads `100m`, `1.5Gi`, `12e6`. Finer than nano rounds away from zero. Throws a QuantityError. */
export const parseQuantity = (text: string | number): Quantity => {
  const match = /^([+-]?)(\d*)(?:(\.)(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/.exec(String(text));
  const [, sign = '', whole = '', dot, fraction = '', suffixText = ''] = match ?? [];
  if (match === null || (whole === '' && dot === undefined)) throw new QuantityError(WRONG_FORM);
  if (whole === '' && fraction === '' && suffixText === '')
    throw new QuantityError('unable to parse numeric part of quantity');
  const suffix = readSuffix(suffixText);
  const digits = BigInt(`${whole}${fraction}` === '' ? '0' : `${whole}${fraction}`);
  let { format } = suffix;
  let nanos: bigint;
  if (suffix.base === 2) {
    nanos = divideUp(digits * 2n ** BigInt(suffix.exponent) * NANO, 10n ** BigInt(fraction.length));
    if (nanos > MAX_BINARY) nanos = MAX_BINARY;
    if (nanos > 0n && nanos < NANO) format = 'DecimalSI';
  } else {
    const power = suffix.exponent - fraction.length + 9;
    nanos = power >= 0 ? digits * 10n ** BigInt(power) : divideUp(digits, 10n ** BigInt(-power));
  }
  return { nanos: sign === '-' ? -nanos : nanos, format };
};

/** The quantity, or undefined when the text is none. */
export const tryParseQuantity = (text: string | number): Quantity | undefined => {
  try {
    return parseQuantity(text);
  } catch {
    return undefined;
  }
};

const formatDecimal = (nanos: bigint, format: QuantityFormat): string => {
  let mantissa = nanos;
  let exponent = -9;
  const largest = format === 'DecimalExponent' ? Number.POSITIVE_INFINITY : 18;
  while (mantissa % 1000n === 0n && exponent < largest) {
    mantissa /= 1000n;
    exponent += 3;
  }
  if (format === 'DecimalExponent') return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
  return `${mantissa}${DECIMAL_NAMES.get(exponent)}`;
};

const formatBinary = (whole: bigint): string => {
  let mantissa = whole;
  let step = 0;
  while (mantissa % 1024n === 0n && step < BINARY_SUFFIXES.length - 1) {
    mantissa /= 1024n;
    step += 1;
  }
  return `${mantissa}${BINARY_SUFFIXES[step]}`;
};

/** The canonical form: no fractions, the largest suffix that keeps the value exact, in the family it came from. */
export const formatQuantity = ({ nanos, format }: Quantity): string => {
  if (nanos === 0n) return '0';
  const small = nanos > -1024n * NANO && nanos < 1024n * NANO;
  if (format === 'BinarySI' && !small && nanos % NANO === 0n) return formatBinary(nanos / NANO);
  return formatDecimal(nanos, format === 'DecimalExponent' ? 'DecimalExponent' : 'DecimalSI');
};

/** The canonical form of a text; a text that is no quantity stays as it is. */
export const canonicalQuantity = (text: string | number): string => {
  const quantity = tryParseQuantity(text);
  return quantity === undefined ? String(text) : formatQuantity(quantity);
};

export const compareQuantities = (a: Quantity, b: Quantity): number =>
  a.nanos < b.nanos ? -1 : Number(a.nanos > b.nanos);

/** The sum, in the form of the first unless that is zero. */
export const addQuantities = (a: Quantity, b: Quantity): Quantity => ({
  nanos: a.nanos + b.nanos,
  format: a.nanos === 0n ? b.format : a.format,
});

export const subtractQuantities = (a: Quantity, b: Quantity): Quantity => ({
  nanos: a.nanos - b.nanos,
  format: a.nanos === 0n ? b.format : a.format,
});

const roundAway = (nanos: bigint, unit: bigint): bigint =>
  nanos < 0n ? -divideUp(-nanos, unit) : divideUp(nanos, unit);

/** Whole units, a fraction rounded away from zero: bytes of memory, numbers of objects. */
export const wholeValue = (quantity: Quantity): number => Number(roundAway(quantity.nanos, NANO));

/** Thousandths, a fraction rounded away from zero: CPU. */
export const milliValue = (quantity: Quantity): number => Number(roundAway(quantity.nanos, 1_000_000n));

/** The value as a floating point number, for ratios and printing. */
export const approximateValue = (quantity: Quantity): number => Number(quantity.nanos) / 1e9;

export const quantityOfMilli = (thousandths: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity => ({
  nanos: BigInt(thousandths) * 1_000_000n,
  format,
});

export const ZERO_QUANTITY: Quantity = { nanos: 0n, format: 'DecimalSI' };

/** A list of resources, as in `resources.requests`. */
export type ResourceList = Readonly<Record<string, string | number>>;

/** The sums, name by name, in canonical form. */
export const addResources = (a: ResourceList, b: ResourceList): Record<string, string> => {
  const sum: Record<string, string> = {};
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [left, right] = [a[name] ?? '0', b[name] ?? '0'];
    sum[name] = formatQuantity(addQuantities(parseQuantity(left), parseQuantity(right)));
  }
  return sum;
};
