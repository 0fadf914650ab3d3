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

/** time.ParseDuration: nanoseconds, undefined when malformed. */
export const parseDuration = (text: string): bigint | undefined => {
  const isNegative = text.startsWith('-');
  let rest = text.replace(/^[+-]/, '');
  if (rest === '0') return 0n;
  if (rest === '') return undefined;
  let total = 0n;
  while (rest !== '') {
    const match = /^([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)/.exec(rest);
    if (match === null) return undefined;
    const [whole, digits = '', fraction = '', unit = ''] = match;
    if (digits === '' && fraction === '') return undefined;
    const size = UNITS.get(unit) ?? 0n;
    total += BigInt(digits === '' ? '0' : digits) * size;
    if (fraction !== '') total += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
    if (total > MAX) return undefined;
    rest = rest.slice(whole.length);
  }
  return isNegative ? -total : total;
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
