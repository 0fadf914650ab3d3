import { formatFloat } from '../template/numbers.js';
import { goQuote } from '../template/quote.js';

/** Plain JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const typeOf = (value: Json): string => {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
};

/** Deep equality of JSON values. */
export const equals = (a: Json, b: Json): boolean => {
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => equals(item, b[i] ?? null));
  }
  if (!isObject(a)) return a === b;
  if (!isObject(b) || Object.keys(a).length !== Object.keys(b).length) return false;
  return Object.entries(a).every(([key, item]) => Object.hasOwn(b, key) && equals(item, b[key] ?? null));
};

/** A text in single quotes, otherwise as Go quotes it. */
export const quote = (text: string): string =>
  `'${goQuote(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;

export const quotedList = (texts: readonly string[]): string => texts.map(quote).join(', ');

/** A value of a schema in a message. */
export const display = (value: Json): string => {
  if (typeof value === 'string') return quote(value);
  if (value === null) return '<nil>';
  return typeof value === 'object' ? 'value' : String(value);
};

const SUPERSCRIPTS: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from('⁰¹²³⁴⁵⁶⁷⁸⁹⁻', (c, i) => [i === 10 ? '-' : String(i), c]),
);

/** A count as golang.org/x/text prints it: with commas between thousands. */
export const groupedCount = (count: number): string => String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');

/** A number as golang.org/x/text prints it: large and small ones with a power of ten. */
export const groupedNumber = (value: number): string => {
  const [mantissa = '', exponent] = formatFloat(value, 'g', -1).split('e');
  if (exponent !== undefined) {
    return `${mantissa}×10${Array.from(exponent.replace('+', ''), (c) => SUPERSCRIPTS[c] ?? c).join('')}`;
  }
  const [whole = '', fraction] = mantissa.split('.');
  return fraction === undefined
    ? groupedCount(Number(whole))
    : `${whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')}.${fraction}`;
};

/** The numerator and denominator of a decimal number. */
const ratio = (value: number): readonly [bigint, bigint] => {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const scale = Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  return scale >= 0 ? [digits * 10n ** BigInt(scale), 1n] : [digits, 10n ** BigInt(-scale)];
};

/** Whether a number is a whole multiple of another, in decimal arithmetic. */
export const isMultiple = (value: number, of: number): boolean => {
  if (of === 0) return true;
  const [a, b] = ratio(value);
  const [c, d] = ratio(of);
  return (a * d) % (b * c) === 0n;
};
