/** A moment in a time zone, as Go's time.Time. */
export interface Moment {
  /** Nanoseconds since 1970 in UTC. */
  readonly nanoseconds: bigint;
  /** `Local`, `UTC`, a name of the zone database, or a fixed offset in seconds. */
  readonly zone: string | number;
  /** Nanoseconds since the process started, in what the clock said. */
  readonly monotonic?: bigint;
}

/** The parts of a moment on the clock of its zone. */
export interface Clock {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** From Sunday. */
  readonly weekday: number;
  readonly yearDay: number;
  /** Seconds east of UTC. */
  readonly offset: number;
  readonly abbreviation: string;
}

const BILLION = 1_000_000_000n;

const floorDiv = (a: bigint, b: bigint): bigint => (a >= 0n ? a / b : -((-a + b - 1n) / b));

export const unixSeconds = (moment: Moment): bigint => floorDiv(moment.nanoseconds, BILLION);

/** After 400 years the calendar is the same again. JavaScript knows dates of some 270,000 years. */
const CYCLE_SECONDS = 12_622_780_800n;
const MAX_SECONDS = 4_000_000_000_000n;

const formatters = new Map<string, Intl.DateTimeFormat | undefined>();

const zoneFormat = (zone: string): Intl.DateTimeFormat | undefined => {
  if (formatters.has(zone)) return formatters.get(zone);
  let format: Intl.DateTimeFormat | undefined;
  try {
    const timeZone = zone === 'Local' ? {} : { timeZone: zone };
    format = new Intl.DateTimeFormat('en-US', {
      ...timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
      timeZoneName: 'short',
    });
  } catch {
    format = undefined;
  }
  formatters.set(zone, format);
  return format;
};

export const isZone = (zone: string): boolean => zone === 'UTC' || zone === '' || zoneFormat(zone) !== undefined;

const isUtc = (zone: string | number): boolean => zone === 'UTC' || zone === '';

/** How far a zone is from UTC at a moment, and what it is called then. */
const zoneAt = (seconds: number, zone: string | number): { offset: number; abbreviation: string } => {
  if (typeof zone === 'number') return { offset: zone, abbreviation: '' };
  if (isUtc(zone)) return { offset: 0, abbreviation: 'UTC' };
  const parts = new Map(
    zoneFormat(zone)
      ?.formatToParts(new Date(seconds * 1000))
      .map(({ type, value }) => [type, value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type) ?? '0');
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  const offset = Math.round(shown / 1000 - seconds);
  const name = parts.get('timeZoneName') ?? '';
  return { offset, abbreviation: name.startsWith('GMT') && name !== 'GMT' ? offsetText(offset, '') : name };
};

/** `-0700`, `-07:00`. */
export const offsetText = (offset: number, separator: string, withSeconds = false): string => {
  const size = Math.abs(offset);
  const two = (value: number): string => String(Math.trunc(value)).padStart(2, '0');
  const seconds = withSeconds ? separator + two(size % 60) : '';
  return `${offset < 0 ? '-' : '+'}${two(size / 3600)}${separator}${two((size % 3600) / 60)}${seconds}`;
};

export const clockOf = (moment: Moment): Clock => {
  const whole = unixSeconds(moment);
  const cycles = whole > MAX_SECONDS || whole < -MAX_SECONDS ? floorDiv(whole, CYCLE_SECONDS) : 0n;
  const seconds = Number(whole - cycles * CYCLE_SECONDS);
  const { offset, abbreviation } = zoneAt(seconds, moment.zone);
  const date = new Date((seconds + offset) * 1000);
  const year = date.getUTCFullYear();
  const start = new Date(0);
  start.setUTCFullYear(year, 0, 1);
  return {
    year: year + 400 * Number(cycles),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    nanosecond: Number(moment.nanoseconds - whole * BILLION),
    weekday: date.getUTCDay(),
    yearDay: Math.floor((date.getTime() - start.getTime()) / 86_400_000) + 1,
    offset,
    abbreviation,
  };
};

/** The moment of a clock reading; for a named zone the offset is looked up. */
export const momentOf = (
  reading: Pick<Clock, 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'nanosecond'>,
  zone: string | number,
): Moment => {
  const date = new Date(0);
  date.setUTCFullYear(reading.year, reading.month - 1, reading.day);
  date.setUTCHours(reading.hour, reading.minute, reading.second);
  const shown = date.getTime() / 1000;
  let seconds = shown - zoneAt(shown, zone).offset;
  // Near a change of the offset the first guess is on its wrong side.
  seconds = shown - zoneAt(seconds, zone).offset;
  return { nanoseconds: BigInt(seconds) * BILLION + BigInt(reading.nanosecond), zone };
};

/** Go's zero time: 1 January of year 1. */
export const ZERO_TIME: Moment = { nanoseconds: -62_135_596_800n * BILLION, zone: 'UTC' };
