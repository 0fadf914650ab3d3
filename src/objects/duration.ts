const NANOS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1000n],
  ['µs', 1000n],
  ['μs', 1000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

const MAX_NANOS = 2n ** 63n - 1n;

/** Why a text is not a duration, in the words of Go's `time.ParseDuration`. */
export class DurationError extends Error {
  override readonly name = 'DurationError';
}

const quote = (text: string): string => JSON.stringify(text);

const scaled = (whole: string, fraction: string, unit: bigint): bigint => {
  const wholeNanos = BigInt(whole === '' ? '0' : whole) * unit;
  if (fraction === '') return wholeNanos;
  const digits = fraction.slice(0, 18);
  return wholeNanos + (BigInt(digits) * unit) / 10n ** BigInt(digits.length);
};

/** Nanoseconds of a duration in Go's form: `1h30m`, `-1.5s`, `100ms`. Throws a DurationError. */
export const parseDurationNanos = (text: string): bigint => {
  const invalid = (): DurationError => new DurationError(`time: invalid duration ${quote(text)}`);
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  let rest = text.slice(sign.length);
  if (rest === '0') return 0n;
  if (rest === '') throw invalid();
  let total = 0n;
  while (rest !== '') {
    const number = /^(\d*)(?:(\.)(\d*))?/.exec(rest);
    const [all = '', whole = '', , fraction = ''] = number ?? [];
    if (whole === '' && fraction === '') throw invalid();
    rest = rest.slice(all.length);
    const unitText = /^[^.\d]+/.exec(rest)?.[0];
    if (unitText === undefined) throw new DurationError(`time: missing unit in duration ${quote(text)}`);
    const unit = NANOS.get(unitText);
    if (unit === undefined) throw new DurationError(`time: unknown unit ${quote(unitText)} in duration ${quote(text)}`);
    rest = rest.slice(unitText.length);
    total += scaled(whole, fraction, unit);
    if (total > MAX_NANOS + 1n) throw invalid();
  }
  if (sign === '-') return -total;
  if (total > MAX_NANOS) throw invalid();
  return total;
};

/** Milliseconds, with fractions, of a duration in Go's form. Throws a DurationError. */
export const parseDurationMs = (text: string): number => Number(parseDurationNanos(text)) / 1e6;

const fractionText = (value: bigint, unit: bigint): string => {
  const digits = (value % unit)
    .toString()
    .padStart(unit.toString().length - 1, '0')
    .replace(/0+$/, '');
  return `${value / unit}${digits === '' ? '' : `.${digits}`}`;
};

/** The duration as Go prints it: `1h30m0s`, `1.5s`, `100ms`, `0s`. */
export const formatDurationNanos = (nanos: bigint): string => {
  if (nanos === 0n) return '0s';
  const sign = nanos < 0n ? '-' : '';
  const value = nanos < 0n ? -nanos : nanos;
  if (value < 1000n) return `${sign}${value}ns`;
  if (value < 1_000_000n) return `${sign}${fractionText(value, 1000n)}µs`;
  if (value < 1_000_000_000n) return `${sign}${fractionText(value, 1_000_000n)}ms`;
  const minutes = value / 60_000_000_000n;
  const seconds = `${fractionText(value % 60_000_000_000n, 1_000_000_000n)}s`;
  if (minutes === 0n) return `${sign}${seconds}`;
  const hours = minutes / 60n;
  return `${sign}${hours === 0n ? '' : `${hours}h`}${minutes % 60n}m${seconds}`;
};

export const formatDurationMs = (milliseconds: number): string =>
  formatDurationNanos(BigInt(Math.round(milliseconds * 1e6)));
