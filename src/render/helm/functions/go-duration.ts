import { isAscii, toBytes } from '../template/go-string.js';

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

export const SECOND = 1_000_000_000n;
const MAX = 2n ** 63n;

/** How the package `time` quotes what it was given: every byte beyond ASCII is an escape. */
export const timeQuote = (text: string): string => {
  const escaped = isAscii(text) ? text : Array.from(toBytes(text), (byte) => String.fromCharCode(byte)).join('');
  // oxlint-disable-next-line no-control-regex
  const out = escaped.replace(/["\\\0-\x1f\x80-\xff]/g, (c) =>
    c === '"' || c === '\\' ? `\\${c}` : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `"${out}"`;
};

/** time.ParseDuration: nanoseconds, or what is wrong. */
export const readDuration = (text: string): bigint | { readonly problem: string } => {
  const invalid = { problem: `time: invalid duration ${timeQuote(text)}` };
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0n;
  if (rest === '') return invalid;
  let total = 0n;
  while (rest !== '') {
    const [number = '', digits = '', fraction = ''] = /^([0-9]*)(?:\.([0-9]*))?/.exec(rest) ?? [];
    if (digits === '' && fraction === '') return invalid;
    rest = rest.slice(number.length);
    const unit = /^[^.0-9]*/.exec(rest)?.[0] ?? '';
    if (unit === '') return { problem: `time: missing unit in duration ${timeQuote(text)}` };
    const size = UNITS.get(unit);
    if (size === undefined) return { problem: `time: unknown unit ${timeQuote(unit)} in duration ${timeQuote(text)}` };
    rest = rest.slice(unit.length);
    total += BigInt(digits === '' ? '0' : digits) * size;
    if (fraction !== '') total += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
    if (total > MAX) return invalid;
  }
  if (text.startsWith('-')) return -total;
  return total === MAX ? invalid : total;
};

/** time.ParseDuration: nanoseconds, undefined when malformed. */
export const parseDuration = (text: string): bigint | undefined => {
  const duration = readDuration(text);
  return typeof duration === 'bigint' ? duration : undefined;
};

/** time.Duration's `String()`: `1h2m3.5s`. */
export const durationText = (nanoseconds: bigint): string => {
  if (nanoseconds === 0n) return '0s';
  const sign = nanoseconds < 0n ? '-' : '';
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size < SECOND) {
    const [unit, divisor] = size < 1_000n ? ['ns', 1n] : size < 1_000_000n ? ['µs', 1_000n] : ['ms', 1_000_000n];
    return sign + decimal(size, divisor as bigint) + unit;
  }
  const minutes = size / (60n * SECOND);
  const seconds = decimal(size % (60n * SECOND), SECOND);
  if (minutes === 0n) return `${sign}${seconds}s`;
  const hours = minutes / 60n;
  return `${sign}${hours > 0n ? `${hours}h` : ''}${minutes % 60n}m${seconds}s`;
};

const decimal = (value: bigint, divisor: bigint): string => {
  const fraction = (value % divisor)
    .toString()
    .padStart(divisor.toString().length - 1, '0')
    .replace(/0+$/, '');
  return divisor === 1n || fraction === '' ? (value / divisor).toString() : `${value / divisor}.${fraction}`;
};
