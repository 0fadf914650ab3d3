/** A schedule that cannot be read, and why. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
}

/** When something happens again and again. */
export interface Schedule {
  /** The first time after `after`, ms since 1970; undefined when there is none within five years. */
  next(after: number): number | undefined;
}

interface Field {
  readonly values: ReadonlySet<number>;
  /** Written as `*` or `?`: days then match by the other day field alone. */
  readonly isAny: boolean;
}

interface FieldRule {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const RULES: readonly FieldRule[] = [
  { name: 'minute', first: 0, last: 59 },
  { name: 'hour', first: 0, last: 23 },
  { name: 'day of month', first: 1, last: 31 },
  { name: 'month', first: 1, last: 12, names: MONTHS },
  { name: 'day of week', first: 0, last: 6, names: WEEKDAYS },
];
const SHORTHANDS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const SEARCH_YEARS = 5;

/**
 * Reads a schedule as Kubernetes does (robfig/cron v3: five fields, names, ranges, steps, `@every`, either day field
 * matching when both are restricted), in an IANA time zone. Throws ScheduleError. Times that a clock change skips do
 * not happen; times that it repeats happen twice.
 */
export const parseSchedule = (text: string, timeZone = 'UTC'): Schedule => {
  const spec = text.trim();
  if (/^(CRON_)?TZ=/.test(spec))
    throw new ScheduleError('TZ or CRON_TZ in the schedule is not supported: use timeZone');
  const every = /^@every\s+(.+)$/.exec(spec)?.[1];
  if (every !== undefined) return interval(every);
  if (spec.startsWith('@') && SHORTHANDS[spec] === undefined)
    throw new ScheduleError(`unrecognized descriptor: ${spec}`);
  const parts = (SHORTHANDS[spec] ?? spec).split(/\s+/);
  if (parts.length !== RULES.length) {
    throw new ScheduleError(`expected exactly 5 fields, found ${spec === '' ? 0 : parts.length}: [${parts.join(' ')}]`);
  }
  const [minute, hour, day, month, weekday] = RULES.map((rule, index) => parseField(parts[index] ?? '', rule));
  if (!minute || !hour || !day || !month || !weekday) throw new ScheduleError(`cannot read ${spec}`);
  return fieldSchedule({ minute, hour, day, month, weekday }, localClock(timeZone));
};

/** Why a schedule cannot be read; undefined for a good one. */
export const scheduleError = (text: string): string | undefined => {
  try {
    parseSchedule(text);
    return undefined;
  } catch (error) {
    if (error instanceof ScheduleError) return error.message;
    throw error;
  }
};

/** True for an IANA time zone that this system knows. */
export const isTimeZone = (name: string): boolean => {
  try {
    localClock(name);
    return name !== '' && name.toLowerCase() !== 'local';
  } catch {
    return false;
  }
};

/** The units of Go's durations. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: MINUTE_MS,
  h: HOUR_MS,
};

const interval = (text: string): Schedule => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.map(([part]) => part).join('') !== text) throw new ScheduleError(`failed to parse duration @every ${text}`);
  const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ''] ?? 0), 0);
  const step = Math.max(1000, Math.floor(ms / 1000) * 1000);
  return { next: (after) => Math.floor(after / 1000) * 1000 + step };
};

const parseField = (text: string, rule: FieldRule): Field => {
  const values = new Set<number>();
  let isAny = false;
  for (const part of text.split(',')) {
    const [range = '', step, ...more] = part.split('/');
    const isStar = range === '*' || range === '?';
    if (more.length > 0) throw new ScheduleError(`too many slashes: ${part}`);
    const [first, last] = isStar ? [rule.first, rule.last] : parseRange(range, rule, step !== undefined);
    const every = step === undefined ? 1 : Number(/^\d+$/.exec(step)?.[0] ?? 0);
    if (every <= 0) throw new ScheduleError(`step of range should be a positive number: ${part}`);
    // robfig/cron drops its mark of a star only for steps above one.
    if (isStar && every === 1) isAny = true;
    for (let value = first; value <= last; value += every) values.add(value);
  }
  return { values, isAny };
};

const parseRange = (text: string, rule: FieldRule, hasStep: boolean): readonly [number, number] => {
  const [from = '', to, ...more] = text.split('-');
  if (more.length > 0) throw new ScheduleError(`too many hyphens: ${text}`);
  const first = parseValue(from, rule);
  const last = to === undefined ? (hasStep ? rule.last : first) : parseValue(to, rule);
  if (first < rule.first)
    throw new ScheduleError(`beginning of range (${first}) below minimum (${rule.first}): ${text}`);
  if (last > rule.last) throw new ScheduleError(`end of range (${last}) above maximum (${rule.last}): ${text}`);
  if (first > last) throw new ScheduleError(`beginning of range (${first}) beyond end of range (${last}): ${text}`);
  return [first, last];
};

const parseValue = (text: string, { name, first, names }: FieldRule): number => {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + first;
  if (!/^\d+$/.test(text)) throw new ScheduleError(`failed to parse ${name} from ${JSON.stringify(text)}`);
  return Number(text);
};

interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly weekday: number;
}

const localClock = (timeZone: string): ((at: number) => LocalTime) => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (at) => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const [year = 0, month = 1, day = 1] = [parts.get('year'), parts.get('month'), parts.get('day')];
    const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
    return { year, month, day, weekday, hour: parts.get('hour') ?? 0, minute: parts.get('minute') ?? 0 };
  };
};

type Fields = Readonly<Record<'minute' | 'hour' | 'day' | 'month' | 'weekday', Field>>;

const fieldSchedule = (fields: Fields, local: (at: number) => LocalTime): Schedule => ({
  next: (after) => {
    let at = (Math.floor(after / MINUTE_MS) + 1) * MINUTE_MS;
    const lastYear = local(at).year + SEARCH_YEARS;
    for (;;) {
      const time = local(at);
      if (time.year > lastYear) return undefined;
      if (!fields.month.values.has(time.month) || !matchesDay(fields, time)) at = nextDay(at, time, local);
      else if (!fields.hour.values.has(time.hour)) at += (60 - time.minute) * MINUTE_MS;
      else if (!fields.minute.values.has(time.minute)) at += MINUTE_MS;
      else return at;
    }
  },
});

const matchesDay = ({ day, weekday }: Fields, time: LocalTime): boolean => {
  const isDay = day.values.has(time.day);
  const isWeekday = weekday.values.has(time.weekday);
  return day.isAny || weekday.isAny ? isDay && isWeekday : isDay || isWeekday;
};

/** The beginning of the next local day, which is not 24 hours away when the clocks change. */
const nextDay = (at: number, time: LocalTime, local: (at: number) => LocalTime): number => {
  let next = at + (23 - time.hour) * HOUR_MS + (60 - time.minute) * MINUTE_MS;
  while (local(next).day === time.day) next += HOUR_MS;
  const { hour, minute } = local(next);
  const start = next - hour * HOUR_MS - minute * MINUTE_MS;
  return local(start).day === local(next).day ? start : next;
};
