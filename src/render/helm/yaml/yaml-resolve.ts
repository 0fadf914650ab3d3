import { parseGoFloat, parseGoInteger } from '../template/numbers.js';

/** What a plain scalar means. Integers are kept exact. */
export type Resolved =
  | { readonly tag: 'null' }
  | { readonly tag: 'bool'; readonly value: boolean }
  | { readonly tag: 'int'; readonly value: bigint }
  | { readonly tag: 'float'; readonly value: number }
  | { readonly tag: 'timestamp' | 'str' };

const WORDS = new Map<string, Resolved>();
const addWords = (resolved: Resolved, ...words: string[]): void => {
  for (const word of words) WORDS.set(word, resolved);
};
addWords({ tag: 'bool', value: true }, 'y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON');
addWords({ tag: 'bool', value: false }, 'n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF');
addWords({ tag: 'null' }, '', '~', 'null', 'Null', 'NULL');
addWords({ tag: 'float', value: Number.NaN }, '.nan', '.NaN', '.NAN');
addWords({ tag: 'float', value: Infinity }, '.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF');
addWords({ tag: 'float', value: -Infinity }, '-.inf', '-.Inf', '-.INF');

const STRING: Resolved = { tag: 'str' };
const YAML_FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const MAX_UINT64 = 2n ** 64n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** Resolves a plain scalar as go-yaml 2 does (YAML 1.1). */
export const resolvePlain = (text: string): Resolved => {
  const c = text.charCodeAt(0);
  const isNumeric = (c >= 48 && c <= 57) || c === 43 || c === 45;
  // Only these can begin a word of the table or a number.
  if (!isNumeric && c !== 46 && text !== '' && !'yYnNtTfFoO~'.includes(text.charAt(0))) return STRING;
  const word = text.length <= 5 ? WORDS.get(text) : undefined;
  if (word !== undefined) return word;
  if (c === 46) {
    const value = parseGoFloat(text);
    return value === undefined ? STRING : { tag: 'float', value };
  }
  return isNumeric ? resolveNumeric(text) : STRING;
};

const resolveNumeric = (text: string): Resolved => {
  if (isTimestamp(text)) return { tag: 'timestamp' };
  const plain = text.includes('_') ? text.replaceAll('_', '') : text;
  const integer = parseGoInteger(plain);
  if (integer !== undefined && integer >= MIN_INT64 && integer <= MAX_UINT64) return { tag: 'int', value: integer };
  if (YAML_FLOAT.test(plain)) {
    const value = Number(plain);
    if (Number.isFinite(value)) return { tag: 'float', value };
  }
  return STRING;
};

const TIMESTAMP =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2})| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?)?$/;

export const isTimestamp = (text: string): boolean => {
  if (text.charCodeAt(4) !== 45) return false;
  const match = TIMESTAMP.exec(text);
  if (match === null) return false;
  const [, year, month, day, ...clock] = match.map(Number);
  const [hour = 0, minute = 0, second = 0] = clock.filter((part) => !Number.isNaN(part));
  const days = new Date(Date.UTC(year ?? 0, month ?? 0, 0));
  if (Number(year) < 100) days.setUTCFullYear(Number(year));
  const inMonth = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= days.getUTCDate();
  return inMonth && hour < 24 && minute < 60 && second < 60;
};
