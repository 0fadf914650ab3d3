import { isUtf8 } from 'node:buffer';

/**
 * Go strings are bytes; ours are JavaScript strings of the text they spell. A byte that is no valid UTF-8 is kept as
 * a lone surrogate (U+DC80 to U+DCFF for 0x80 to 0xFF), so that binary files pass through templates unharmed.
 */
const ESCAPE = 0xdc00;

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type WellFormed = { isWellFormed(): boolean };

/** Whether a string has only code points below 128: then bytes, runes and code units are the same. */
export const isAscii = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
};

const isWellFormed = (text: string): boolean => (text as unknown as WellFormed).isWellFormed();

/** The string of these bytes. */
export const fromBytes = (bytes: Uint8Array): string => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer) ? buffer.toString('utf8') : decodeLossless(bytes);
};

const decodeLossless = (bytes: Uint8Array): string => {
  const parts: string[] = [];
  let start = 0;
  let at = 0;
  while (at < bytes.length) {
    const width = sequenceLength(bytes, at);
    if (width > 0) {
      at += width;
      continue;
    }
    if (at > start) parts.push(strictDecoder.decode(bytes.subarray(start, at)));
    parts.push(String.fromCharCode(ESCAPE + (bytes[at] ?? 0)));
    at += 1;
    start = at;
  }
  if (at > start) parts.push(strictDecoder.decode(bytes.subarray(start, at)));
  return parts.join('');
};

/** Length of the valid UTF-8 sequence at `at`, 0 when there is none. */
const sequenceLength = (bytes: Uint8Array, at: number): number => {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const width =
    first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
  if (width === 0 || at + width > bytes.length) return 0;
  for (let i = 1; i < width; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1] ?? 0;
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) return 0;
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return 0;
  return width;
};

const isLone = (text: string, at: number): boolean => {
  const unit = text.charCodeAt(at);
  if (unit < 0xd800 || unit > 0xdfff) return false;
  if (unit < 0xdc00) {
    const next = text.charCodeAt(at + 1);
    return !(next >= 0xdc00 && next <= 0xdfff);
  }
  const before = text.charCodeAt(at - 1);
  return !(before >= 0xd800 && before <= 0xdbff);
};

/** The bytes of a string. */
export const toBytes = (text: string): Buffer => {
  if (isWellFormed(text)) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (!isLone(text, at)) continue;
    if (at > start) parts.push(Buffer.from(text.slice(start, at), 'utf8'));
    const unit = text.charCodeAt(at);
    parts.push(
      unit >= ESCAPE + 0x80 && unit <= ESCAPE + 0xff ? Buffer.from([unit - ESCAPE]) : Buffer.from('\ufffd', 'utf8'),
    );
    start = at + 1;
  }
  if (start < text.length) parts.push(Buffer.from(text.slice(start), 'utf8'));
  return Buffer.concat(parts);
};

/** `len` of a Go string. */
export const byteLength = (text: string): number => {
  if (isAscii(text)) return text.length;
  return isWellFormed(text) ? Buffer.byteLength(text, 'utf8') : toBytes(text).length;
};

/** `text[start:end]` of a Go string; the bounds are checked by the caller. */
export const sliceBytes = (text: string, start: number, end?: number): string => {
  if (isAscii(text)) return text.slice(start, end);
  return fromBytes(toBytes(text).subarray(start, end));
};

/** Whether every byte belongs to valid UTF-8. */
export const isValidUtf8 = (text: string): boolean => isWellFormed(text) || isWellFormed(fromBytes(toBytes(text)));

/** The runes of a Go string, an invalid byte as U+FFFD. */
export const runes = (text: string): string[] => {
  if (isWellFormed(text)) return Array.from(text);
  return Array.from(fromBytes(toBytes(text)), (rune) => (rune.length === 1 && isLone(rune, 0) ? '\ufffd' : rune));
};

/** Order of Go strings: by bytes, which is the order of code points. */
export const compareStrings = (a: string, b: string): number => {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xHigh = x >= 0xd800 && x <= 0xdfff;
    const yHigh = y >= 0xd800 && y <= 0xdfff;
    if (xHigh === yHigh) return x < y ? -1 : 1;
    // A surrogate stands for a code point above U+FFFF: it sorts after every other unit.
    return xHigh ? 1 : -1;
  }
  return a.length < b.length ? -1 : 1;
};
