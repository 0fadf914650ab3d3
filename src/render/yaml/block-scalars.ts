import { type BlockCursor, COLON, DASH, HASH, isBlankOrEnd, LF, SPACE, TAB, UNSUPPORTED } from './block-cursor.js';

const BACKSLASH = 92;
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;
const PLUS = 43;

const isAlphanumeric = (c: number): boolean => (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57);

/** `$ ( + . / ; < = ^ _ ~` and the backslash begin nothing but plain text. */
const PLAIN_STARTS = new Set(Array.from('$(+./;<=^_~\\)', (c) => c.charCodeAt(0)));

/** Whether what begins here is plain text for certain. */
export const startsPlain = (text: string, at: number): boolean => {
  const c = text.charCodeAt(at);
  if (isAlphanumeric(c) || c >= 0xa0 || PLAIN_STARTS.has(c)) return true;
  const next = text.charCodeAt(at + 1);
  if (c === COLON) return isAlphanumeric(next);
  return c === DASH && !isBlankOrEnd(next) && next !== TAB;
};

/** Where the plain text that begins here ends on its line, without the spaces behind it. */
export const plainEnd = (text: string, from: number): number => {
  let end = from;
  for (let at = from; ; at++) {
    const c = text.charCodeAt(at);
    if (c === LF || Number.isNaN(c)) return end;
    if (c === SPACE) continue;
    if (c === HASH && end < at) return end;
    if (c === TAB || (c === COLON && isBlankOrEnd(text.charCodeAt(at + 1)))) throw UNSUPPORTED;
    end = at + 1;
  }
};

/** A plain text and the lines that continue it; goes to the line behind it. */
export const readPlain = (cursor: BlockCursor, from: number, parentColumn: number): string => {
  const { text } = cursor;
  let end = plainEnd(text, from);
  let value = text.slice(from, end);
  cursor.finishLine(end);
  while (cursor.column > parentColumn) {
    if (cursor.hasComment) throw UNSUPPORTED;
    const { at, blankLines } = cursor;
    if (text.charCodeAt(at) === HASH) throw UNSUPPORTED;
    end = plainEnd(text, at);
    value += (blankLines === 0 ? ' ' : '\n'.repeat(blankLines)) + text.slice(at, end);
    cursor.finishLine(end);
  }
  return value;
};

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\' };

/** Where the quoted text that begins here ends, behind its closing quote; -1 when it does not end on its line. */
export const quotedEnd = (text: string, from: number): number => {
  const quote = text.charCodeAt(from);
  const end = closingQuote(text, from + 1, quote);
  return text.charCodeAt(end) === LF ? -1 : end + 1;
};

/** The place of the closing quote, or of the line break before it. */
const closingQuote = (text: string, from: number, quote: number): number => {
  for (let at = from; ; at++) {
    const c = text.charCodeAt(at);
    if (c === TAB || Number.isNaN(c)) throw UNSUPPORTED;
    if (c === LF) return at;
    if (c === BACKSLASH && quote === DOUBLE_QUOTE) {
      at += 1;
      if (text.charCodeAt(at) === LF) throw UNSUPPORTED;
    } else if (c === quote) {
      if (quote === DOUBLE_QUOTE || text.charCodeAt(at + 1) !== quote) return at;
      at += 1;
    }
  }
};

/** What the text between the quotes says. */
export const unquoted = (inner: string, quote: number): string => {
  if (quote === SINGLE_QUOTE) return inner.includes("'") ? inner.replaceAll("''", "'") : inner;
  if (!inner.includes('\\')) return inner;
  return inner.replace(/\\(.)/gsu, (_, c: string) => {
    const escaped = ESCAPES[c];
    if (escaped === undefined) throw UNSUPPORTED;
    return escaped;
  });
};

/** A quoted text, its further lines included; goes to the line behind it. */
export const readQuoted = (cursor: BlockCursor, from: number, parentColumn: number): string => {
  const { text } = cursor;
  const quote = text.charCodeAt(from);
  let start = from + 1;
  let end = closingQuote(text, start, quote);
  let inner = '';
  while (text.charCodeAt(end) === LF) {
    inner += withoutSpaces(text, start, end);
    const next = continuation(text, end + 1, parentColumn);
    inner += next.blankLines === 0 ? ' ' : '\n'.repeat(next.blankLines);
    start = next.at;
    end = closingQuote(text, start, quote);
  }
  inner += text.slice(start, end);
  cursor.finishLine(end + 1);
  return unquoted(inner, quote);
};

const withoutSpaces = (text: string, from: number, to: number): string => {
  let end = to;
  while (end > from && text.charCodeAt(end - 1) === SPACE) end -= 1;
  return text.slice(from, end);
};

/** Where a quoted text goes on, behind the indentation of the next line that is not blank. */
const continuation = (text: string, from: number, parentColumn: number): { at: number; blankLines: number } => {
  let blankLines = 0;
  for (let line = from; ; ) {
    let at = line;
    while (text.charCodeAt(at) === SPACE) at += 1;
    const c = text.charCodeAt(at);
    if (c !== LF) {
      if (Number.isNaN(c) || c === TAB || at - line <= parentColumn) throw UNSUPPORTED;
      return { at, blankLines };
    }
    blankLines += 1;
    line = at + 1;
  }
};

interface Header {
  readonly chomping: '-' | '+' | '';
  /** The first line of the content. */
  readonly start: number;
}

const readHeader = (text: string, from: number): Header => {
  const c = text.charCodeAt(from + 1);
  const chomping = c === DASH ? '-' : c === PLUS ? '+' : '';
  let at = from + (chomping === '' ? 1 : 2);
  while (text.charCodeAt(at) === SPACE) at += 1;
  if (text.charCodeAt(at) !== LF) throw UNSUPPORTED;
  return { chomping, start: at + 1 };
};

/** The indentation of a literal's content: that of its first line that is not blank. */
const contentIndent = (text: string, start: number, parentColumn: number): number => {
  let deepest = 0;
  for (let line = start; ; ) {
    let at = line;
    while (text.charCodeAt(at) === SPACE) at += 1;
    const c = text.charCodeAt(at);
    const indent = at - line;
    if (c !== LF) {
      if (Number.isNaN(c) || c === TAB || indent <= parentColumn || indent === 0 || deepest > indent) throw UNSUPPORTED;
      return indent;
    }
    deepest = Math.max(deepest, indent);
    line = at + 1;
  }
};

/**
 * A literal (`|`); goes to the line behind it. `isEndBreak`: the end of the text ends the last line as a line break
 * does.
 */
export const readLiteral = (cursor: BlockCursor, from: number, parentColumn: number, isEndBreak: boolean): string => {
  const { text } = cursor;
  const { chomping, start } = readHeader(text, from);
  const indent = contentIndent(text, start, parentColumn);
  const lines: string[] = [];
  let filled = 0;
  let hasBreak = true;
  let line = start;
  while (line < text.length) {
    let at = line;
    const content = line + indent;
    while (at < content && text.charCodeAt(at) === SPACE) at += 1;
    const c = text.charCodeAt(at);
    if (at < content && c !== LF) {
      if (c === TAB) throw UNSUPPORTED;
      if (!Number.isNaN(c)) break;
    }
    const end = cursor.lineEnd(at);
    lines.push(text.slice(at, end));
    if (end > at) {
      filled = lines.length;
      hasBreak = end < text.length;
    }
    line = end + 1;
  }
  if (chomping === '+' && line >= text.length && text.charCodeAt(text.length - 1) !== LF) throw UNSUPPORTED;
  cursor.hasComment = false;
  cursor.nextLine(Math.min(line, text.length));
  if (chomping === '+') return `${lines.join('\n')}\n`;
  lines.length = filled;
  return chomping === '' && (hasBreak || isEndBreak) ? `${lines.join('\n')}\n` : lines.join('\n');
};
