import { scanBlockScalar, scanPlainScalar, scanQuotedScalar } from './scan-scalars.js';
import { scanAnchor, scanDirective, scanTag } from './scan-properties.js';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  CR,
  DASH,
  DOUBLE_QUOTE,
  HASH,
  isBlankOrEnd,
  isBreak,
  isBreakOrEnd,
  LF,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUESTION,
  SINGLE_QUOTE,
  SPACE,
  TAB,
} from './yaml-characters.js';
import { type Mark, scannerError } from './yaml-error.js';

export type YamlTokenType =
  | 'stream-end'
  | 'version-directive'
  | 'tag-directive'
  | 'document-start'
  | 'document-end'
  | 'block-sequence-start'
  | 'block-mapping-start'
  | 'block-end'
  | 'flow-sequence-start'
  | 'flow-sequence-end'
  | 'flow-mapping-start'
  | 'flow-mapping-end'
  | 'block-entry'
  | 'flow-entry'
  | 'key'
  | 'value'
  | 'alias'
  | 'anchor'
  | 'tag'
  | 'scalar';

export interface YamlToken {
  readonly type: YamlTokenType;
  readonly start: Mark;
  /** Text of a scalar, anchor, alias; handle of a tag. */
  readonly value: string;
  /** Of a tag. */
  readonly suffix: string;
  /** A scalar without quotes or block style. */
  readonly isPlain: boolean;
}

interface SimpleKey {
  isPossible: boolean;
  isRequired: boolean;
  token: number;
  mark: Mark;
}

const MAX_DEPTH = 10_000;
const NO_MARK: Mark = { line: 0, column: 0, index: 0 };

/** Splits YAML 1.1 into tokens by libyaml's rules, on which go-yaml's results and error texts rest. */
export class YamlScanner {
  index = 0;
  line = 0;
  column = 0;
  indent = -1;
  flowLevel = 0;
  isKeyAllowed = true;
  private readonly tokens: YamlToken[] = [];
  private taken = 0;
  private head = 0;
  private readonly indents: number[] = [];
  private readonly keys: SimpleKey[] = [{ isPossible: false, isRequired: false, token: -1, mark: NO_MARK }];
  private readonly keyOfToken = new Map<number, SimpleKey>();
  private isEnded = false;

  /** Told of comments between tokens. */
  onComment: ((line: number, column: number) => void) | undefined;
  /** Whether lines end with anything but line feeds. */
  private readonly hasOddBreaks: boolean;

  constructor(readonly text: string) {
    this.hasOddBreaks = /[\r\x85\u2028\u2029]/.test(text);
    if (text.charCodeAt(0) === 0xfeff) this.index = 1;
  }

  peek(): YamlToken {
    this.fetch();
    return this.tokens[this.head] as YamlToken;
  }

  skip(): void {
    this.head += 1;
    this.taken += 1;
    if (this.head > 256) {
      this.tokens.splice(0, this.head);
      this.head = 0;
    }
  }

  mark(): Mark {
    return { line: this.line, column: this.column, index: this.index };
  }

  /** The code unit `ahead` of the position; 0 at the end. */
  at(ahead = 0): number {
    const c = this.text.charCodeAt(this.index + ahead);
    return Number.isNaN(c) ? 0 : c;
  }

  advance(count = 1): void {
    this.index += count;
    this.column += count;
  }

  /** Passes what is left of the line. */
  skipLine(): void {
    if (this.hasOddBreaks) {
      while (!isBreakOrEnd(this.at())) this.advance();
      return;
    }
    const end = this.text.indexOf('\n', this.index);
    this.advance((end < 0 ? this.text.length : end) - this.index);
  }

  /** Passes a line break; answers what it stands for in a scalar. */
  readBreak(): string {
    const c = this.at();
    this.index += c === CR && this.at(1) === LF ? 2 : 1;
    this.line += 1;
    this.column = 0;
    return c === 0x2028 || c === 0x2029 ? String.fromCharCode(c) : '\n';
  }

  fail(problem: string, context?: Mark): never {
    throw scannerError(problem, this.mark(), context);
  }

  /** `---` or `...` at the start of a line. */
  isDocumentIndicator(): boolean {
    if (this.column !== 0) return false;
    const c = this.at();
    return (c === DASH || c === 46) && this.at(1) === c && this.at(2) === c && isBlankOrEnd(this.at(3));
  }

  private fetch(): void {
    for (;;) {
      if (this.head !== this.tokens.length) {
        const key = this.keyOfToken.get(this.taken);
        if (key === undefined || !this.isValidKey(key)) return;
      }
      if (this.isEnded) return;
      this.fetchNext();
    }
  }

  private push(type: YamlTokenType, start: Mark, value = '', suffix = '', isPlain = false): void {
    this.tokens.push({ type, start, value, suffix, isPlain });
  }

  private insert(type: YamlTokenType, start: Mark, number: number): void {
    const token = { type, start, value: '', suffix: '', isPlain: false };
    if (number < 0) this.tokens.push(token);
    else this.tokens.splice(this.head + number - this.taken, 0, token);
  }

  private fetchNext(): void {
    this.skipToToken();
    this.unroll(this.column);
    const c = this.at();
    if (c === 0 && this.index >= this.text.length) {
      this.endStream();
    } else if (this.column === 0 && c === 37) {
      this.unroll(-1);
      this.removeKey();
      this.isKeyAllowed = false;
      const { type, start, value, suffix } = scanDirective(this);
      this.push(type, start, value, suffix);
    } else if (this.isDocumentIndicator()) {
      this.documentIndicator(c);
    } else {
      this.fetchContent(c);
    }
  }

  private fetchContent(c: number): void {
    switch (c) {
      case OPEN_BRACKET:
        return this.flowStart('flow-sequence-start');
      case OPEN_BRACE:
        return this.flowStart('flow-mapping-start');
      case CLOSE_BRACKET:
        return this.flowEnd('flow-sequence-end');
      case CLOSE_BRACE:
        return this.flowEnd('flow-mapping-end');
      case COMMA:
        this.removeKey();
        this.isKeyAllowed = true;
        return this.indicator('flow-entry');
      case 42:
        return this.anchor('alias');
      case 38:
        return this.anchor('anchor');
      case 33: {
        this.saveKey();
        this.isKeyAllowed = false;
        const { start, value, suffix } = scanTag(this);
        return this.push('tag', start, value, suffix);
      }
      case SINGLE_QUOTE:
      case DOUBLE_QUOTE:
        return this.scalar(() => scanQuotedScalar(this, c === SINGLE_QUOTE), false);
      default:
    }
    this.fetchBlockContent(c);
  }

  private fetchBlockContent(c: number): void {
    const next = this.at(1);
    if (c === DASH && isBlankOrEnd(next)) return this.blockEntry();
    if (c === QUESTION && (this.flowLevel > 0 || isBlankOrEnd(next))) return this.explicitKey();
    if (c === COLON && (this.flowLevel > 0 || isBlankOrEnd(next))) return this.valueIndicator();
    if ((c === 124 || c === 62) && this.flowLevel === 0) {
      this.removeKey();
      this.isKeyAllowed = true;
      const start = this.mark();
      return this.push('scalar', start, scanBlockScalar(this, c === 124));
    }
    if (this.startsPlain(c, next)) return this.scalar(() => scanPlainScalar(this), true);
    this.fail('found character that cannot start any token');
  }

  private startsPlain(c: number, next: number): boolean {
    if (c === DASH) return !(next === SPACE || next === TAB);
    if (c === QUESTION || c === COLON) return this.flowLevel === 0 && !isBlankOrEnd(next);
    return !isBlankOrEnd(c) && c !== HASH && c !== 124 && c !== 62 && c !== 37 && c !== 64 && c !== 96;
  }

  private skipToToken(): void {
    for (;;) {
      let c = this.at();
      if (this.column === 0 && c === 0xfeff) {
        this.advance();
        c = this.at();
      }
      while (c === SPACE || (c === TAB && (this.flowLevel > 0 || !this.isKeyAllowed))) {
        this.advance();
        c = this.at();
      }
      if (c === HASH) {
        this.onComment?.(this.line, this.column);
        this.skipLine();
      }
      if (!isBreak(this.at())) return;
      this.readBreak();
      if (this.flowLevel === 0) this.isKeyAllowed = true;
    }
  }

  private isValidKey(key: SimpleKey): boolean {
    if (!key.isPossible) return false;
    if (key.mark.line < this.line || key.mark.index + 1024 < this.index) {
      if (key.isRequired) this.fail("could not find expected ':'", key.mark);
      key.isPossible = false;
      return false;
    }
    return true;
  }

  private saveKey(): void {
    if (!this.isKeyAllowed) return;
    const isRequired = this.flowLevel === 0 && this.indent === this.column;
    this.removeKey();
    const token = this.taken + (this.tokens.length - this.head);
    const key = { isPossible: true, isRequired, token, mark: this.mark() };
    this.keys[this.keys.length - 1] = key;
    this.keyOfToken.set(token, key);
  }

  private removeKey(): void {
    const key = this.keys.at(-1) as SimpleKey;
    if (!key.isPossible) return;
    if (key.isRequired) this.fail("could not find expected ':'", key.mark);
    key.isPossible = false;
    this.keyOfToken.delete(key.token);
  }

  private roll(column: number, number: number, type: YamlTokenType, mark: Mark): void {
    if (this.flowLevel > 0 || this.indent >= column) return;
    this.indents.push(this.indent);
    this.indent = column;
    if (this.indents.length > MAX_DEPTH) this.fail(`exceeded max depth of ${MAX_DEPTH}`);
    this.insert(type, mark, number);
  }

  private unroll(column: number): void {
    if (this.flowLevel > 0) return;
    while (this.indent > column) {
      this.push('block-end', this.mark());
      this.indent = this.indents.pop() ?? -1;
    }
  }

  private endStream(): void {
    if (this.column !== 0) {
      this.column = 0;
      this.line += 1;
    }
    this.unroll(-1);
    this.removeKey();
    this.isKeyAllowed = false;
    this.push('stream-end', this.mark());
    this.isEnded = true;
  }

  private documentIndicator(c: number): void {
    this.unroll(-1);
    this.removeKey();
    this.isKeyAllowed = false;
    const start = this.mark();
    this.advance(3);
    this.push(c === DASH ? 'document-start' : 'document-end', start);
  }

  private indicator(type: YamlTokenType): void {
    const start = this.mark();
    this.advance();
    this.push(type, start);
  }

  private flowStart(type: YamlTokenType): void {
    this.saveKey();
    // An empty collection takes the number of its own start along when it ends, and with it what was expected there.
    const token = this.taken + (this.tokens.length - this.head);
    this.keys.push({ isPossible: false, isRequired: false, token, mark: this.mark() });
    this.flowLevel += 1;
    if (this.flowLevel > MAX_DEPTH) this.fail(`exceeded max depth of ${MAX_DEPTH}`);
    this.isKeyAllowed = true;
    this.indicator(type);
  }

  private flowEnd(type: YamlTokenType): void {
    this.removeKey();
    if (this.flowLevel > 0) {
      this.flowLevel -= 1;
      const key = this.keys.pop();
      if (key !== undefined) this.keyOfToken.delete(key.token);
    }
    this.isKeyAllowed = false;
    this.indicator(type);
  }

  private blockEntry(): void {
    if (this.flowLevel === 0) {
      if (!this.isKeyAllowed) this.fail('block sequence entries are not allowed in this context');
      this.roll(this.column, -1, 'block-sequence-start', this.mark());
    }
    this.removeKey();
    this.isKeyAllowed = true;
    this.indicator('block-entry');
  }

  private explicitKey(): void {
    if (this.flowLevel === 0) {
      if (!this.isKeyAllowed) this.fail('mapping keys are not allowed in this context');
      this.roll(this.column, -1, 'block-mapping-start', this.mark());
    }
    this.removeKey();
    this.isKeyAllowed = this.flowLevel === 0;
    this.indicator('key');
  }

  private valueIndicator(): void {
    const key = this.keys.at(-1) as SimpleKey;
    if (this.isValidKey(key)) {
      this.insert('key', key.mark, key.token);
      this.roll(key.mark.column, key.token, 'block-mapping-start', key.mark);
      key.isPossible = false;
      this.keyOfToken.delete(key.token);
      this.isKeyAllowed = false;
    } else {
      if (this.flowLevel === 0) {
        if (!this.isKeyAllowed) this.fail('mapping values are not allowed in this context');
        this.roll(this.column, -1, 'block-mapping-start', this.mark());
      }
      this.isKeyAllowed = this.flowLevel === 0;
    }
    this.indicator('value');
  }

  private anchor(type: 'alias' | 'anchor'): void {
    this.saveKey();
    this.isKeyAllowed = false;
    const start = this.mark();
    this.push(type, start, scanAnchor(this));
  }

  private scalar(scan: () => string, isPlain: boolean): void {
    this.saveKey();
    this.isKeyAllowed = false;
    const start = this.mark();
    this.push('scalar', start, scan(), '', isPlain);
  }
}
