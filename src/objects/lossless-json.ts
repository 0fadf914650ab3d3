import { randomBytes } from 'node:crypto';
import { isRecord } from './json.js';
import { parseJsonStrict } from './schema/strict-json.js';

/**
 * Integers of 64 bits in JSON. Those that a JavaScript number holds are numbers, as everywhere; the others, and only
 * they, are BigInts. Ordinary JSON takes the ordinary path: `JSON.stringify`, and `JSON.parse` where no long number is.
 */

/** A run of digits that may be an integer beyond 2^53. */
const LONG_NUMBER = /(?:^|[:[,\s])-?\d{16,19}(?:$|[\s,\]}])/;

/** Stands in a text for the numbers that are put in afterwards; nobody can know it beforehand. */
const MARK = randomBytes(12).toString('hex');
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g');

/** The JSON of a value that may hold BigInts; `indent` spaces for each level make it one that people read. */
export const writeJson = (value: unknown, indent = 0): string => {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (error) {
    if (!holdsBigInt(value)) throw error;
    const mark = (_key: string, inner: unknown): unknown => (typeof inner === 'bigint' ? `${MARK}${inner}` : inner);
    const text = JSON.stringify(value, mark, indent);
    return text.replaceAll(MARKED, '$1');
  }
};

/** Reads JSON without losing digits of integers. Throws a SyntaxError or a JsonError. */
export const readJson = (text: string): unknown =>
  LONG_NUMBER.test(text) ? parseJsonStrict(text).value : (JSON.parse(text) as unknown);

/** True when an integer that no number holds is somewhere in the value. */
export const holdsBigInt = (value: unknown): boolean => {
  if (typeof value === 'bigint') return true;
  if (Array.isArray(value)) return value.some(holdsBigInt);
  return isRecord(value) && Object.values(value).some(holdsBigInt);
};

/** The value with the nearest numbers in place of BigInts, for code that knows only numbers. */
export const withNearestNumbers = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(withNearestNumbers);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withNearestNumbers(inner)]));
};
