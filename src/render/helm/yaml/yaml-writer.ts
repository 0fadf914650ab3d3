import { byteLength } from '../template/go-string.js';
import { analyze, isYamlBreak, isYamlPrintable } from './scalar-analysis.js';

/** A tree that is ready to be written: maps are in order, numbers are texts. */
export type YamlTree = string | YamlScalar | YamlTree[] | YamlPairs;

/** A scalar with its style: numbers, booleans and null stay plain. */
export interface YamlScalar {
  readonly text: string;
  readonly style: 'plain' | 'literal' | 'double';
  readonly tag?: string;
}

export class YamlPairs {
  constructor(readonly pairs: readonly (readonly [YamlScalar, YamlTree])[]) {}
}

export interface WriteStyle {
  /** Column after which plain and quoted texts are folded. */
  readonly width: number;
  /** Whether sequences in mappings are indented (go-yaml 3) or not (go-yaml 2). */
  readonly isSequenceIndented: boolean;
}

const INDENT = 2;

/** Writes a tree in block style as go-yaml's emitter does. The text ends with a line break. */
export const writeYaml = (tree: YamlTree, style: WriteStyle): string => {
  const writer = new Writer(style);
  writer.node(tree, -1, 'root');
  return writer.finish();
};

type Context = 'root' | 'value' | 'item';

class Writer {
  private out = '';
  private column = 0;
  /** Whether only indentation and indicators are on the line so far. */
  private isIndention = true;
  private isWhitespace = true;

  constructor(private readonly style: WriteStyle) {}

  finish(): string {
    return this.column > 0 ? `${this.out}\n` : this.out;
  }

  /** `indent` is that of the collection around the node. */
  node(tree: YamlTree, indent: number, context: Context): void {
    if (Array.isArray(tree)) {
      if (tree.length === 0) this.indicator('[]');
      else this.sequence(tree, indent, context);
    } else if (tree instanceof YamlPairs) {
      if (tree.pairs.length === 0) this.indicator('{}');
      else this.mapping(tree, indent);
    } else {
      const scalar = typeof tree === 'string' ? { text: tree, style: 'plain' as const } : tree;
      this.scalar(scalar, indent < 0 ? INDENT : indent + INDENT, false);
    }
  }

  private put(text: string): void {
    this.out += text;
    this.column += text.length;
  }

  private break(): void {
    this.out += '\n';
    this.column = 0;
  }

  private indent(indent: number): void {
    if (!this.isIndention || this.column > indent || (this.column === indent && !this.isWhitespace)) this.break();
    if (this.column < indent) this.put(' '.repeat(indent - this.column));
    this.isWhitespace = true;
    this.isIndention = true;
  }

  private indicator(text: string, keepsIndention = false): void {
    if (!this.isWhitespace) this.put(' ');
    this.put(text);
    this.isWhitespace = false;
    this.isIndention = this.isIndention && keepsIndention;
  }

  private sequence(items: readonly YamlTree[], outer: number, context: Context): void {
    const isIndentless = context === 'value' && !this.style.isSequenceIndented;
    const indent = outer < 0 ? 0 : isIndentless ? outer : outer + INDENT;
    for (const item of items) {
      this.indent(indent);
      this.indicator('-', true);
      this.node(item, indent, 'item');
    }
  }

  private mapping(mapping: YamlPairs, outer: number): void {
    const indent = outer < 0 ? 0 : outer + INDENT;
    for (const [key, value] of mapping.pairs) {
      this.indent(indent);
      if (isSimpleKey(key)) {
        this.scalar(key, indent, true);
        this.put(':');
        this.isWhitespace = false;
        this.isIndention = false;
      } else {
        this.indicator('?', true);
        this.scalar(key, indent + INDENT, false);
        this.indent(indent);
        this.indicator(':', true);
      }
      this.node(value, indent, 'value');
    }
  }

  private scalar(scalar: YamlScalar, indent: number, isKey: boolean): void {
    if (scalar.tag !== undefined) this.indicator(scalar.tag);
    const { text } = scalar;
    const style = chooseStyle(scalar, isKey, this.style.isSequenceIndented);
    if (style === 'literal') this.literal(text, indent);
    else if (style === 'plain') this.plain(text, indent, isKey);
    else if (style === 'single') this.single(text, indent, isKey);
    else this.double(text, indent, isKey);
  }

  private isFoldable(isKey: boolean, wasSpace: boolean): boolean {
    return !isKey && !wasSpace && this.column > this.style.width;
  }

  private plain(text: string, indent: number, isKey: boolean): void {
    if (!this.isWhitespace) this.put(' ');
    if (isKey || this.column + text.length <= this.style.width) {
      this.out += text;
      this.column += text.length;
    } else {
      this.folded(text, indent, isKey, false);
    }
    this.isWhitespace = false;
    this.isIndention = false;
  }

  /**
   * Writes words and folds between them. What lies between two folds, breaks or quotes is copied at once: texts can
   * have many megabytes.
   */
  private folded(text: string, indent: number, isKey: boolean, doublesQuotes: boolean): void {
    let wasSpace = false;
    let wasBreak = false;
    let from = 0;
    const copyUntil = (at: number): void => {
      if (from < at) this.out += text.slice(from, at);
      from = at;
    };
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === SPACE) {
        const isInner = at > 0 && at < text.length - 1;
        if (this.isFoldable(isKey, wasSpace) && isInner && text.charCodeAt(at + 1) !== SPACE) {
          copyUntil(at);
          this.indent(indent);
          from = at + 1;
        } else this.column += 1;
        wasSpace = true;
      } else if (isBreakCode(code)) {
        copyUntil(at);
        if (!wasBreak && code === LINE_FEED) this.break();
        this.putBreak(text.charAt(at));
        from = at + 1;
        this.isIndention = true;
        wasBreak = true;
      } else {
        if (wasBreak) {
          copyUntil(at);
          this.indent(indent);
        }
        if (doublesQuotes && code === SINGLE_QUOTE) {
          copyUntil(at);
          this.out += "'";
          this.column += 1;
        }
        if (!isLowSurrogate(code)) this.column += 1;
        this.isIndention = false;
        wasSpace = false;
        wasBreak = false;
      }
    }
    copyUntil(text.length);
  }

  private putBreak(c: string): void {
    if (c === '\n') {
      this.break();
    } else {
      this.out += c;
      this.column = 0;
    }
  }

  private single(text: string, indent: number, isKey: boolean): void {
    this.indicator("'");
    this.folded(text, indent, isKey, true);
    this.put("'");
    this.isWhitespace = false;
    this.isIndention = false;
  }

  private double(text: string, indent: number, isKey: boolean): void {
    this.indicator('"');
    let wasSpace = false;
    let from = 0;
    const copyUntil = (at: number): void => {
      if (from < at) this.out += text.slice(from, at);
    };
    // go-yaml looks for the byte order mark at the start of the text only, whatever character it is at.
    const hasMark = text.startsWith('\ufeff');
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === SPACE && !hasMark) {
        if (this.isFoldable(isKey, wasSpace) && at > 0 && at < text.length - 1) {
          copyUntil(at);
          this.indent(indent);
          if (text.charCodeAt(at + 1) === SPACE) this.put('\\');
          from = at + 1;
        } else this.column += 1;
        wasSpace = true;
        continue;
      }
      wasSpace = false;
      if (!hasMark && isOrdinary(code)) {
        this.column += 1;
        continue;
      }
      const c = String.fromCodePoint(text.codePointAt(at) ?? 0);
      if (hasMark || !isYamlPrintable(c) || isYamlBreak(c) || c === '"' || c === '\\') {
        copyUntil(at);
        this.put(escapeDouble(c));
        from = at + c.length;
      } else this.column += 1;
      at += c.length - 1;
    }
    copyUntil(text.length);
    this.put('"');
    this.isWhitespace = false;
    this.isIndention = false;
  }

  private literal(text: string, indent: number): void {
    this.indicator('|');
    this.put(blockHints(text));
    this.break();
    this.isIndention = true;
    this.isWhitespace = true;
    let wasBreak = true;
    for (const line of text.split(/(?<=[\n\r\x85\u2028\u2029])/)) {
      const end = line.at(-1) ?? '';
      const content = isYamlBreak(end) ? line.slice(0, -1) : line;
      if (content !== '') {
        if (wasBreak) this.indent(indent);
        this.put(content);
        this.isIndention = false;
        wasBreak = false;
      }
      if (isYamlBreak(end)) {
        this.putBreak(end);
        this.isIndention = true;
        wasBreak = true;
      }
    }
    // The next node sees the column that the text left.
    this.isWhitespace = this.column === 0 ? this.isWhitespace : false;
  }
}

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const SINGLE_QUOTE = 0x27;

const isBreakCode = (code: number): boolean =>
  code === LINE_FEED || code === 0x0d || code === 0x85 || code === 0x2028 || code === 0x2029;

const isLowSurrogate = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff;

/** Visible ASCII that double quotes need not escape. */
const isOrdinary = (code: number): boolean => code > SPACE && code < 0x7f && code !== 0x22 && code !== 0x5c;

const isSimpleKey = (key: YamlScalar): boolean => byteLength(key.text) <= 128 && !analyze(key.text).isMultiline;

const chooseStyle = (
  scalar: YamlScalar,
  isKey: boolean,
  allowTabs: boolean,
): 'plain' | 'single' | 'double' | 'literal' => {
  const analysis = analyze(scalar.text, allowTabs);
  let style: 'plain' | 'single' | 'double' | 'literal' = isKey && analysis.isMultiline ? 'double' : scalar.style;
  if (style === 'plain' && (!analysis.plain || (scalar.text === '' && isKey))) style = 'single';
  if (style === 'single' && !analysis.single) style = 'double';
  if (style === 'literal' && (!analysis.block || isKey)) style = 'double';
  return style;
};

const blockHints = (text: string): string => {
  const first = text.charAt(0);
  const indentation = first === ' ' || isYamlBreak(first) ? String(INDENT) : '';
  if (!isYamlBreak(text.at(-1) ?? '')) return `${indentation}-`;
  return text.length === 1 || isYamlBreak(text.at(-2) ?? '') ? `${indentation}+` : indentation;
};

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\xa0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

const escapeDouble = (c: string): string => {
  const short = SHORT_ESCAPES[c];
  if (short !== undefined) return short;
  const code = c.codePointAt(0) ?? 0;
  const hex = (width: number): string => code.toString(16).toUpperCase().padStart(width, '0');
  if (code <= 0xff) return `\\x${hex(2)}`;
  return code <= 0xffff ? `\\u${hex(4)}` : `\\U${hex(8)}`;
};
