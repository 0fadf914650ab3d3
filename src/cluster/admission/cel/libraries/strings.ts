import type { Library } from '../environment.js';
import { CelError } from '../values.js';
import { formatText } from './format-text.js';

const position = (index: bigint): number => Number(index);

const outOfRange = (index: bigint): CelError => new CelError(`index out of range: ${index}`);

const charAt = (text: string, index: bigint): string => {
  const characters = Array.from(text);
  if (index < 0n || position(index) > characters.length) throw outOfRange(index);
  return characters[position(index)] ?? '';
};

const matchesAt = (text: readonly string[], part: readonly string[], at: number): boolean =>
  part.every((character, index) => text[at + index] === character);

const indexOf = (text: string, part: string, from = 0n): bigint => {
  const [characters, sought] = [Array.from(text), Array.from(part)];
  if (sought.length === 0) return from;
  if (from < 0n) throw outOfRange(from);
  for (let at = position(from); at <= characters.length - sought.length; at += 1)
    if (matchesAt(characters, sought, at)) return BigInt(at);
  return -1n;
};

const lastIndexOf = (text: string, part: string, from?: bigint): bigint => {
  const [characters, sought] = [Array.from(text), Array.from(part)];
  if (sought.length === 0) return from ?? BigInt(characters.length);
  if (sought.length > characters.length) return -1n;
  if (from !== undefined && from < 0n) throw outOfRange(from);
  if (from !== undefined && position(from) >= characters.length) return -1n;
  const last = characters.length - sought.length;
  for (let at = Math.min(last, from === undefined ? last : position(from)); at >= 0; at -= 1)
    if (matchesAt(characters, sought, at)) return BigInt(at);
  return -1n;
};

const ascii = (text: string, change: (character: string) => string, range: RegExp): string =>
  text.replace(range, change);

const replace = (text: string, from: string, to: string, count = -1n): string => {
  if (count === 0n) return text;
  if (count < 0n) return from === '' ? replaceBetween(text, to, Infinity) : text.split(from).join(to);
  if (from === '') return replaceBetween(text, to, position(count));
  const parts = text.split(from);
  const cut = Math.min(position(count), parts.length - 1);
  return parts.slice(0, cut + 1).join(to) + (cut + 1 < parts.length ? from + parts.slice(cut + 1).join(from) : '');
};

/** An empty text stands before every character, and at the end. */
const replaceBetween = (text: string, to: string, count: number): string => {
  let left = count;
  const put = (): string => {
    left -= 1;
    return left >= 0 ? to : '';
  };
  return Array.from(text, (character) => put() + character).join('') + put();
};

const split = (text: string, separator: string, limit = -1n): string[] => {
  if (limit === 0n) return [];
  if (limit === 1n) return [text];
  const parts = separator === '' ? Array.from(text) : text.split(separator);
  if (limit < 0n || parts.length <= position(limit)) return parts;
  const head = parts.slice(0, position(limit) - 1);
  return [...head, parts.slice(position(limit) - 1).join(separator)];
};

const substring = (text: string, from: bigint, to?: bigint): string => {
  const characters = Array.from(text);
  const { length } = characters;
  if (to !== undefined) {
    if (from > to) throw new CelError(`invalid substring range. start: ${from}, end: ${to}`);
    if (to < 0n || position(to) > length) throw outOfRange(to);
  }
  if (from < 0n || position(from) > length) throw outOfRange(from);
  return characters.slice(position(from), to === undefined ? length : position(to)).join('');
};

/** White space of Unicode, without the byte order mark that JavaScript takes for it. */
const SPACE = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const AROUND = new RegExp(`^${SPACE}+|${SPACE}+$`, 'g');

const QUOTED: Readonly<Record<string, string>> = {
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
  '\\': String.raw`\\`,
  '"': String.raw`\"`,
};

const quote = (text: string): string => `"${Array.from(text, (character) => QUOTED[character] ?? character).join('')}"`;

/** The functions of texts, in the version that Kubernetes has. */
export const STRINGS: Library = {
  charAt: { 'string_char_at_int string.(int) -> string': charAt },
  indexOf: {
    'string_index_of_string string.(string) -> int': (text: string, part: string) => indexOf(text, part),
    'string_index_of_string_int string.(string, int) -> int': indexOf,
  },
  lastIndexOf: {
    'string_last_index_of_string string.(string) -> int': (text: string, part: string) => lastIndexOf(text, part),
    'string_last_index_of_string_int string.(string, int) -> int': lastIndexOf,
  },
  join: {
    'list_join list(string).() -> string': (list: string[]) => list.join(''),
    'list_join_string list(string).(string) -> string': (list: string[], separator: string) => list.join(separator),
  },
  lowerAscii: {
    'string_lower_ascii string.() -> string': (text: string) => ascii(text, (each) => each.toLowerCase(), /[A-Z]/g),
  },
  upperAscii: {
    'string_upper_ascii string.() -> string': (text: string) => ascii(text, (each) => each.toUpperCase(), /[a-z]/g),
  },
  replace: {
    'string_replace_string_string string.(string, string) -> string': (text: string, from: string, to: string) =>
      replace(text, from, to),
    'string_replace_string_string_int string.(string, string, int) -> string': replace,
  },
  split: {
    'string_split_string string.(string) -> list(string)': (text: string, separator: string) => split(text, separator),
    'string_split_string_int string.(string, int) -> list(string)': split,
  },
  substring: {
    'string_substring_int string.(int) -> string': (text: string, from: bigint) => substring(text, from),
    'string_substring_int_int string.(int, int) -> string': substring,
  },
  trim: { 'string_trim string.() -> string': (text: string) => text.replaceAll(AROUND, '') },
  format: { 'string_format string.(list(dyn)) -> string': formatText },
  'strings.quote': { 'strings_quote (string) -> string': quote },
};
