import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  DOUBLE_QUOTE,
  HASH,
  isBlank,
  isBlankOrEnd,
  isBreak,
  isBreakOrEnd,
  isDigit,
  isHex,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUESTION,
  SINGLE_QUOTE,
  SPACE,
  TAB,
} from './yaml-characters.js';
import type { Mark } from './yaml-error.js';
import type { YamlScanner } from './yaml-scanner.js';

/** What a run of spaces and breaks between two words of a flow scalar comes to. */
class Gap {
  private spaces = '';
  private firstBreak = '';
  private laterBreaks = '';
  hasBreak = false;

  /** Passes blanks and breaks. `minimum` is the column below which tabs are forbidden after a break. */
  read(scanner: YamlScanner, minimum?: number, start?: Mark): void {
    for (let c = scanner.at(); isBlank(c) || isBreak(c); c = scanner.at()) {
      if (isBlank(c)) {
        if (minimum !== undefined && this.hasBreak && scanner.column < minimum && c === TAB) {
          scanner.fail('found a tab character that violates indentation', start);
        }
        if (!this.hasBreak) this.spaces += String.fromCharCode(c);
        scanner.advance();
      } else if (this.hasBreak) {
        this.laterBreaks += scanner.readBreak();
      } else {
        this.startBreak(scanner.readBreak());
      }
    }
  }

  startBreak(text: string): void {
    this.spaces = '';
    this.firstBreak += text;
    this.hasBreak = true;
  }

  take(): string {
    let out = this.spaces;
    if (this.hasBreak) {
      const isFolded = this.firstBreak.startsWith('\n');
      out = isFolded ? this.laterBreaks || ' ' : this.firstBreak + this.laterBreaks;
    }
    this.spaces = '';
    this.firstBreak = '';
    this.laterBreaks = '';
    this.hasBreak = false;
    return out;
  }
}

const endsPlain = (scanner: YamlScanner, c: number): boolean => {
  if (c === COLON && isBlankOrEnd(scanner.at(1))) return true;
  if (scanner.flowLevel === 0) return false;
  return (
    c === COMMA || c === QUESTION || c === OPEN_BRACKET || c === CLOSE_BRACKET || c === OPEN_BRACE || c === CLOSE_BRACE
  );
};

export const scanPlainScalar = (scanner: YamlScanner): string => {
  const indent = scanner.indent + 1;
  const start = scanner.mark();
  const gap = new Gap();
  let out = '';
  for (;;) {
    if (scanner.isDocumentIndicator() || scanner.at() === HASH) break;
    const from = scanner.index;
    let c = scanner.at();
    while (!isBlankOrEnd(c) && !endsPlain(scanner, c)) {
      scanner.advance();
      c = scanner.at();
    }
    if (scanner.index > from) out += gap.take() + scanner.text.slice(from, scanner.index);
    if (!isBlank(c) && !isBreak(c)) break;
    gap.read(scanner, indent, start);
    if (scanner.flowLevel === 0 && scanner.column < indent) break;
  }
  if (gap.hasBreak) scanner.isKeyAllowed = true;
  return out;
};

const ESCAPES: ReadonlyMap<number, string> = new Map(
  Object.entries({
    '0': '\0',
    a: '\x07',
    b: '\b',
    t: '\t',
    '\t': '\t',
    n: '\n',
    v: '\v',
    f: '\f',
    r: '\r',
    e: '\x1b',
    ' ': ' ',
    '"': '"',
    "'": "'",
    '\\': '\\',
    N: '\x85',
    _: '\xa0',
    L: '\u2028',
    P: '\u2029',
  }).map(([letter, text]) => [letter.charCodeAt(0), text]),
);

const readEscape = (scanner: YamlScanner, start: Mark): string => {
  const c = scanner.at(1);
  const simple = ESCAPES.get(c);
  if (simple !== undefined) {
    scanner.advance(2);
    return simple;
  }
  const width = c === 120 ? 2 : c === 117 ? 4 : c === 85 ? 8 : 0;
  if (width === 0) scanner.fail('found unknown escape character', start);
  scanner.advance(2);
  for (let i = 0; i < width; i++) {
    if (!isHex(scanner.at(i))) scanner.fail('did not find expected hexdecimal number', start);
  }
  const value = Number.parseInt(scanner.text.slice(scanner.index, scanner.index + width), 16);
  if ((value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff) {
    scanner.fail('found invalid Unicode character escape code', start);
  }
  scanner.advance(width);
  return String.fromCodePoint(value);
};

export const scanQuotedScalar = (scanner: YamlScanner, isSingle: boolean): string => {
  const start = scanner.mark();
  const quote = isSingle ? SINGLE_QUOTE : DOUBLE_QUOTE;
  scanner.advance();
  const gap = new Gap();
  let out = '';
  for (;;) {
    if (scanner.isDocumentIndicator()) scanner.fail('found unexpected document indicator', start);
    if (scanner.at() === 0) scanner.fail('found unexpected end of stream', start);
    out += readQuotedWords(scanner, isSingle, quote, start, gap);
    if (scanner.at() === quote) break;
    gap.read(scanner);
    out += gap.take();
  }
  scanner.advance();
  return out;
};

/** Reads up to a blank, a break or the closing quote. */
const readQuotedWords = (scanner: YamlScanner, isSingle: boolean, quote: number, start: Mark, gap: Gap): string => {
  let out = '';
  let from = scanner.index;
  for (;;) {
    const c = scanner.at();
    if (isBlankOrEnd(c)) break;
    const isPair = isSingle && c === quote && scanner.at(1) === quote;
    if (c === quote && !isPair) break;
    if (!isPair && (isSingle || c !== BACKSLASH)) {
      scanner.advance();
      continue;
    }
    out += scanner.text.slice(from, scanner.index);
    if (isPair) {
      out += "'";
      scanner.advance(2);
    } else if (isBreak(scanner.at(1))) {
      scanner.advance();
      scanner.readBreak();
      // An escaped break joins the lines without a space.
      gap.startBreak('');
      return out + joinAfterEscapedBreak(scanner, gap);
    } else {
      out += readEscape(scanner, start);
    }
    from = scanner.index;
  }
  return out + scanner.text.slice(from, scanner.index);
};

const joinAfterEscapedBreak = (scanner: YamlScanner, gap: Gap): string => {
  gap.read(scanner);
  return gap.take();
};

export const scanBlockScalar = (scanner: YamlScanner, isLiteral: boolean): string => {
  const start = scanner.mark();
  scanner.advance();
  const { chomping, increment } = readBlockHeader(scanner, start);
  const state = { indent: increment > 0 ? Math.max(scanner.indent, 0) + increment : 0 };
  let breaks = readBlockBreaks(scanner, state, start);
  let out = '';
  let leadingBreak = '';
  let wasBlank = false;
  while (scanner.column === state.indent && scanner.index < scanner.text.length) {
    const isBlankStart = isBlank(scanner.at());
    if (!isLiteral && !wasBlank && !isBlankStart && leadingBreak.startsWith('\n')) {
      if (breaks === '') out += ' ';
    } else {
      out += leadingBreak;
    }
    out += breaks;
    wasBlank = isBlankStart;
    const from = scanner.index;
    scanner.skipLine();
    out += scanner.text.slice(from, scanner.index);
    leadingBreak = isBreak(scanner.at()) ? scanner.readBreak() : '';
    breaks = readBlockBreaks(scanner, state, start);
  }
  if (chomping !== '-') out += leadingBreak;
  return chomping === '+' ? out + breaks : out;
};

const readBlockHeader = (scanner: YamlScanner, start: Mark): { chomping: string; increment: number } => {
  let chomping = '';
  let increment = 0;
  const readChomping = (): void => {
    const c = scanner.at();
    if (chomping !== '' || (c !== 43 && c !== 45)) return;
    chomping = String.fromCharCode(c);
    scanner.advance();
  };
  readChomping();
  if (isDigit(scanner.at())) {
    if (scanner.at() === 48) scanner.fail('found an indentation indicator equal to 0', start);
    increment = scanner.at() - 48;
    scanner.advance();
    readChomping();
  }
  while (isBlank(scanner.at())) scanner.advance();
  if (scanner.at() === HASH) while (!isBreakOrEnd(scanner.at())) scanner.advance();
  if (!isBreakOrEnd(scanner.at())) scanner.fail('did not find expected comment or line break', start);
  if (isBreak(scanner.at())) scanner.readBreak();
  return { chomping, increment };
};

/** Passes indentation and empty lines; finds out the indentation when it is not known yet. */
const readBlockBreaks = (scanner: YamlScanner, state: { indent: number }, start: Mark): string => {
  let breaks = '';
  let deepest = 0;
  for (;;) {
    while ((state.indent === 0 || scanner.column < state.indent) && scanner.at() === SPACE) scanner.advance();
    deepest = Math.max(deepest, scanner.column);
    if ((state.indent === 0 || scanner.column < state.indent) && scanner.at() === TAB) {
      scanner.fail('found a tab character where an indentation space is expected', start);
    }
    if (!isBreak(scanner.at())) break;
    breaks += scanner.readBreak();
  }
  if (state.indent === 0) state.indent = Math.max(deepest, scanner.indent + 1, 1);
  return breaks;
};
