import { fromBytes } from './go-string.js';

/** What Go's strconv calls printable. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
// oxlint-disable-next-line no-control-regex
const PLAIN = /^[ !#-[\]-~]*$/;

const SHORT: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

const hex = (code: number, width: number): string => code.toString(16).padStart(width, '0');

const quoteRune = (rune: string, quote: string, asciiOnly: boolean): string => {
  if (rune === quote) return `\\${quote}`;
  const short = SHORT[rune];
  if (short !== undefined) return short;
  const code = rune.codePointAt(0) ?? 0;
  // A lone surrogate stands for a byte that is no UTF-8.
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00, 2)}`;
  if (code < 0x80 ? code >= 0x20 && code !== 0x7f : !asciiOnly && isPrintable(rune)) return rune;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
};

export const isPrintable = (rune: string): boolean => PRINTABLE.test(rune);

/** `strconv.Quote`: `%q`. */
export const goQuote = (text: string, asciiOnly = false): string => {
  if (PLAIN.test(text)) return `"${text}"`;
  let out = '"';
  for (const rune of text) out += quoteRune(rune, '"', asciiOnly);
  return `${out}"`;
};

/** `strconv.QuoteRune`: `%q` of an integer. */
export const goQuoteRune = (code: number, asciiOnly = false): string => {
  const valid = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return `'${quoteRune(valid ? String.fromCodePoint(code) : '\ufffd', "'", asciiOnly)}'`;
};

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** `strconv.Unquote` of `"..."` or `` `...` ``; undefined when the syntax is wrong. */
export const goUnquote = (quoted: string): string | undefined => {
  const quote = quoted.charAt(0);
  if (quoted.length < 2 || !quoted.endsWith(quote)) return undefined;
  const body = quoted.slice(1, -1);
  if (quote === '`') return body.includes('`') ? undefined : body.replaceAll('\r', '');
  if (quote !== '"' || body.includes('\n')) return undefined;
  return body.includes('\\') || body.includes('"') ? unescapeAll(body, quote) : body;
};

const unescapeAll = (body: string, quote: string): string | undefined => {
  let out = '';
  let hasBytes = false;
  for (let at = 0; at < body.length; ) {
    const char = body.charAt(at);
    if (char === quote) return undefined;
    if (char !== '\\') {
      out += char;
      at += 1;
      continue;
    }
    const escape = readEscape(body, at + 1, quote);
    if (escape === undefined) return undefined;
    out += escape.text;
    hasBytes ||= escape.isByte;
    at = escape.end;
  }
  return hasBytes ? joinBytes(out) : out;
};

/** Bytes given one by one (`\xe2\x82\xac`) can spell a character together. */
const joinBytes = (text: string): string =>
  text.replace(/[\udc80-\udcff]+/g, (run) => fromBytes(Uint8Array.from(run, (unit) => unit.charCodeAt(0) - 0xdc00)));

const readEscape = (
  body: string,
  at: number,
  quote: string,
): { text: string; end: number; isByte: boolean } | undefined => {
  const char = body.charAt(at);
  const simple = ESCAPES[char] ?? (char === quote ? char : undefined);
  if (simple !== undefined && char !== '') return { text: simple, end: at + 1, isByte: false };
  const width = char === 'x' ? 2 : char === 'u' ? 4 : char === 'U' ? 8 : 0;
  if (width > 0) {
    const digits = body.slice(at + 1, at + 1 + width);
    if (digits.length < width || !/^[0-9a-fA-F]+$/.test(digits)) return undefined;
    return codeEscape(Number.parseInt(digits, 16), at + 1 + width, char === 'x');
  }
  const octal = body.slice(at, at + 3);
  if (!/^[0-7]{3}$/.test(octal)) return undefined;
  const code = Number.parseInt(octal, 8);
  return code > 255 ? undefined : codeEscape(code, at + 3, true);
};

const codeEscape = (code: number, end: number, isByte: boolean): ReturnType<typeof readEscape> => {
  if (isByte)
    return {
      text: code < 0x80 ? String.fromCharCode(code) : String.fromCharCode(0xdc00 + code),
      end,
      isByte: code >= 0x80,
    };
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  return { text: String.fromCodePoint(code), end, isByte: false };
};

/** The code point of a character constant such as `'a'` or `'\n'`; an error text when it is malformed. */
export const unquoteChar = (quoted: string): number | string => {
  const body = quoted.slice(1);
  if (body.startsWith("'") || body === '') return 'invalid syntax';
  if (body.startsWith('\\')) {
    const escape = readEscape(body, 1, "'");
    if (escape === undefined) return 'invalid syntax';
    if (body.slice(escape.end) !== "'") return `malformed character constant: ${quoted}`;
    const code = escape.text.codePointAt(0) ?? 0;
    return escape.isByte ? code - 0xdc00 : code;
  }
  const code = body.codePointAt(0) ?? 0;
  return body.slice(String.fromCodePoint(code).length) === "'" ? code : `malformed character constant: ${quoted}`;
};
