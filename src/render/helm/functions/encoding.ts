import { nodeCrypto } from '../../builtin-modules.js';
import { GoError } from '../template/errors.js';
import { fromBytes, toBytes } from '../template/go-string.js';
import type { Value } from '../template/values.js';
import { readJson } from '../json/json-reader.js';
import { UnsupportedValue, writeJson } from '../json/json-writer.js';
import { type Family, fn } from './define.js';

const ALPHABET_32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

const digest = (algorithm: string, text: string): string =>
  nodeCrypto().createHash(algorithm).update(toBytes(text)).digest('hex');

const adler32 = (text: string): string => {
  let a = 1;
  let b = 0;
  for (const byte of toBytes(text)) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return String((b * 65536 + a) >>> 0);
};

/** Where base64.StdEncoding stops reading; undefined when the text is well formed. */
export const corruptAt = (text: string): number | undefined => {
  const clean = text.replace(/[\r\n]/g, '');
  const match = /^([A-Za-z0-9+/]*)(={0,2})/.exec(clean);
  const digits = match?.[1] ?? '';
  const padding = match?.[2] ?? '';
  const isWhole = digits.length + padding.length === clean.length && (digits.length + padding.length) % 4 === 0;
  if (isWhole && !(digits.length % 4 === 0 && padding !== '')) return undefined;
  return offsetOf(text, errorOffset(clean, digits.length));
};

/** The offset that Go names: of the wrong character, or of the group that ended too early. */
const errorOffset = (clean: string, digits: number): number => {
  if (digits === clean.length) return clean.length - (clean.length % 4);
  if (clean.charAt(digits) !== '=') return digits;
  const inGroup = digits % 4;
  if (inGroup < 2) return digits;
  if (inGroup === 2 && clean.charAt(digits + 1) === '') return clean.length;
  if (inGroup === 2 && clean.charAt(digits + 1) !== '=') return digits + 1;
  return digits + (inGroup === 2 ? 2 : 1);
};

/** Line breaks do not count as data, but as offsets they do. */
const offsetOf = (text: string, clean: number): number => {
  let seen = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\n' || text[i] === '\r') continue;
    if (seen === clean) return i;
    seen += 1;
  }
  return text.length;
};

/** Whether base64.StdEncoding reads the text. */
export const isBase64 = (text: string): boolean => corruptAt(text) === undefined;

const decode64 = (text: string): string => {
  const corrupt = corruptAt(text);
  if (corrupt !== undefined) return `illegal base64 data at input byte ${corrupt}`;
  return fromBytes(Buffer.from(text, 'base64'));
};

const encode32 = (text: string): string => {
  const bytes = toBytes(text);
  let out = '';
  for (let at = 0; at < bytes.length; at += 5) {
    const group = bytes.subarray(at, at + 5);
    let bits = 0n;
    for (let i = 0; i < 5; i++) bits = (bits << 8n) | BigInt(group[i] ?? 0);
    const length = Math.ceil((group.length * 8) / 5);
    for (let i = 0; i < 8; i++) {
      out += i < length ? ALPHABET_32[Number((bits >> BigInt(35 - 5 * i)) & 31n)] : '=';
    }
  }
  return out;
};

const decode32 = (text: string): string => {
  const clean = text.replace(/[\r\n]/g, '');
  const digits = clean.replace(/=+$/, '');
  const wrong = Array.from(digits).findIndex((c) => !ALPHABET_32.includes(c));
  const padding = clean.length - digits.length;
  if (wrong >= 0 || clean.length % 8 !== 0 || ![0, 1, 3, 4, 6].includes(padding)) {
    return `illegal base32 data at input byte ${wrong >= 0 ? wrong : digits.length}`;
  }
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  for (const c of digits) {
    bits = ((bits << 5) | ALPHABET_32.indexOf(c)) & 0xfff;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes.push((bits >> count) & 0xff);
    }
  }
  return fromBytes(Uint8Array.from(bytes));
};

/** encoding/json's text of a value; the error as Go has it. */
export const toJsonText = (value: Value, options: Parameters<typeof writeJson>[1]): string => {
  try {
    return writeJson(value, options);
  } catch (error) {
    if (error instanceof UnsupportedValue) throw new GoError(error.message);
    throw error;
  }
};

const orEmpty = (make: () => string): string => {
  try {
    return make();
  } catch (error) {
    if (error instanceof GoError && error.kind === 'plain') return '';
    throw error;
  }
};

const COMPACT = { escapeHtml: true };
const PRETTY = { escapeHtml: true, indent: '  ' };
const RAW = { escapeHtml: false };

/** Sprig's encodings and checksums. */
export const encoding: Family = {
  b64enc: fn(['string'], (text) => toBytes(text).toString('base64')),
  b64dec: fn(['string'], decode64),
  b32enc: fn(['string'], encode32),
  b32dec: fn(['string'], decode32),
  sha1sum: fn(['string'], (text) => digest('sha1', text)),
  sha256sum: fn(['string'], (text) => digest('sha256', text)),
  sha512sum: fn(['string'], (text) => digest('sha512', text)),
  adler32sum: fn(['string'], adler32),
  toJson: fn(['any'], (value) => orEmpty(() => toJsonText(value, COMPACT))),
  mustToJson: fn(['any'], (value) => toJsonText(value, COMPACT)),
  toPrettyJson: fn(['any'], (value) => orEmpty(() => toJsonText(value, PRETTY))),
  mustToPrettyJson: fn(['any'], (value) => toJsonText(value, PRETTY)),
  toRawJson: fn(['any'], (value) => toJsonText(value, RAW)),
  mustToRawJson: fn(['any'], (value) => toJsonText(value, RAW)),
  mustFromJson: fn(['string'], (text) => readJson(text)),
};
