import { hrtime } from 'node:process';
import { GoError } from '../template/errors.js';
import { Integer, Struct, type Value } from '../template/values.js';
import { type Family, fn } from './define.js';
import { durationText, parseDuration, readDuration, SECOND, timeQuote } from './go-duration.js';
import { isZone, type Moment, unixSeconds, ZERO_TIME } from './go-time.js';
import { formatTime, parseTime } from './time-layout.js';
import { later, momentIn, timeStruct } from './time-struct.js';

const MILLISECOND = 1_000_000n;

/** Date's milliseconds, and behind them what the finer clock has. */
const now = (): Moment => ({
  nanoseconds: BigInt(Date.now()) * MILLISECOND + (hrtime.bigint() % MILLISECOND),
  zone: 'Local',
  monotonic: BigInt(Math.round(performance.now() * 1e6)),
});

const atSeconds = (seconds: bigint): Moment => ({ nanoseconds: seconds * SECOND, zone: 'Local' });

/** What sprig takes for a date: a time, seconds since 1970; anything else is the present. */
const momentFrom = (value: Value): Moment => {
  if (value instanceof Struct && value.type === 'time.Time') return momentIn(value);
  if (value instanceof Integer && ['int', 'int64', 'int32'].includes(value.type)) return atSeconds(value.value);
  return now();
};

const dateIn = (layout: string, value: Value, zone: string): string =>
  formatTime({ ...momentFrom(value), zone: isZone(zone) ? (zone === '' ? 'UTC' : zone) : 'UTC' }, layout);

const modify = (text: string, date: Struct): Struct | undefined => {
  const duration = parseDuration(text);
  if (duration === undefined) return undefined;
  const moment = momentIn(date);
  return timeStruct(later(moment, duration));
};

const mustModify = (text: string, date: Struct): Struct => {
  const duration = readDuration(text);
  if (typeof duration !== 'bigint') throw new GoError(duration.problem);
  const moment = momentIn(date);
  return timeStruct(later(moment, duration));
};

const toDate = (layout: string, text: string): Struct => {
  const moment = parseTime(layout, text, 'Local');
  return timeStruct(typeof moment === 'string' ? ZERO_TIME : moment);
};

const mustToDate = (layout: string, text: string): Struct => {
  const moment = parseTime(layout, text, 'Local');
  if (typeof moment === 'string') throw new GoError(`parsing time ${timeQuote(text)}${moment}`);
  return timeStruct(moment);
};

const ago = (value: Value): string => {
  const seconds = (now().nanoseconds - momentFrom(value).nanoseconds + SECOND / 2n) / SECOND;
  return durationText(seconds * SECOND);
};

const duration = (value: Value): string => {
  if (value instanceof Integer && value.type === 'int64') return durationText(BigInt.asIntN(64, value.value * SECOND));
  if (typeof value !== 'string' || !/^[+-]?[0-9]+$/.test(value)) return '0s';
  return durationText(BigInt.asIntN(64, BigInt(value) * SECOND));
};

const ROUNDED: readonly (readonly [bigint, string])[] = [
  [365n * 24n * 3600n, 'y'],
  [30n * 24n * 3600n, 'mo'],
  [24n * 3600n, 'd'],
  [3600n, 'h'],
  [60n, 'm'],
  [1n, 's'],
];

const durationRound = (value: Value): string => {
  let nanoseconds = 0n;
  if (typeof value === 'string') nanoseconds = parseDuration(value) ?? 0n;
  else if (value instanceof Integer && value.type === 'int64') nanoseconds = value.value;
  else if (value instanceof Struct && value.type === 'time.Time')
    nanoseconds = now().nanoseconds - momentIn(value).nanoseconds;
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const unit = ROUNDED.find(([seconds]) => size > seconds * SECOND);
  return unit === undefined ? '0s' : `${size / (unit[0] * SECOND)}${unit[1]}`;
};

const dateModify = fn(['string', 'time'], (text, date) => modify(text, date) ?? date);
const dateInZone = fn(['string', 'any', 'string'], dateIn);

/** Sprig's functions on dates, with Go's layouts. */
export const dates: Family = {
  now: fn([], () => timeStruct(now())),
  ago: fn(['any'], ago),
  date: fn(['string', 'any'], (layout, value) => dateIn(layout, value, 'Local')),
  dateInZone,
  date_in_zone: dateInZone,
  dateModify,
  date_modify: dateModify,
  mustDateModify: fn(['string', 'time'], mustModify),
  must_date_modify: fn(['string', 'time'], mustModify),
  duration: fn(['any'], duration),
  durationRound: fn(['any'], durationRound),
  htmlDate: fn(['any'], (value) => dateIn('2006-01-02', value, 'Local')),
  htmlDateInZone: fn(['any', 'string'], (value, zone) => dateIn('2006-01-02', value, zone)),
  toDate: fn(['string', 'string'], toDate),
  mustToDate: fn(['string', 'string'], mustToDate),
  unixEpoch: fn(['time'], (date) => String(unixSeconds(momentIn(date)))),
};
