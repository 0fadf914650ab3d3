import { timeQuote } from './go-duration.js';
import { type Clock, clockOf, type Moment, momentOf, offsetText, ZERO_TIME } from './go-time.js';

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** The elements of Go's layouts, longer ones first where one begins another. */
const ELEMENT =
  /January|Jan|Monday|Mon|MST|2006|-07:00:00|-07:00|-070000|-0700|-07|Z07:00:00|Z07:00|Z070000|Z0700|Z07|002|01|02|03|04|05|06|15|PM|pm|__2|_2(?!006)|[.,](?:0+|9+)(?![0-9])|1|2|3|4|5/g;

interface Part {
  readonly element: string | undefined;
  readonly text: string;
}

const split = (layout: string): Part[] => {
  const parts: Part[] = [];
  let at = 0;
  for (const match of layout.matchAll(ELEMENT)) {
    const element = match[0];
    // `Janet` is a name, not a month.
    if ((element === 'Jan' || element === 'Mon') && /^[a-z]/.test(layout.slice(match.index + 3))) continue;
    if (match.index > at) parts.push({ element: undefined, text: layout.slice(at, match.index) });
    parts.push({ element, text: element });
    at = match.index + element.length;
  }
  if (at < layout.length) parts.push({ element: undefined, text: layout.slice(at) });
  return parts;
};

const two = (value: number): string => String(value).padStart(2, '0');
const hour12 = (hour: number): number => (hour % 12 === 0 ? 12 : hour % 12);

const FORMATS: Readonly<Record<string, (clock: Clock) => string>> = {
  January: ({ month }) => MONTHS[month - 1] ?? '',
  Jan: ({ month }) => (MONTHS[month - 1] ?? '').slice(0, 3),
  Monday: ({ weekday }) => DAYS[weekday] ?? '',
  Mon: ({ weekday }) => (DAYS[weekday] ?? '').slice(0, 3),
  MST: ({ abbreviation, offset }) => (abbreviation === '' ? shortOffset(offset) : abbreviation),
  '2006': ({ year }) => (year < 0 ? '-' : '') + String(Math.abs(year)).padStart(4, '0'),
  '06': ({ year }) => two(((year % 100) + 100) % 100),
  '01': ({ month }) => two(month),
  '1': ({ month }) => String(month),
  '02': ({ day }) => two(day),
  '2': ({ day }) => String(day),
  _2: ({ day }) => String(day).padStart(2, ' '),
  __2: ({ yearDay }) => String(yearDay).padStart(3, ' '),
  '002': ({ yearDay }) => String(yearDay).padStart(3, '0'),
  '15': ({ hour }) => two(hour),
  '03': ({ hour }) => two(hour12(hour)),
  '3': ({ hour }) => String(hour12(hour)),
  '04': ({ minute }) => two(minute),
  '4': ({ minute }) => String(minute),
  '05': ({ second }) => two(second),
  '5': ({ second }) => String(second),
  PM: ({ hour }) => (hour >= 12 ? 'PM' : 'AM'),
  pm: ({ hour }) => (hour >= 12 ? 'pm' : 'am'),
};

/** A zone without a name is shown as its offset. */
const shortOffset = (offset: number): string => (offset === 0 ? 'UTC' : offsetText(offset, ''));

const formatElement = (element: string, clock: Clock): string => {
  const known = FORMATS[element];
  if (known !== undefined) return known(clock);
  if (/^[.,]/.test(element)) return formatFraction(element, clock);
  if (element.startsWith('Z') && clock.offset === 0) return 'Z';
  const separator = element.includes(':') ? ':' : '';
  const digits = element.replace(/[^0-9]/g, '').length;
  const text = offsetText(clock.offset, separator, digits === 6);
  return digits === 2 ? text.slice(0, 3) : text;
};

const formatFraction = (element: string, clock: Clock): string => {
  const digits = String(clock.nanosecond)
    .padStart(9, '0')
    .slice(0, element.length - 1);
  if (element[1] === '0') return element[0] + digits;
  const short = digits.replace(/0+$/, '');
  return short === '' ? '' : element[0] + short;
};

/** time.Format. */
export const formatTime = (moment: Moment, layout: string): string => {
  const clock = clockOf(moment);
  return split(layout)
    .map(({ element, text }) => (element === undefined ? text : formatElement(element, clock)))
    .join('');
};

interface Reading {
  year: number;
  month: number;
  day: number;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  isPm: boolean | undefined;
  zone: string | number | undefined;
}

const NUMBERS: Readonly<Record<string, readonly [RegExp, (reading: Reading, value: number) => void]>> = {
  '2006': [/^\d{4}/, (r, v) => (r.year = v)],
  '06': [/^\d{2}/, (r, v) => (r.year = v >= 69 ? 1900 + v : 2000 + v)],
  '01': [/^\d{2}/, (r, v) => (r.month = v)],
  '1': [/^\d{1,2}/, (r, v) => (r.month = v)],
  '02': [/^\d{2}/, (r, v) => (r.day = v)],
  '2': [/^\d{1,2}/, (r, v) => (r.day = v)],
  _2: [/^ ?\d{1,2}/, (r, v) => (r.day = v)],
  __2: [/^ {0,2}\d{1,3}/, (r, v) => (r.yearDay = v)],
  '002': [/^\d{3}/, (r, v) => (r.yearDay = v)],
  '15': [/^\d{2}/, (r, v) => (r.hour = v)],
  '03': [/^\d{2}/, (r, v) => (r.hour = v)],
  '3': [/^\d{1,2}/, (r, v) => (r.hour = v)],
  '04': [/^\d{2}/, (r, v) => (r.minute = v)],
  '4': [/^\d{1,2}/, (r, v) => (r.minute = v)],
  '05': [/^\d{2}/, (r, v) => (r.second = v)],
  '5': [/^\d{1,2}/, (r, v) => (r.second = v)],
};

const takeName = (rest: string, names: readonly string[], length?: number): [number, number] | undefined => {
  const index = names.findIndex((name) => rest.toLowerCase().startsWith(name.slice(0, length).toLowerCase()));
  return index < 0 ? undefined : [index, (names[index] ?? '').slice(0, length).length];
};

/** Reads one element; answers how much text it took, undefined when it does not fit. */
const readElement = (element: string, rest: string, reading: Reading): number | undefined => {
  const number = NUMBERS[element];
  if (number !== undefined) return readNumber(number, element, rest, reading);
  switch (element) {
    case 'January':
    case 'Jan': {
      const found = takeName(rest, MONTHS, element === 'Jan' ? 3 : undefined);
      if (found !== undefined) reading.month = found[0] + 1;
      return found?.[1];
    }
    case 'Monday':
    case 'Mon':
      return takeName(rest, DAYS, element === 'Mon' ? 3 : undefined)?.[1];
    case 'PM':
    case 'pm': {
      const match = (element === 'PM' ? /^[AP]M/ : /^[ap]m/).exec(rest);
      if (match !== null) reading.isPm = match[0].toLowerCase() === 'pm';
      return match?.[0].length;
    }
    case 'MST':
      return readZoneName(rest, reading);
    default:
      return /^[.,]/.test(element) ? readFraction(element, rest, reading) : readOffset(element, rest, reading);
  }
};

const readNumber = (
  [pattern, set]: readonly [RegExp, (reading: Reading, value: number) => void],
  element: string,
  rest: string,
  reading: Reading,
): number | undefined => {
  const match = pattern.exec(rest);
  if (match === null) return undefined;
  set(reading, Number(match[0]));
  let taken = match[0].length;
  // Seconds may have a fraction even where the layout has none.
  if (element === '05' || element === '5') {
    const fraction = /^[.,]\d+/.exec(rest.slice(taken));
    if (fraction !== null) {
      reading.nanosecond = Number(fraction[0].slice(1, 10).padEnd(9, '0'));
      taken += fraction[0].length;
    }
  }
  return taken;
};

const readZoneName = (rest: string, reading: Reading): number | undefined => {
  const match = /^(UTC|GMT[+-]\d{1,2}|[A-Z]{3,5}|[+-]\d{2})/.exec(rest);
  if (match === null) return undefined;
  reading.zone ??= match[0] === 'UTC' ? 'UTC' : 0;
  return match[0].length;
};

const readFraction = (element: string, rest: string, reading: Reading): number | undefined => {
  const match = /^[.,]\d+/.exec(rest);
  const isOptional = element[1] === '9';
  if (match === null) return isOptional ? 0 : undefined;
  if (!isOptional && match[0].length !== element.length) return undefined;
  reading.nanosecond = Number(match[0].slice(1, 10).padEnd(9, '0'));
  return match[0].length;
};

const readOffset = (element: string, rest: string, reading: Reading): number | undefined => {
  if (element.startsWith('Z') && rest.startsWith('Z')) {
    reading.zone = 'UTC';
    return 1;
  }
  const digits = element.replace(/[^0-9]/g, '').length;
  const colon = element.includes(':') ? ':' : '';
  const more = `${colon}(\\d{2})`.repeat(digits / 2 - 1);
  const match = new RegExp(`^([+-])(\\d{2})${more}`).exec(rest);
  if (match === null) return undefined;
  const [whole, sign, hours, minutes = '0', seconds = '0'] = match;
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  reading.zone = sign === '-' ? -size : size;
  if (size === 0) reading.zone = 'UTC';
  return whole.length;
};

/** What is found wrong as soon as it is read. */
const partOutOfRange = (reading: Reading): string | undefined => {
  if (reading.month < 1 || reading.month > 12) return 'month';
  if (reading.hour > 23) return 'hour';
  if (reading.minute > 59) return 'minute';
  return reading.second > 59 ? 'second' : undefined;
};

const dayOutOfRange = (reading: Reading): string | undefined => {
  const days = new Date(Date.UTC(2000 + (reading.year % 400), reading.month, 0)).getUTCDate();
  return reading.day < 1 || reading.day > days ? 'day' : undefined;
};

/** time.ParseInLocation; the end of Go's error text when the text does not fit the layout. */
export const parseTime = (layout: string, text: string, zone: string): Moment | string => {
  const reading: Reading = {
    year: layout === '' ? 1 : 0,
    month: 1,
    day: 1,
    yearDay: undefined,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    isPm: undefined,
    zone: undefined,
  };
  if (layout === '' && text === '') return ZERO_TIME;
  let rest = text;
  for (const { element, text: literal } of split(layout)) {
    const taken =
      element === undefined
        ? rest.startsWith(literal)
          ? literal.length
          : undefined
        : readElement(element, rest, reading);
    if (taken === undefined)
      return ` as ${timeQuote(layout)}: cannot parse ${timeQuote(rest)} as ${timeQuote(literal)}`;
    rest = rest.slice(taken);
    const wrong = partOutOfRange(reading);
    if (wrong !== undefined) return `: ${wrong} out of range`;
  }
  if (rest !== '') return `: extra text: ${timeQuote(rest)}`;
  if (reading.isPm === true && reading.hour < 12) reading.hour += 12;
  if (reading.isPm === false && reading.hour === 12) reading.hour = 0;
  if (reading.yearDay !== undefined) [reading.month, reading.day] = [1, reading.yearDay];
  const wrong = reading.yearDay === undefined ? dayOutOfRange(reading) : undefined;
  if (wrong !== undefined) return `: ${wrong} out of range`;
  return momentOf(reading, reading.zone ?? zone);
};
