import { format, sprint, sprintln } from '../template/format.js';
import { byteLength, toBytes } from '../template/go-string.js';
import type { Value } from '../template/values.js';
import { type Family, variadic } from './define.js';

const HTML: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
};

const SCRIPT: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
};

/** What text/template's escapers work on: one string, or everything printed. */
const textOf = (values: readonly Value[]): string => {
  if (values.length === 1 && typeof values[0] === 'string') return values[0];
  return sprint(values.map((value) => value ?? '<no value>'));
};

// oxlint-disable-next-line no-control-regex
const escapeHtml = (text: string): string => text.replace(/[\0"'&<>]/g, (c) => HTML[c] ?? c);

const escapeScript = (text: string): string =>
  Array.from(text, (c) => {
    const known = SCRIPT[c];
    if (known !== undefined) return known;
    const code = c.codePointAt(0) ?? 0;
    if (code < 32) return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
    if (code < 128 || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(c)) return c;
    return `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`;
  }).join('');

/** url.QueryEscape. */
export const queryEscape = (text: string): string => {
  if (byteLength(text) === text.length && /^[A-Za-z0-9\-_.~]*$/.test(text)) return text;
  return Array.from(toBytes(text), (byte) => {
    const c = String.fromCharCode(byte);
    if (/[A-Za-z0-9\-_.~]/.test(c)) return c;
    return c === ' ' ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
};

/** text/template's own printing and escaping. */
export const printing: Family = {
  print: variadic([], 'any', sprint),
  println: variadic([], 'any', sprintln),
  printf: variadic(['string'], 'any', format),
  html: variadic([], 'any', (values: Value[]) => escapeHtml(textOf(values))),
  js: variadic([], 'any', (values: Value[]) => escapeScript(textOf(values))),
  urlquery: variadic([], 'any', (values: Value[]) => queryEscape(textOf(values))),
};
