import { goQuote } from './quote.js';

export type TokenType =
  | 'error'
  | 'bool'
  | 'char'
  | 'charConstant'
  | 'comment'
  | 'complex'
  | 'assign'
  | 'declare'
  | 'eof'
  | 'field'
  | 'identifier'
  | 'leftDelim'
  | 'leftParen'
  | 'number'
  | 'pipe'
  | 'rawString'
  | 'rightDelim'
  | 'rightParen'
  | 'space'
  | 'string'
  | 'text'
  | 'variable'
  | 'block'
  | 'break'
  | 'continue'
  | 'dot'
  | 'define'
  | 'else'
  | 'end'
  | 'if'
  | 'nil'
  | 'range'
  | 'template'
  | 'with';

export interface Token {
  readonly type: TokenType;
  /** Offset in the text, in UTF-16 units. */
  readonly pos: number;
  readonly text: string;
  readonly line: number;
}

const KEYWORDS: ReadonlyMap<string, TokenType> = new Map<string, TokenType>([
  ['.', 'dot'],
  ['block', 'block'],
  ['break', 'break'],
  ['continue', 'continue'],
  ['define', 'define'],
  ['else', 'else'],
  ['end', 'end'],
  ['if', 'if'],
  ['range', 'range'],
  ['nil', 'nil'],
  ['template', 'template'],
  ['with', 'with'],
]);

const KEYWORD_TYPES: ReadonlySet<TokenType> = new Set(KEYWORDS.values());

/** A token as error messages show it. */
export const tokenText = (token: Token): string => {
  if (token.type === 'eof') return 'EOF';
  if (token.type === 'error') return token.text;
  if (KEYWORD_TYPES.has(token.type)) return `<${token.text}>`;
  const runes = Array.from(token.text);
  return runes.length > 10 ? `${goQuote(runes.slice(0, 10).join(''))}...` : goQuote(token.text);
};

const LETTER = /[\p{L}\p{Nd}_]/u;
const isSpace = (char: string): boolean => char === ' ' || char === '\t' || char === '\r' || char === '\n';

const isAlphaNumeric = (char: string): boolean => {
  if (char.length === 0) return false;
  const code = char.charCodeAt(0);
  if (code < 128)
    return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
  return LETTER.test(char);
};

const countLines = (text: string): number => {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
};

/** Splits a template into tokens, on demand. */
export class Lexer {
  private pos = 0;
  private start = 0;
  private line = 1;
  private startLine = 1;
  private parenDepth = 0;
  private insideAction = false;
  private failed = false;

  constructor(private input: string) {}

  next(): Token {
    for (;;) {
      const token = this.insideAction ? this.inAction() : this.inText();
      if (token !== undefined) return token;
    }
  }

  private take(type: TokenType): Token {
    const token = { type, pos: this.start, text: this.input.slice(this.start, this.pos), line: this.startLine };
    this.line += countLines(token.text);
    this.start = this.pos;
    this.startLine = this.line;
    return token;
  }

  private skip(): void {
    this.line += countLines(this.input.slice(this.start, this.pos));
    this.start = this.pos;
    this.startLine = this.line;
  }

  private fail(message: string): Token {
    const token: Token = { type: 'error', pos: this.start, text: message, line: this.startLine };
    this.input = '';
    this.pos = 0;
    this.start = 0;
    this.failed = true;
    return token;
  }

  /** The character (code point) at the position; '' at the end. */
  private peek(): string {
    const code = this.input.codePointAt(this.pos);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  private inText(): Token | undefined {
    const open = this.input.indexOf('{{', this.pos);
    if (open < 0) {
      this.pos = this.input.length;
      return this.pos > this.start ? this.take('text') : this.take('eof');
    }
    let textEnd = open;
    if (this.hasLeftTrim(open + 2)) while (textEnd > this.pos && isSpace(this.input.charAt(textEnd - 1))) textEnd -= 1;
    const hasText = textEnd > this.start;
    this.pos = textEnd;
    const text = hasText ? this.take('text') : undefined;
    this.pos = open;
    this.skip();
    // The delimiter itself is read on the next call when there was text.
    return text ?? this.leftDelim();
  }

  private hasLeftTrim(at: number): boolean {
    return this.input.charAt(at) === '-' && at + 1 < this.input.length && isSpace(this.input.charAt(at + 1));
  }

  private hasRightTrim(at: number): boolean {
    return at < this.input.length && isSpace(this.input.charAt(at)) && this.input.charAt(at + 1) === '-';
  }

  private leftDelim(): Token | undefined {
    const afterMarker = this.hasLeftTrim(this.pos + 2) ? 2 : 0;
    if (this.input.startsWith('/*', this.pos + 2 + afterMarker)) {
      this.pos += 2 + afterMarker;
      this.skip();
      return this.comment();
    }
    this.pos += 2;
    const token = this.take('leftDelim');
    this.insideAction = true;
    this.pos += afterMarker;
    this.skip();
    this.parenDepth = 0;
    return token;
  }

  private comment(): Token | undefined {
    const end = this.input.indexOf('*/', this.pos + 2);
    if (end < 0) return this.fail('unclosed comment');
    this.pos = end + 2;
    const trim = this.hasRightTrim(this.pos) && this.input.startsWith('}}', this.pos + 2);
    if (!trim && !this.input.startsWith('}}', this.pos)) return this.fail('comment ends before closing delimiter');
    this.pos += trim ? 4 : 2;
    if (trim) this.skipSpaces();
    this.skip();
    return undefined;
  }

  private skipSpaces(): void {
    while (this.pos < this.input.length && isSpace(this.input.charAt(this.pos))) this.pos += 1;
  }

  private rightDelim(trim: boolean): Token {
    if (trim) {
      this.pos += 2;
      this.skip();
    }
    this.pos += 2;
    const token = this.take('rightDelim');
    if (trim) {
      this.skipSpaces();
      this.skip();
    }
    this.insideAction = false;
    return token;
  }

  private inAction(): Token {
    const trim = this.hasRightTrim(this.pos) && this.input.startsWith('}}', this.pos + 2);
    if (trim || this.input.startsWith('}}', this.pos)) {
      return this.parenDepth === 0 ? this.rightDelim(trim) : this.fail('unclosed left paren');
    }
    const char = this.peek();
    if (char === '')
      return this.failed ? { type: 'eof', pos: 0, text: '', line: this.line } : this.fail('unclosed action');
    if (isSpace(char)) return this.space();
    this.pos += char.length;
    return this.symbol(char);
  }

  private symbol(char: string): Token {
    switch (char) {
      case '=':
        return this.take('assign');
      case ':':
        if (this.peek() !== '=') {
          this.pos += this.peek().length;
          return this.fail('expected :=');
        }
        this.pos += 1;
        return this.take('declare');
      case '|':
        return this.take('pipe');
      case '"':
        return this.quoted('"', 'string', 'unterminated quoted string');
      case "'":
        return this.quoted("'", 'charConstant', 'unterminated character constant');
      case '`': {
        const end = this.input.indexOf('`', this.pos);
        if (end < 0) return this.fail('unterminated raw quoted string');
        this.pos = end + 1;
        return this.take('rawString');
      }
      case '$':
        return this.fieldOrVariable('variable');
      case '(':
        this.parenDepth += 1;
        return this.take('leftParen');
      case ')':
        this.parenDepth -= 1;
        return this.parenDepth < 0 ? this.fail('unexpected right paren') : this.take('rightParen');
      default:
        return this.word(char);
    }
  }

  private word(char: string): Token {
    const next = this.input.charAt(this.pos);
    if (char === '.' && this.pos < this.input.length && !(next >= '0' && next <= '9'))
      return this.fieldOrVariable('field');
    if (char === '.' || char === '+' || char === '-' || (char >= '0' && char <= '9')) {
      this.pos -= 1;
      return this.number();
    }
    if (isAlphaNumeric(char)) return this.identifier();
    const code = char.codePointAt(0) ?? 0;
    if (code < 127 && code >= 32) return this.take('char');
    return this.fail(`unrecognized character in action: ${unicodeName(char)}`);
  }

  private space(): Token {
    const first = this.pos;
    this.skipSpaces();
    // A space that belongs to a trim marker is not part of the run.
    if (this.hasRightTrim(this.pos - 1) && this.input.startsWith('}}', this.pos + 1)) {
      this.pos -= 1;
      if (this.pos === first) return this.rightDelim(true);
    }
    return this.take('space');
  }

  private atTerminator(): boolean {
    const char = this.peek();
    return char === '' || isSpace(char) || '.,|:)('.includes(char) || this.input.startsWith('}}', this.pos);
  }

  private identifier(): Token {
    while (isAlphaNumeric(this.peek())) this.pos += this.peek().length;
    if (!this.atTerminator()) return this.fail(`bad character ${unicodeName(this.peek())}`);
    const word = this.input.slice(this.start, this.pos);
    if (word === 'true' || word === 'false') return this.take('bool');
    return this.take(KEYWORDS.get(word) ?? 'identifier');
  }

  private fieldOrVariable(type: 'field' | 'variable'): Token {
    if (this.atTerminator()) return this.take(type === 'variable' ? 'variable' : 'dot');
    while (isAlphaNumeric(this.peek())) this.pos += this.peek().length;
    if (!this.atTerminator()) return this.fail(`bad character ${unicodeName(this.peek())}`);
    return this.take(type);
  }

  private quoted(end: string, type: TokenType, unterminated: string): Token {
    for (;;) {
      let char = this.peek();
      this.pos += char.length;
      if (char === '\\') {
        char = this.peek();
        this.pos += char.length;
        if (char !== '' && char !== '\n') continue;
      }
      if (char === '' || char === '\n') return this.fail(unterminated);
      if (char === end) return this.take(type);
    }
  }

  private accept(valid: string): boolean {
    const char = this.input.charAt(this.pos);
    if (char === '' || !valid.includes(char)) return false;
    this.pos += 1;
    return true;
  }

  private acceptRun(valid: string): void {
    while (this.accept(valid));
  }

  private number(): Token {
    if (!this.scanNumber()) return this.fail(`bad number syntax: ${goQuote(this.input.slice(this.start, this.pos))}`);
    const sign = this.peek();
    if (sign === '+' || sign === '-') {
      if (!this.scanNumber() || this.input.charAt(this.pos - 1) !== 'i') {
        return this.fail(`bad number syntax: ${goQuote(this.input.slice(this.start, this.pos))}`);
      }
      return this.take('complex');
    }
    return this.take('number');
  }

  private scanNumber(): boolean {
    this.accept('+-');
    let digits = '0123456789_';
    let base = 10;
    if (this.accept('0')) {
      if (this.accept('xX')) [digits, base] = ['0123456789abcdefABCDEF_', 16];
      else if (this.accept('oO')) [digits, base] = ['01234567_', 8];
      else if (this.accept('bB')) [digits, base] = ['01_', 2];
    }
    this.acceptRun(digits);
    if (this.accept('.')) this.acceptRun(digits);
    if (base === 10 && this.accept('eE')) {
      this.accept('+-');
      this.acceptRun('0123456789_');
    }
    if (base === 16 && this.accept('pP')) {
      this.accept('+-');
      this.acceptRun('0123456789_');
    }
    this.accept('i');
    if (isAlphaNumeric(this.peek())) {
      this.pos += this.peek().length;
      return false;
    }
    return true;
  }
}

/** `%#U` of a character: `U+0040 '@'`. */
const unicodeName = (char: string): string => {
  const code = char.codePointAt(0);
  if (code === undefined) return 'U+FFFFFFFFFFFFFFFF';
  const hex = code.toString(16).toUpperCase().padStart(4, '0');
  return /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char) ? `U+${hex} '${char}'` : `U+${hex}`;
};
