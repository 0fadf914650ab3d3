import { unescapeLiteral } from './string-literals.js';
import type { Issue } from './source.js';

export type TokenType = 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'ident' | 'quoted' | 'punctuation' | 'end';

export interface Token {
  readonly type: TokenType;
  /** As it is written; `<EOF>` at the end. */
  readonly text: string;
  readonly offset: number;
  /** What a string or bytes literal says. */
  readonly value?: string | Uint8Array;
}

const SPACE = /(?:[ \t\r\n\f]|\/\/[^\n]*)+/y;
const NUMBER = /0x[0-9a-fA-F]+[uU]?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)|\d+[uU]?/y;
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/y;
const QUOTED = /`[A-Za-z0-9_.\-/ ]+`/y;
const STRING = /([rR]?[bB]?|[bB][rR])("""|'''|"|')/y;
const PUNCTUATION = /==|!=|<=|>=|&&|\|\||[<>+\-*/%!?:.,()[\]{}]/y;

const matchAt = (pattern: RegExp, source: string, at: number): string | undefined => {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
};

/** Where a string literal that begins with `quote` at `from` ends; undefined for one that does not end. */
const endOfString = (source: string, from: number, quote: string, isRaw: boolean): number | undefined => {
  for (let at = from; at < source.length; at += 1) {
    if (source.startsWith(quote, at)) return at + quote.length;
    if (source[at] === '\\' && !isRaw) at += 1;
    else if (source[at] === '\n' && quote.length === 1) return undefined;
  }
  return undefined;
};

/** Cuts an expression into tokens; what cannot be read is reported and passed over. */
export class Lexer {
  readonly tokens: Token[] = [];
  private at = 0;

  constructor(
    private readonly source: string,
    private readonly issues: Issue[],
  ) {}

  run(): readonly Token[] {
    while (this.at < this.source.length) this.next();
    this.tokens.push({ type: 'end', text: '<EOF>', offset: this.source.length });
    return this.tokens;
  }

  private next(): void {
    const space = matchAt(SPACE, this.source, this.at);
    if (space !== undefined) {
      this.at += space.length;
      return;
    }
    if (this.string()) return;
    const number = /[\d.]/.test(this.source[this.at] ?? '') ? matchAt(NUMBER, this.source, this.at) : undefined;
    if (number !== undefined) {
      this.push(numberType(number), number);
      return;
    }
    const identifier = matchAt(IDENTIFIER, this.source, this.at);
    if (identifier !== undefined) {
      this.push('ident', identifier);
      return;
    }
    const quoted = matchAt(QUOTED, this.source, this.at);
    if (quoted !== undefined) {
      this.push('quoted', quoted);
      return;
    }
    const mark = matchAt(PUNCTUATION, this.source, this.at);
    if (mark === undefined) this.unknown();
    else this.push('punctuation', mark);
  }

  private push(type: TokenType, text: string, value?: string | Uint8Array): void {
    this.tokens.push({ type, text, offset: this.at, ...(value === undefined ? {} : { value }) });
    this.at += text.length;
  }

  private string(): boolean {
    STRING.lastIndex = this.at;
    const [head, prefix = '', quote = ''] = STRING.exec(this.source) ?? [];
    if (head === undefined) return false;
    const isRaw = /r/i.test(prefix);
    const end = endOfString(this.source, this.at + head.length, quote, isRaw);
    if (end === undefined) return false;
    const text = this.source.slice(this.at, end);
    const inner = text.slice(head.length, text.length - quote.length);
    const isBytes = /b/i.test(prefix);
    try {
      this.push(isBytes ? 'bytes' : 'string', text, unescapeLiteral(inner, isRaw, isBytes));
    } catch (error) {
      this.issues.push({ offset: this.at, message: error instanceof Error ? error.message : String(error) });
      this.push('string', text, '');
    }
    return true;
  }

  private unknown(): void {
    const first = this.source[this.at] ?? '';
    // A mark that begins longer ones takes what follows it along.
    const taken = /[|&="']/.test(first)
      ? this.unknownRun(first)
      : String.fromCodePoint(this.source.codePointAt(this.at) ?? 0);
    this.issues.push({ offset: this.at, message: `Syntax error: token recognition error at: '${shown(taken)}'` });
    this.at += taken.length;
  }

  private unknownRun(first: string): string {
    if (first !== '"' && first !== "'") return this.source.slice(this.at, this.at + 2);
    const end = this.source.indexOf('\n', this.at);
    return this.source.slice(this.at, end < 0 ? this.source.length : end + 1);
  }
}

const shown = (text: string): string =>
  text.replaceAll('\n', String.raw`\n`).replaceAll('\r', String.raw`\r`).replaceAll('\t', String.raw`\t`);

const numberType = (text: string): TokenType => {
  if (/[uU]$/.test(text)) return 'uint';
  return text.startsWith('0x') || /^\d+$/.test(text) ? 'int' : 'double';
};
