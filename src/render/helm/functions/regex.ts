import { createRequire } from 'node:module';
import type { RE2JS as Re2 } from 're2js';
import { GoError } from '../template/errors.js';
import { nilSlice, strings, type Value } from '../template/values.js';
import { type Family, fn } from './define.js';

type Re2Class = typeof Re2;

const require = createRequire(import.meta.url);
let engine: Re2Class | undefined;
/** Loaded when the first pattern is met: most charts have none. */
const re2 = (): Re2Class => (engine ??= (require('re2js') as { RE2JS: Re2Class }).RE2JS);

const MAX_CACHED = 1000;
const compiled = new Map<string, Re2>();

/** Compiles with RE2's syntax: no pattern takes more than linear time. Throws regexp's error. */
const compile = (pattern: string): Re2 => {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  let regex: Re2;
  try {
    regex = re2().compile(pattern);
  } catch (error) {
    throw new GoError(`error parsing regexp: ${problemOf(error)}`);
  }
  if (compiled.size >= MAX_CACHED) compiled.clear();
  compiled.set(pattern, regex);
  return regex;
};

const problemOf = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^error parsing regexp: /, '');
};

interface Match {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | undefined)[];
}

/** Every match as Go finds them: an empty one is not taken right after another match. */
const matches = (pattern: Re2, text: string, limit: number): Match[] => {
  const found: Match[] = [];
  const matcher = pattern.matcher(text);
  let at = 0;
  let previousEnd = -1;
  const wanted = limit < 0 ? Infinity : limit;
  for (; at <= text.length && matcher.find(at); ) {
    if (found.length >= wanted) break;
    const start = matcher.start();
    const end = matcher.end();
    if (end > start || start !== previousEnd) {
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined);
      found.push({ start, end, groups });
    }
    previousEnd = end;
    at = end > start ? end : end + (isPair(text, end) ? 2 : 1);
  }
  return found;
};

const isPair = (text: string, at: number): boolean => {
  const c = text.charCodeAt(at);
  return c >= 0xd800 && c <= 0xdbff;
};

const find = (pattern: string, text: string): string => {
  const match = matches(compile(pattern), text, 1)[0];
  return match === undefined ? '' : text.slice(match.start, match.end);
};

const findAll = (pattern: string, text: string, count: number): Value => {
  const found = strings(matches(compile(pattern), text, count).map(({ start, end }) => text.slice(start, end)));
  return found.items.length === 0 ? nilSlice(found) : found;
};

const replaceWith = (pattern: Re2, text: string, replacement: (match: Match) => string): string => {
  let out = '';
  let at = 0;
  for (const match of matches(pattern, text, -1)) {
    out += text.slice(at, match.start) + replacement(match);
    at = match.end;
  }
  return out + text.slice(at);
};

/** `$1`, `${1}`, `$name`, `$$` of a replacement. */
const expand = (template: string, match: Match, names: Readonly<Record<string, number>>): string =>
  template.replace(/\$(?:\$|\{([A-Za-z0-9_]+)\}|([\p{L}\p{Nd}_]+))/gu, (whole, braced?: string, bare?: string) => {
    if (whole === '$$') return '$';
    const name = braced ?? bare ?? '';
    const group = /^[0-9]+$/.test(name) ? Number(name) : names[name];
    return group === undefined ? '' : (match.groups[group] ?? '');
  });

const replaceAll = (pattern: string, text: string, replacement: string): string => {
  const regex = compile(pattern);
  const names = (regex as unknown as { namedGroups(): Record<string, number> }).namedGroups();
  return replaceWith(regex, text, (match) =>
    replacement.includes('$') ? expand(replacement, match, names) : replacement,
  );
};

const replaceLiteral = (pattern: string, text: string, replacement: string): string =>
  replaceWith(compile(pattern), text, () => replacement);

const split = (pattern: string, text: string, count: number): Value => {
  if (count === 0) return nilSlice(strings([]));
  const regex = compile(pattern);
  if (pattern !== '' && text === '') return strings(['']);
  const parts: string[] = [];
  let from = 0;
  let to = 0;
  for (const { start, end } of matches(regex, text, count)) {
    if (count > 0 && parts.length === count - 1) break;
    to = start;
    if (end !== 0) parts.push(text.slice(from, to));
    from = end;
  }
  if (to !== text.length) parts.push(text.slice(from));
  return strings(parts);
};

const test = (pattern: string, text: string): boolean => matches(compile(pattern), text, 1).length > 0;

/** Whether a text matches a pattern; a wrong pattern matches nothing. */
export const matchesRe2 = (pattern: string, text: string): boolean => testLeniently(pattern, text);

/** regexp's complaint about a pattern. */
export const re2Problem = (pattern: string): string | undefined => {
  try {
    compile(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof GoError) return error.message;
    throw error;
  }
};

/** Sprig's `regexMatch` takes a wrong pattern for one that does not match. */
const testLeniently = (pattern: string, text: string): boolean => {
  try {
    return test(pattern, text);
  } catch (error) {
    if (error instanceof GoError) return false;
    throw error;
  }
};

/** The functions without `must` panic with another text on a wrong pattern. */
const panicking =
  <A extends unknown[]>(call: (pattern: string, ...rest: A) => Value) =>
  (pattern: string, ...rest: A): Value => {
    try {
      compile(pattern);
    } catch (error) {
      if (error instanceof GoError) {
        throw new GoError(`regexp: Compile(${quotePattern(pattern)}): ${error.message}`);
      }
      throw error;
    }
    return call(pattern, ...rest);
  };

const quotePattern = (pattern: string): string => (pattern.includes('`') ? JSON.stringify(pattern) : `\`${pattern}\``);

/** Sprig's functions with regular expressions. */
export const regex: Family = {
  regexMatch: fn(['string', 'string'], testLeniently),
  mustRegexMatch: fn(['string', 'string'], test),
  regexFind: fn(['string', 'string'], (pattern, text) => panicking(find)(pattern, text)),
  mustRegexFind: fn(['string', 'string'], find),
  regexFindAll: fn(['string', 'string', 'int'], (pattern, text, count) =>
    panicking(findAll)(pattern, text, count.toNumber()),
  ),
  mustRegexFindAll: fn(['string', 'string', 'int'], (pattern, text, count) => findAll(pattern, text, count.toNumber())),
  regexReplaceAll: fn(['string', 'string', 'string'], (pattern, text, to) => panicking(replaceAll)(pattern, text, to)),
  mustRegexReplaceAll: fn(['string', 'string', 'string'], replaceAll),
  regexReplaceAllLiteral: fn(['string', 'string', 'string'], (pattern, text, to) =>
    panicking(replaceLiteral)(pattern, text, to),
  ),
  mustRegexReplaceAllLiteral: fn(['string', 'string', 'string'], replaceLiteral),
  regexSplit: fn(['string', 'string', 'int'], (pattern, text, count) =>
    panicking(split)(pattern, text, count.toNumber()),
  ),
  mustRegexSplit: fn(['string', 'string', 'int'], (pattern, text, count) => split(pattern, text, count.toNumber())),
  regexQuoteMeta: fn(['string'], (text) => text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')),
};
