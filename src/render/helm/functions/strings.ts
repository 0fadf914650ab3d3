import { GoError, limitError } from '../template/errors.js';
import { byteLength, isAscii, runes, sliceBytes } from '../template/go-string.js';
import { sprintValue } from '../template/print.js';
import { goQuote } from '../template/quote.js';
import { stringMap, strings as stringSlice, type Value } from '../template/values.js';
import { camelCase, isGoSpace, swapCase, wordsToLowerCase } from './case.js';
import { toText } from './cast.js';
import { type Family, fn, variadic } from './define.js';
import { wrapText } from './wrap.js';

const MAX_LENGTH = 64 * 1024 * 1024;

const isNil = (value: Value): boolean => value === null || value === undefined;

const isSpaceCode = (code: number): boolean =>
  code === 32 || (code >= 9 && code <= 13) || code === 0x85 || (code >= 0xa0 && isGoSpace(String.fromCharCode(code)));

/** strings.TrimSpace. */
export const trimSpace = (text: string): string => {
  let start = 0;
  let end = text.length;
  while (start < end && isSpaceCode(text.charCodeAt(start))) start += 1;
  while (end > start && isSpaceCode(text.charCodeAt(end - 1))) end -= 1;
  return start === 0 && end === text.length ? text : text.slice(start, end);
};

const trimSet = (set: string, text: string): string => {
  const cut = new Set(runes(set));
  const all = runes(text);
  let start = 0;
  let end = all.length;
  while (start < end && cut.has(all[start] as string)) start += 1;
  while (end > start && cut.has(all[end - 1] as string)) end -= 1;
  return all.slice(start, end).join('');
};

const repeat = (count: number, text: string): string => {
  if (count < 0) throw new GoError('strings: negative Repeat count');
  if (count * text.length > MAX_LENGTH) throw limitError(`a text of more than ${MAX_LENGTH} characters`);
  return text.repeat(count);
};

const indent = (spaces: number, text: string): string => {
  const pad = repeat(spaces, ' ');
  return pad + text.replaceAll('\n', `\n${pad}`);
};

export const sliceOutOfRange = (bound: string, length: number): GoError =>
  new GoError(`runtime error: slice bounds out of range [${bound}] with length ${length}`);

const trunc = (count: number, text: string): string => {
  const length = byteLength(text);
  if (count < 0 && length + count > 0) return sliceBytes(text, length + count);
  return count >= 0 && length > count ? sliceBytes(text, 0, count) : text;
};

const substr = (start: number, end: number, text: string): string => {
  const length = byteLength(text);
  if (start < 0) {
    if (end < 0) throw new GoError(`runtime error: slice bounds out of range [:${end}]`);
    if (end > length) throw sliceOutOfRange(`:${end}`, length);
    return sliceBytes(text, 0, end);
  }
  if (end < 0 || end > length) {
    if (start > length) throw new GoError(`runtime error: slice bounds out of range [${start}:${length}]`);
    return sliceBytes(text, start);
  }
  if (start > end) throw new GoError(`runtime error: slice bounds out of range [${start}:${end}]`);
  return sliceBytes(text, start, end);
};

/** strings.Split: an empty separator splits after each character. */
export const splitText = (separator: string, text: string): string[] =>
  separator === '' ? runes(text) : text.split(separator);

const splitN = (separator: string, count: number, text: string): string[] => {
  if (count === 0) return [];
  const parts = splitText(separator, text);
  if (count < 0 || parts.length <= count) return parts;
  return [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)];
};

const numbered = (parts: readonly string[]): Value => stringMap(parts.map((part, i) => [`_${i}`, part] as const));

const title = (text: string): string => {
  let isStart = true;
  return Array.from(text, (c) => {
    const upper = isStart ? c.toUpperCase() : c;
    isStart = /[^\p{L}\p{Nd}_]/u.test(c) && (c.charCodeAt(0) < 128 || isGoSpace(c));
    return upper;
  }).join('');
};

const untitle = (text: string): string => {
  let isStart = true;
  return runes(text)
    .map((c) => {
      if (isGoSpace(c)) {
        isStart = true;
        return c;
      }
      const changed = isStart ? c.toLowerCase() : c;
      isStart = false;
      return changed;
    })
    .join('');
};

const abbreviate = (text: string, offset: number, width: number): string => {
  const length = byteLength(text);
  if (text === '' || width < 4) return '';
  if (length <= width) return text;
  let from = Math.min(offset, length);
  if (length - from < width - 3) from = length - (width - 3);
  if (from <= 4) return `${sliceBytes(text, 0, width - 3)}...`;
  if (width < 7) return '';
  if (from + width - 3 < length) return `...${abbreviate(sliceBytes(text, from), 0, width - 3)}`;
  return `...${sliceBytes(text, length - (width - 3))}`;
};

/** goutils takes bytes for characters here. */
const byteCharacters = (text: string): string[] =>
  isAscii(text) ? Array.from(text) : Array.from(Buffer.from(text, 'utf8').toString('latin1'));

const initials = (text: string): string => {
  let isGap = true;
  return byteCharacters(text)
    .filter((c) => {
      const isSpace = isGoSpace(c);
      const isKept = isGap && !isSpace;
      isGap = isSpace;
      return isKept;
    })
    .join('');
};

const nospace = (text: string): string => {
  const characters = byteCharacters(text);
  const kept = characters.filter((c) => !isGoSpace(c));
  return kept.length === characters.length ? text : kept.join('');
};

/** One character for one: Go's mapping has no others. */
const mapCase = (text: string, change: (c: string) => string): string =>
  isAscii(text)
    ? change(text)
    : Array.from(text, (c) => {
        const changed = change(c);
        return Array.from(changed).length === 1 ? changed : c;
      }).join('');

const present = (values: readonly Value[]): Value[] => values.filter((value) => !isNil(value));

/** Sprig's functions on strings. */
export const strings: Family = {
  abbrev: fn(['int', 'string'], (width, text) => (width.value < 4n ? text : abbreviate(text, 0, width.toNumber()))),
  abbrevboth: fn(['int', 'int', 'string'], (left, right, text) =>
    right.value < 4n || (left.value > 0n && right.value < 7n)
      ? text
      : abbreviate(text, left.toNumber(), right.toNumber()),
  ),
  trunc: fn(['int', 'string'], (count, text) => trunc(count.toNumber(), text)),
  substr: fn(['int', 'int', 'string'], (start, end, text) => substr(start.toNumber(), end.toNumber(), text)),
  trim: fn(['string'], trimSpace),
  trimAll: fn(['string', 'string'], trimSet),
  trimall: fn(['string', 'string'], trimSet),
  trimSuffix: fn(['string', 'string'], (suffix, text) =>
    suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
  ),
  trimPrefix: fn(['string', 'string'], (prefix, text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  upper: fn(['string'], (text) => mapCase(text, (c) => c.toUpperCase())),
  lower: fn(['string'], (text) => mapCase(text, (c) => c.toLowerCase())),
  title: fn(['string'], title),
  untitle: fn(['string'], untitle),
  repeat: fn(['int', 'string'], (count, text) => repeat(count.toNumber(), text)),
  nospace: fn(['string'], nospace),
  initials: fn(['string'], initials),
  swapcase: fn(['string'], swapCase),
  snakecase: fn(['string'], (text) => wordsToLowerCase(text, '_')),
  kebabcase: fn(['string'], (text) => wordsToLowerCase(text, '-')),
  camelcase: fn(['string'], camelCase),
  wrap: fn(['int', 'string'], (width, text) => wrapText(text, width.toNumber(), '\n', false)),
  wrapWith: fn(['int', 'string', 'string'], (width, separator, text) =>
    wrapText(text, width.toNumber(), separator === '' ? '\n' : separator, true),
  ),
  contains: fn(['string', 'string'], (part, text) => text.includes(part)),
  hasPrefix: fn(['string', 'string'], (prefix, text) => text.startsWith(prefix)),
  hasSuffix: fn(['string', 'string'], (suffix, text) => text.endsWith(suffix)),
  quote: variadic([], 'any', (values: Value[]) =>
    present(values)
      .map((value) => goQuote(toText(value)))
      .join(' '),
  ),
  squote: variadic([], 'any', (values: Value[]) =>
    present(values)
      .map((value) => `'${sprintValue(value)}'`)
      .join(' '),
  ),
  cat: variadic([], 'any', (values: Value[]) => present(values).map(sprintValue).join(' ')),
  indent: fn(['int', 'string'], (spaces, text) => indent(spaces.toNumber(), text)),
  nindent: fn(['int', 'string'], (spaces, text) => `\n${indent(spaces.toNumber(), text)}`),
  replace: fn(['string', 'string', 'string'], (from, to, text) => replaceAll(text, from, to)),
  plural: fn(['string', 'string', 'int'], (one, many, count) => (count.value === 1n ? one : many)),
  toString: fn(['any'], toText),
  split: fn(['string', 'string'], (separator, text) => numbered(splitText(separator, text))),
  splitn: fn(['string', 'int', 'string'], (separator, count, text) =>
    numbered(splitN(separator, count.toNumber(), text)),
  ),
  splitList: fn(['string', 'string'], (separator, text) => stringSlice(splitText(separator, text))),
  hello: fn([], () => 'Hello!'),
};

/** strings.ReplaceAll: an empty text is found before each character and at the end. */
const replaceAll = (text: string, from: string, to: string): string => {
  if (from === '')
    return (
      to +
      runes(text)
        .map((c) => c + to)
        .join('')
    );
  return text.includes(from) ? text.split(from).join(to) : text;
};
