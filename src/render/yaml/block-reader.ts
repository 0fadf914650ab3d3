import { BlockCursor, COLON, DASH, DOT, HASH, isBlankOrEnd, LF, SPACE, TAB, UNSUPPORTED } from './block-cursor.js';
import { quotedEnd, readLiteral, readPlain, readQuoted, startsPlain, unquoted } from './block-scalars.js';

/** What a {@link BlockReader} makes its values of. */
export interface BlockBuilder<V> {
  map(): V;
  /** Answers whether the map takes the key. */
  set(map: V, key: string, value: V): boolean;
  list(items: V[]): V;
  text(value: string): V;
  /** What a text without quotes stands for. Throws UNSUPPORTED where the full reader has to say. */
  plain(text: string): V;
  /** Whether a key without quotes is the text that it looks like. */
  isTextKey(text: string): boolean;
}

export interface BlockOptions {
  /** Whether the end of the text ends a line of a literal as a line break does. */
  readonly isEndBreak: boolean;
}

export interface BlockDocument<V> {
  readonly value: V;
  /** Where its first key or item begins. */
  readonly start: number;
}

/** What some reader of YAML does not take as it is; line breaks and tabs are looked at where they stand. */
const UNUSUAL = /[^\n\t -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;
const MAX_DEPTH = 100;
const LITERAL = 124;

/**
 * Reads the YAML that people and programs write into manifests: block maps and lists, plain and quoted texts, literals,
 * small flow lists and maps. It knows no anchors, tags, directives or explicit keys, and it tells no errors: for every
 * text that it is not certain of it answers undefined, and a full reader has to be asked. What it does read is what
 * every full reader makes of it (see the tests).
 */
export const readBlockDocuments = <V>(
  text: string,
  builder: BlockBuilder<V>,
  options: BlockOptions,
): readonly BlockDocument<V>[] | undefined => {
  if (UNUSUAL.test(text)) return undefined;
  try {
    return new BlockReader(text, builder, options).documents();
  } catch (error) {
    if (error === UNSUPPORTED) return undefined;
    throw error;
  }
};

class BlockReader<V> {
  private readonly cursor: BlockCursor;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly builder: BlockBuilder<V>,
    private readonly options: BlockOptions,
  ) {
    this.cursor = new BlockCursor(text);
  }

  documents(): BlockDocument<V>[] {
    const { cursor, text } = this;
    const documents: BlockDocument<V>[] = [];
    cursor.nextLine(0);
    for (let isFirst = true; ; isFirst = false) {
      if (cursor.column >= 0) {
        const start = cursor.at;
        if (cursor.column > 0) throw UNSUPPORTED;
        documents.push({ value: this.block(0), start });
        if (cursor.column >= 0) throw UNSUPPORTED;
      } else if (!isFirst) {
        // Between two separators there is a document of nothing.
        throw UNSUPPORTED;
      }
      if (cursor.at >= text.length) return documents;
      if (text.charCodeAt(cursor.at) === DOT) throw UNSUPPORTED;
      cursor.finishLine(cursor.at + 3);
    }
  }

  private isEntry(at: number): boolean {
    return this.text.charCodeAt(at) === DASH && isBlankOrEnd(this.text.charCodeAt(at + 1));
  }

  private block(column: number): V {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw UNSUPPORTED;
    const value = this.isEntry(this.cursor.at) ? this.sequence(column, false) : this.mapping(column);
    this.depth -= 1;
    return value;
  }

  /** A value on the lines below its key or `-`. */
  private below(parentColumn: number): V {
    const { at, column } = this.cursor;
    if (this.isEntry(at) || this.keyEnd(at) >= 0) return this.block(column);
    if (this.text.charCodeAt(at) === LITERAL) throw UNSUPPORTED;
    return this.inline(at, parentColumn);
  }

  private mapping(column: number): V {
    const { builder, cursor } = this;
    const map = builder.map();
    do {
      const end = this.keyEnd(cursor.at);
      if (end < 0) throw UNSUPPORTED;
      const key = this.key(cursor.at, end);
      const value = this.value(end + 1, column);
      if (!builder.set(map, key, value)) throw UNSUPPORTED;
    } while (cursor.column === column);
    if (cursor.column > column) throw UNSUPPORTED;
    return map;
  }

  /** Where the `:` behind the key is that begins here; -1 when there is no key. */
  private keyEnd(from: number): number {
    const { text } = this;
    const c = text.charCodeAt(from);
    if (c === 34 || c === 39) {
      const end = quotedEnd(text, from);
      if (end < 0) return -1;
      const isKey = text.charCodeAt(end) === COLON && isBlankOrEnd(text.charCodeAt(end + 1));
      if (isKey && end - from > MAX_KEY) throw UNSUPPORTED;
      return isKey ? end : -1;
    }
    if (!startsPlain(text, from)) return -1;
    for (let at = from; ; at++) {
      const code = text.charCodeAt(at);
      if (code === LF || Number.isNaN(code)) return -1;
      if (code === TAB) throw UNSUPPORTED;
      if (code === HASH && text.charCodeAt(at - 1) === SPACE) return -1;
      if (code === COLON) {
        const next = text.charCodeAt(at + 1);
        if (next === TAB || at - from > MAX_KEY) throw UNSUPPORTED;
        if (isBlankOrEnd(next)) return at;
      }
    }
  }

  private key(from: number, end: number): string {
    const c = this.text.charCodeAt(from);
    if (c === 34 || c === 39) return unquoted(this.text.slice(from + 1, end - 1), c);
    const key = this.text.slice(from, end).trimEnd();
    if (!this.builder.isTextKey(key)) throw UNSUPPORTED;
    return key;
  }

  /** The value behind a key of a map at this column. */
  private value(from: number, column: number): V {
    const { cursor, text } = this;
    const at = this.skipSpaces(from);
    const c = text.charCodeAt(at);
    if (c !== LF && c !== HASH && !Number.isNaN(c)) return this.inline(at, column);
    cursor.finishLine(from);
    if (cursor.column > column) return this.below(column);
    // A list may stand below its key.
    if (cursor.column === column && this.isEntry(cursor.at)) return this.sequence(column, true);
    return this.builder.plain('');
  }

  private skipSpaces(from: number): number {
    let at = from;
    while (this.text.charCodeAt(at) === SPACE) at += 1;
    return at;
  }

  private sequence(column: number, isIndentless: boolean): V {
    const { cursor, text } = this;
    const items: V[] = [];
    do {
      if (!this.isEntry(cursor.at)) {
        if (isIndentless) break;
        throw UNSUPPORTED;
      }
      const from = cursor.at + 1;
      const at = this.skipSpaces(from);
      const c = text.charCodeAt(at);
      if (c === LF || c === HASH || Number.isNaN(c)) {
        cursor.finishLine(from);
        items.push(cursor.column > column ? this.below(column) : this.builder.plain(''));
      } else {
        items.push(this.item(at, column));
      }
    } while (cursor.column === column);
    if (cursor.column > column) throw UNSUPPORTED;
    return this.builder.list(items);
  }

  /** What stands behind a `-` on its line. */
  private item(at: number, column: number): V {
    const { cursor } = this;
    if (!this.isEntry(at) && this.keyEnd(at) < 0) return this.inline(at, column);
    cursor.column = at - cursor.lineStart;
    cursor.at = at;
    return this.block(cursor.column);
  }

  /** A value that begins on the line of its key or `-`. */
  private inline(at: number, column: number): V {
    const { builder, cursor, text } = this;
    const c = text.charCodeAt(at);
    if (startsPlain(text, at)) return builder.plain(readPlain(cursor, at, column));
    if (c === 34 || c === 39) return builder.text(readQuoted(cursor, at, column));
    if (c === LITERAL) return builder.text(readLiteral(cursor, at, column, this.options.isEndBreak));
    if (c !== 91 && c !== 123) throw UNSUPPORTED;
    cursor.at = at;
    const value = this.flow();
    cursor.finishLine(cursor.at);
    return value;
  }

  /** A flow list or map, on one line; the cursor is on its bracket and goes behind it. */
  private flow(): V {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw UNSUPPORTED;
    const isList = this.text.charCodeAt(this.cursor.at) === 91;
    this.cursor.at += 1;
    const value = isList ? this.flowList() : this.flowMap();
    this.depth -= 1;
    return value;
  }

  private flowList(): V {
    const items: V[] = [];
    if (!this.flowEnds(93)) {
      do items.push(this.flowValue());
      while (this.flowGoesOn(93));
    }
    return this.builder.list(items);
  }

  private flowMap(): V {
    const { builder, cursor } = this;
    const map = builder.map();
    if (this.flowEnds(125)) return map;
    do {
      const at = this.skipSpaces(cursor.at);
      const c = this.text.charCodeAt(at);
      const end = c === 34 || c === 39 ? quotedEnd(this.text, at) : flowPlainEnd(this.text, at);
      if (end < 0) throw UNSUPPORTED;
      if (this.text.charCodeAt(end) !== COLON || this.text.charCodeAt(end + 1) !== SPACE) throw UNSUPPORTED;
      const key = this.key(at, end);
      cursor.at = end + 1;
      if (!builder.set(map, key, this.flowValue())) throw UNSUPPORTED;
    } while (this.flowGoesOn(125));
    return map;
  }

  private flowValue(): V {
    const { cursor, text } = this;
    const at = this.skipSpaces(cursor.at);
    const c = text.charCodeAt(at);
    cursor.at = at;
    if (c === 91 || c === 123) return this.flow();
    const isQuoted = c === 34 || c === 39;
    const end = isQuoted ? quotedEnd(text, at) : flowPlainEnd(text, at);
    if (end < 0) throw UNSUPPORTED;
    cursor.at = end;
    return isQuoted
      ? this.builder.text(unquoted(text.slice(at + 1, end - 1), c))
      : this.builder.plain(text.slice(at, end));
  }

  /** Whether the collection ends right here. */
  private flowEnds(bracket: number): boolean {
    const at = this.skipSpaces(this.cursor.at);
    if (this.text.charCodeAt(at) !== bracket) return false;
    this.cursor.at = at + 1;
    return true;
  }

  /** Passes what is behind an item: a comma, or the end of the collection. */
  private flowGoesOn(bracket: number): boolean {
    if (this.flowEnds(bracket)) return false;
    const at = this.skipSpaces(this.cursor.at);
    if (this.text.charCodeAt(at) !== 44) throw UNSUPPORTED;
    this.cursor.at = at + 1;
    return true;
  }
}

/** Longer keys are refused by some readers. */
const MAX_KEY = 1000;

const FLOW_PLAIN = /[A-Za-z0-9_./][A-Za-z0-9_./-]*/y;

const flowPlainEnd = (text: string, from: number): number => {
  FLOW_PLAIN.lastIndex = from;
  if (!FLOW_PLAIN.test(text)) throw UNSUPPORTED;
  return FLOW_PLAIN.lastIndex;
};
