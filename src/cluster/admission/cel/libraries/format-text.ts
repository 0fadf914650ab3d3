import { goQuote } from '../../field-errors.js';
import { showDuration, showTimestamp } from '../time.js';
import {
  CelError,
  DurationValue,
  MapValue,
  plainDouble,
  TimestampValue,
  TypeValue,
  typeNameOf,
  UintValue,
  type CelValue,
} from '../values.js';

const CLAUSE = /%(?:%|(?:\.(\d+))?([a-zA-Z]))|%/g;

const wholeOf = (value: CelValue): bigint | undefined =>
  typeof value === 'bigint' ? value : value instanceof UintValue ? value.value : undefined;

const numberOf = (value: CelValue): number | undefined => {
  if (typeof value === 'number') return value;
  const whole = wholeOf(value);
  if (whole !== undefined) return Number(whole);
  return typeof value === 'string' && /^(?:NaN|-?Infinity)$/.test(value) ? Number(value) : undefined;
};

const unfit = (clause: string, what: string, value: CelValue): CelError =>
  new CelError(`error during formatting: ${clause} clause can only be used on ${what}, was given ${typeNameOf(value)}`);

const unformatted = (what: string, form: string, value: CelValue): CelError =>
  new CelError(`error during formatting: only ${what} can be formatted as ${form}, was given ${typeNameOf(value)}`);

/** Infinity and NaN are written in words. */
const special = (value: number): string | undefined => {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return undefined;
  return value > 0 ? 'Infinity' : '-Infinity';
};

const showDouble = (value: number): string => special(value) ?? plainDouble(value);

/** A value as `%s` writes it. */
const show = (value: CelValue): string => {
  if (value === null) return 'null';
  if (typeof value === 'number') return showDouble(value);
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof UintValue) return String(value.value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof TimestampValue) return showTimestamp(value);
  if (value instanceof DurationValue) return showDuration(value);
  if (value instanceof TypeValue) return value.name;
  if (Array.isArray(value)) return `[${value.map(showHeld).join(', ')}]`;
  if (value instanceof MapValue) {
    const entries = Array.from(value.entries(), ([key, held]) => `${showHeld(key)}:${showHeld(held)}`);
    return `{${entries.sort().join(', ')}}`;
  }
  throw new CelError(
    `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeNameOf(value)}`,
  );
};

/** A value within a list or a map, where texts have quotes. */
const showHeld = (value: CelValue): string => {
  if (typeof value === 'string') return goQuote(value);
  if (value instanceof Uint8Array) return `b${goQuote(show(value))}`;
  if (typeof value === 'number') return special(value) ?? toFixed(value, 6);
  if (value instanceof TimestampValue) return `timestamp(${goQuote(show(value))})`;
  return value instanceof DurationValue ? `duration(${goQuote(show(value))})` : show(value);
};

const decimal = (value: CelValue): string => {
  const whole = wholeOf(value);
  if (whole !== undefined) return String(whole);
  if (typeof value === 'number') {
    const text = special(value);
    if (text !== undefined) return text;
  }
  throw unfit('decimal', 'integers', value);
};

/** What lies between two results goes to the even one, as in Go; JavaScript takes the larger. */
const toFixed = (number: number, precision: number): string => {
  if (Math.abs(number) >= 1e21) return plainDouble(number);
  const digits = Math.min(precision, 100);
  const exact = number.toFixed(100);
  const cut = exact.length - 100 + digits;
  const isTie = /^50*$/.test(exact.slice(cut)) && digits < 100;
  if (!isTie) return number.toFixed(digits);
  const down = exact.slice(0, digits === 0 ? cut - 1 : cut);
  return Number(down.at(-1)) % 2 === 0 ? down : number.toFixed(digits);
};

const fixedPoint = (value: CelValue, precision: number): string => {
  const number = numberOf(value);
  if (number === undefined) throw unfit('fixed-point', 'doubles', value);
  return special(number) ?? toFixed(number, precision);
};

const scientific = (value: CelValue, precision: number): string => {
  const number = numberOf(value);
  if (number === undefined) throw unfit('scientific', 'doubles', value);
  const text = special(number);
  if (text !== undefined) return text;
  const [mantissa = '', exponent = ''] = number.toExponential(Math.min(Math.max(precision, 6), 100)).split('e');
  const digits = exponent.replace(/^[+-]/, '').padStart(2, '0');
  return `${mantissa}×10${exponent.startsWith('-') ? '⁻' : ''}${digits.replaceAll(/\d/g, raised)}`;
};

const RAISED = '⁰¹²³⁴⁵⁶⁷⁸⁹';

const raised = (digit: string): string => RAISED[Number(digit)] ?? '';

const binary = (value: CelValue): string => {
  if (typeof value === 'boolean') return value ? '1' : '0';
  const whole = wholeOf(value);
  if (whole === undefined) throw unformatted('integers and bools', 'binary', value);
  return whole.toString(2);
};

const octal = (value: CelValue): string => {
  const whole = wholeOf(value);
  if (whole === undefined) throw unfit('octal', 'integers', value);
  return whole.toString(8);
};

const hexadecimal = (value: CelValue): string => {
  const whole = wholeOf(value);
  if (whole !== undefined) return whole.toString(16);
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  throw unformatted('integers, byte buffers, and strings', 'hex', value);
};

const VERBS: Readonly<Record<string, (value: CelValue, precision: number) => string>> = {
  s: show,
  d: decimal,
  f: fixedPoint,
  e: scientific,
  b: binary,
  o: octal,
  x: hexadecimal,
  X: (value) => hexadecimal(value).toUpperCase(),
};

/** `'%s has %d'.format(['a', 1])` */
export const formatText = (text: string, args: CelValue[]): string => {
  let used = 0;
  return text.replaceAll(CLAUSE, (all: string, precision: string | undefined, verb: string | undefined) => {
    if (all === '%%') return '%';
    if (verb === undefined) throw new CelError(`could not parse formatting clause: unexpected end of string`);
    const write = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (write === undefined)
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
    if (used >= args.length) throw new CelError(`index ${used} out of range`);
    const value = args[used];
    used += 1;
    return write(value, precision === undefined ? 6 : Number(precision));
  });
};
