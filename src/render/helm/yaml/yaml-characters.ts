import { YamlError } from './yaml-error.js';

const code = (char: string): number => char.charCodeAt(0);

export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const HASH = code('#');
export const DASH = code('-');
export const COLON = code(':');
export const QUESTION = code('?');
export const COMMA = code(',');
export const OPEN_BRACKET = code('[');
export const CLOSE_BRACKET = code(']');
export const OPEN_BRACE = code('{');
export const CLOSE_BRACE = code('}');
export const DOUBLE_QUOTE = code('"');
export const SINGLE_QUOTE = code("'");
export const BACKSLASH = code('\\');

export const isBreak = (c: number): boolean => c === LF || c === CR || c === 0x85 || c === 0x2028 || c === 0x2029;
export const isBlank = (c: number): boolean => c === SPACE || c === TAB;
/** A break or the end of the text. */
export const isBreakOrEnd = (c: number): boolean => c === 0 || isBreak(c);
export const isBlankOrEnd = (c: number): boolean => c === SPACE || c === TAB || c === 0 || isBreak(c);
export const isDigit = (c: number): boolean => c >= 48 && c <= 57;
export const isHex = (c: number): boolean => isDigit(c) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102);
export const isWord = (c: number): boolean =>
  isDigit(c) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95 || c === DASH;

// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

/** Throws when the text has characters that YAML forbids anywhere. */
export const checkCharacters = (text: string): void => {
  if (!(text as unknown as { isWellFormed(): boolean }).isWellFormed()) {
    throw new YamlError('yaml: invalid leading UTF-8 octet');
  }
  if (FORBIDDEN.test(text)) throw new YamlError('yaml: control characters are not allowed');
};
