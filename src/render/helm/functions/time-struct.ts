import {
  int,
  int64,
  type Integer,
  type Method,
  type Methods,
  type ParamType,
  Struct,
  type Value,
} from '../template/values.js';
import { durationText, SECOND } from './go-duration.js';
import { clockOf, type Moment, momentOf, unixSeconds, ZERO_TIME } from './go-time.js';
import { formatTime } from './time-layout.js';

const RFC3339_NANO = '2006-01-02T15:04:05.999999999Z07:00';
const STRING_LAYOUT = '2006-01-02 15:04:05.999999999 -0700 MST';

export const momentIn = (value: Struct): Moment => value.native as Moment;

/** A moment some nanoseconds later. */
export const later = ({ nanoseconds, zone, monotonic }: Moment, duration: bigint): Moment => ({
  nanoseconds: nanoseconds + duration,
  zone,
  ...(monotonic === undefined ? {} : { monotonic: monotonic + duration }),
});

const withParams = <P extends readonly ParamType[]>(
  params: P,
  read: (moment: Moment, ...args: readonly Value[]) => Value,
): Method => ({ params, call: (receiver: Struct, args) => read(momentIn(receiver), ...args) });

const plain = (read: (moment: Moment) => Value): Method => withParams([], read);

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'nanosecond' | 'yearDay';
const part = (name: Part): Method => plain((moment) => int(clockOf(moment)[name]));

const named = (layout: string, type: string): Method =>
  plain((moment) => new Struct(type, new Map(), {}, () => formatTime(moment, layout)));

/** How a moment relates to another one. */
const comparing = (answer: (order: number) => Value): Method =>
  withParams(['time'], ({ nanoseconds }, other) => {
    const difference = nanoseconds - momentIn(other as Struct).nanoseconds;
    return answer(difference < 0n ? -1 : difference > 0n ? 1 : 0);
  });

const bigintOf = (value: Value): bigint => (value as Integer).value;

const addDate = (moment: Moment, years: Value, months: Value, days: Value): Struct => {
  const { year, month, day, ...rest } = clockOf(moment);
  const [y, m, d] = [years, months, days].map((value) => Number(bigintOf(value)));
  const reading = { ...rest, year: year + (y ?? 0), month: month + (m ?? 0), day: day + (d ?? 0) };
  return timeStruct(momentOf(reading, moment.zone));
};

/** What is left of a moment behind the last multiple of a duration since Go's zero time. */
const beyond = ({ nanoseconds }: Moment, duration: bigint): bigint => {
  const rest = (nanoseconds - ZERO_TIME.nanoseconds) % duration;
  return rest < 0n ? rest + duration : rest;
};

const truncate = (moment: Moment, duration: Value): Struct => {
  const { nanoseconds, zone } = moment;
  const size = bigintOf(duration);
  return timeStruct({ nanoseconds: size <= 0n ? nanoseconds : nanoseconds - beyond(moment, size), zone });
};

const round = (moment: Moment, duration: Value): Struct => {
  const { nanoseconds, zone } = moment;
  const size = bigintOf(duration);
  if (size <= 0n) return timeStruct({ nanoseconds, zone });
  const rest = beyond(moment, size);
  return timeStruct({ nanoseconds: nanoseconds - rest + (rest + rest < size ? 0n : size), zone });
};

const METHODS: Methods = {
  Format: withParams(['string'], (moment, layout) => formatTime(moment, layout as string)),
  Unix: plain((moment) => int64(unixSeconds(moment))),
  UnixNano: plain((moment) => int64(moment.nanoseconds)),
  UnixMicro: plain((moment) => int64(moment.nanoseconds / 1000n)),
  UnixMilli: plain((moment) => int64(moment.nanoseconds / 1_000_000n)),
  Year: part('year'),
  Month: named('January', 'time.Month'),
  Day: part('day'),
  Hour: part('hour'),
  Minute: part('minute'),
  Second: part('second'),
  Nanosecond: part('nanosecond'),
  YearDay: part('yearDay'),
  Weekday: named('Monday', 'time.Weekday'),
  UTC: plain(({ nanoseconds }) => timeStruct({ nanoseconds, zone: 'UTC' })),
  Local: plain(({ nanoseconds }) => timeStruct({ nanoseconds, zone: 'Local' })),
  IsZero: plain((moment) => moment.nanoseconds === ZERO_TIME.nanoseconds),
  String: plain((moment) => timeText(moment)),
  GoString: plain((moment) => goDate(moment)),
  Add: withParams(['int64'], (moment, duration) => timeStruct(later(moment, bigintOf(duration)))),
  AddDate: withParams(['int', 'int', 'int'], addDate),
  Truncate: withParams(['int64'], truncate),
  Round: withParams(['int64'], round),
  Sub: withParams(['time'], ({ nanoseconds }, other) =>
    durationStruct(nanoseconds - momentIn(other as Struct).nanoseconds),
  ),
  Compare: comparing((order) => int(order)),
  Before: comparing((order) => order < 0),
  After: comparing((order) => order > 0),
  Equal: comparing((order) => order === 0),
};

const inUnits = (unit: bigint): Method => ({
  params: [],
  call: (receiver: Struct) => Number(receiver.native as bigint) / Number(unit),
});
const wholeUnits = (unit: bigint): Method => ({
  params: [],
  call: (receiver: Struct) => int64((receiver.native as bigint) / unit),
});

const DURATION_METHODS: Methods = {
  Hours: inUnits(3600n * SECOND),
  Minutes: inUnits(60n * SECOND),
  Seconds: inUnits(SECOND),
  Milliseconds: wholeUnits(1_000_000n),
  Microseconds: wholeUnits(1000n),
  Nanoseconds: wholeUnits(1n),
  String: { params: [], call: (receiver: Struct) => durationText(receiver.native as bigint) },
};

const durationStruct = (nanoseconds: bigint): Struct =>
  new Struct(
    'time.Duration',
    new Map(),
    DURATION_METHODS,
    () => durationText(nanoseconds),
    nanoseconds,
    () => int64(nanoseconds),
  );

/** `String()` of a time: what the clock said has the monotonic reading behind it. */
const timeText = (moment: Moment): string => {
  const text = formatTime(moment, STRING_LAYOUT);
  const { monotonic } = moment;
  if (monotonic === undefined) return text;
  const size = monotonic < 0n ? -monotonic : monotonic;
  const fraction = String(size % SECOND).padStart(9, '0');
  return `${text} m=${monotonic < 0n ? '-' : '+'}${size / SECOND}.${fraction}`;
};

/** time.Time. */
export const timeStruct = (moment: Moment): Struct =>
  new Struct(
    'time.Time',
    new Map(),
    METHODS,
    () => timeText(moment),
    moment,
    () => formatTime(moment, RFC3339_NANO),
    undefined,
    () => goDate(moment),
  );

/** `GoString()` of a time. */
const goDate = (moment: Moment): string => {
  const { year, day, hour, minute, second, nanosecond } = clockOf(moment);
  const name = formatTime({ nanoseconds: moment.nanoseconds, zone: moment.zone }, 'January');
  const zone =
    moment.zone === 'UTC' ? 'time.UTC' : moment.zone === 'Local' ? 'time.Local' : `time.Location(${moment.zone})`;
  return `time.Date(${[year, `time.${name}`, day, hour, minute, second, nanosecond, zone].join(', ')})`;
};
