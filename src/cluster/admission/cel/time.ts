import { duration, timestamp } from './arithmetic.js';
import type { Library } from './environment.js';
import { CelError, DurationValue, plainDouble, type TimestampValue } from './values.js';

const SECOND = 1_000_000_000n;

const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(Z|[+-]\d{2}:\d{2})$/;

/** Reads RFC 3339. Throws a CelError. */
export const readTimestamp = (text: string): TimestampValue => {
  const match = TIMESTAMP.exec(text);
  if (match === null)
    throw new CelError(
      `parsing time ${quote(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${quote(text)} as "2006"`,
    );
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = '', zone = ''] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  const isReal =
    date.getUTCMonth() === Number(month) - 1 &&
    date.getUTCDate() === Number(day) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60;
  if (!isReal) throw new CelError(`parsing time ${quote(text)}: day out of range`);
  const nanos = BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  const offset = BigInt(zone === 'Z' ? 0 : offsetMinutes(zone)) * 60n * SECOND;
  return timestamp(BigInt(date.getTime()) * 1_000_000n + nanos - offset);
};

const quote = (text: string): string => JSON.stringify(text);

const offsetMinutes = (zone: string): number => {
  const [, sign, hours = '', minutes = ''] = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone) ?? [];
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
};

/** RFC 3339 in UTC with as many digits of the second as there are. */
export const showTimestamp = ({ nanos }: TimestampValue): string => {
  const seconds = floorDivide(nanos, SECOND);
  const rest = nanos - seconds * SECOND;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  return `${whole}${fraction}Z`;
};

const floorDivide = (value: bigint, by: bigint): bigint => {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
};

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
};

const PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;

/** Reads a duration as Go writes it: `1h30m`. Throws a CelError. */
export const readDuration = (text: string): DurationValue => {
  const fail = (): never => {
    throw new CelError(`time: invalid duration ${quote(text)}`);
  };
  const [, sign = '', body = ''] = /^([+-]?)([^]*)$/.exec(text) ?? [];
  if (body === '0') return new DurationValue(0n);
  let total = 0n;
  PART.lastIndex = 0;
  while (PART.lastIndex < body.length) {
    const match = PART.exec(body);
    if (match === null) return fail();
    const [, whole = '', fraction = '', unit = ''] = match;
    if (whole === '' && fraction === '') return fail();
    const scale = UNITS[unit] ?? 0n;
    total += BigInt(whole === '' ? 0 : whole) * scale;
    if (fraction !== '') total += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
  }
  if (body === '') return fail();
  return duration(sign === '-' ? -total : total);
};

/** Seconds with an `s`. */
export const showDuration = ({ nanos }: DurationValue): string => `${plainDouble(Number(nanos) / 1e9)}s`;

interface Clockface {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  try {
    const made = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    });
    if (formats.size < 100) formats.set(zone, made);
    return made;
  } catch {
    throw new CelError(`unknown time zone ${zone}`);
  }
};

const inUtc = (milliseconds: number): Clockface => {
  const date = new Date(milliseconds);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
};

const clockface = ({ nanos }: TimestampValue, zone: string): Clockface => {
  const milliseconds = Number(floorDivide(nanos, 1_000_000n));
  if (zone === '' || zone === 'UTC') return inUtc(milliseconds);
  if (/^[+-]?\d{2}:\d{2}$/.test(zone)) return inUtc(milliseconds + offsetMinutes(zone) * 60_000);
  const parts = new Map(
    formatOf(zone)
      .formatToParts(milliseconds)
      .map(({ type, value }) => [type, value]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name) ?? 0);
  return {
    year: part('year'),
    month: part('month') - 1,
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  };
};

const dayNumber = ({ year, month, day }: Clockface): number => {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.getTime() / 86_400_000;
};

const dayOfYear = (face: Clockface): number => dayNumber(face) - dayNumber({ ...face, month: 0, day: 1 });
const dayOfWeek = (face: Clockface): number => (((dayNumber(face) + 4) % 7) + 7) % 7;

type Part = (face: Clockface) => number;

const timestampPart = (id: string, part: Part): Readonly<Record<string, (...args: never[]) => bigint>> => ({
  [`timestamp_to_${id} timestamp.() -> int`]: (time: TimestampValue) => BigInt(part(clockface(time, ''))),
  [`timestamp_to_${id}_with_tz timestamp.(string) -> int`]: (time: TimestampValue, zone: string) =>
    BigInt(part(clockface(time, zone))),
});

const milliseconds = ({ nanos }: TimestampValue): bigint => (nanos - floorDivide(nanos, SECOND) * SECOND) / 1_000_000n;

const durationIn =
  (unit: bigint) =>
  ({ nanos }: DurationValue): bigint =>
    nanos / unit;

export const TIME: Library = {
  getFullYear: timestampPart('year', ({ year }) => year),
  getMonth: timestampPart('month', ({ month }) => month),
  getDayOfYear: timestampPart('day_of_year', dayOfYear),
  getDayOfMonth: timestampPart('day_of_month', ({ day }) => day - 1),
  getDate: timestampPart('day_of_month_1_based', ({ day }) => day),
  getDayOfWeek: timestampPart('day_of_week', dayOfWeek),
  getHours: {
    ...timestampPart('hours', ({ hour }) => hour),
    'duration_to_hours duration.() -> int': durationIn(3600n * SECOND),
  },
  getMinutes: {
    ...timestampPart('minutes', ({ minute }) => minute),
    'duration_to_minutes duration.() -> int': durationIn(60n * SECOND),
  },
  getSeconds: {
    ...timestampPart('seconds_tz', ({ second }) => second),
    'duration_to_seconds duration.() -> int': durationIn(SECOND),
  },
  getMilliseconds: {
    'timestamp_to_milliseconds timestamp.() -> int': milliseconds,
    'timestamp_to_milliseconds_with_tz timestamp.(string) -> int': (time: TimestampValue, zone: string) => {
      clockface(time, zone);
      return milliseconds(time);
    },
    'duration_to_milliseconds duration.() -> int': ({ nanos }: DurationValue) => (nanos / 1_000_000n) % 1000n,
  },
};
