import { GoError } from '../template/errors.js';
import { goQuoteRune } from '../template/quote.js';
import type { Value } from '../template/values.js';

/** `json.Unmarshal` into an `interface {}`: numbers are float64. Throws GoError with encoding/json's text. */
export const readJson = (text: string): Value => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new GoError(syntaxProblem(text));
  }
  return fromPlain(parsed);
};

/** Plain data as JSON.parse gives it. `__proto__` is a key like any other: it was parsed as one. */
export const fromPlain = (data: unknown): Value => {
  if (data === null || data === undefined) return null;
  if (Array.isArray(data)) return data.map(fromPlain);
  if (typeof data === 'object') return new Map(Object.entries(data).map(([key, value]) => [key, fromPlain(value)]));
  // Numbers of values are floats.
  return typeof data === 'bigint' ? Number(data) : (data as string | number | boolean);
};

const isSpace = (c: string | undefined): boolean => c === ' ' || c === '\t' || c === '\r' || c === '\n';

/** Finds where encoding/json's scanner gives up, and says what it says. */
const syntaxProblem = (text: string): string => {
  const problem = new JsonScanner(text).run();
  return problem ?? 'unexpected end of JSON input';
};

/** Where the JSON value at the start of a text ends; undefined when there is none. */
export const scanJsonValue = (text: string): number | undefined => new JsonScanner(text).valueEnd();

class Stop extends Error {}

class JsonScanner {
  private at = 0;

  constructor(private readonly text: string) {}

  run(): string | undefined {
    try {
      this.spaces();
      this.value();
      this.spaces();
      if (this.at < this.text.length) this.fail('after top-level value');
    } catch (error) {
      if (error instanceof Stop) return error.message === '' ? undefined : error.message;
      throw error;
    }
    return undefined;
  }

  valueEnd(): number | undefined {
    try {
      this.spaces();
      this.value();
      return this.at;
    } catch (error) {
      if (error instanceof Stop) return undefined;
      throw error;
    }
  }

  private fail(context: string): never {
    const code = this.text.codePointAt(this.at);
    // At the end encoding/json tries a space, which is wrong inside of a word, a number or an escape.
    if (code === undefined)
      throw new Stop(/^in |^after decimal/.test(context) ? `invalid character ' ' ${context}` : '');
    // encoding/json looks at bytes.
    const byte = Buffer.from(String.fromCodePoint(code), 'utf8')[0] ?? 0;
    const shown = byte === 39 ? "'\\''" : byte === 34 ? `'"'` : goQuoteRune(byte);
    throw new Stop(`invalid character ${shown} ${context}`);
  }

  private spaces(): void {
    while (isSpace(this.text[this.at])) this.at += 1;
  }

  private value(): void {
    const c = this.text[this.at];
    if (c === '{') return this.members('}', () => this.member(), 'object key:value pair');
    if (c === '[') return this.members(']', () => this.value(), 'array element');
    if (c === '"') return this.string();
    if (c === 't') return this.word('true');
    if (c === 'f') return this.word('false');
    if (c === 'n') return this.word('null');
    if (c === '-' || (c !== undefined && c >= '0' && c <= '9')) return this.number();
    return this.fail('looking for beginning of value');
  }

  private members(close: string, member: () => void, what: string): void {
    this.at += 1;
    this.spaces();
    if (this.text[this.at] === close) {
      this.at += 1;
      return;
    }
    for (;;) {
      member();
      this.spaces();
      const c = this.text[this.at];
      if (c === close) {
        this.at += 1;
        return;
      }
      if (c !== ',') this.fail(`after ${what}`);
      this.at += 1;
      this.spaces();
    }
  }

  private member(): void {
    if (this.text[this.at] !== '"') this.fail('looking for beginning of object key string');
    this.string();
    this.spaces();
    if (this.text[this.at] !== ':') this.fail('after object key');
    this.at += 1;
    this.spaces();
    this.value();
  }

  private string(): void {
    this.at += 1;
    for (let c = this.text[this.at]; c !== '"'; c = this.text[this.at]) {
      if (c === undefined) throw new Stop('');
      if (c < ' ') this.fail('in string literal');
      this.at += 1;
      if (c === '\\') this.escape();
    }
    this.at += 1;
  }

  private escape(): void {
    const c = this.text[this.at];
    if (c === undefined || !'"\\/bfnrtu'.includes(c)) this.fail('in string escape code');
    this.at += 1;
    if (c !== 'u') return;
    for (let i = 0; i < 4; i++) {
      if (!/[0-9a-fA-F]/.test(this.text[this.at] ?? '')) this.fail('in \\u hexadecimal character escape');
      this.at += 1;
    }
  }

  private word(word: string): void {
    for (let i = 1; i < word.length; i++) {
      this.at += 1;
      if (this.text[this.at] !== word[i])
        this.fail(`in literal ${word} (expecting ${goQuoteRune(word.charCodeAt(i))})`);
    }
    this.at += 1;
  }

  private digits(context: string): void {
    if (!/[0-9]/.test(this.text[this.at] ?? '')) this.fail(context);
    while (/[0-9]/.test(this.text[this.at] ?? '')) this.at += 1;
  }

  private number(): void {
    if (this.text[this.at] === '-') this.at += 1;
    if (this.text[this.at] === '0') this.at += 1;
    else this.digits('in numeric literal');
    if (this.text[this.at] === '.') {
      this.at += 1;
      this.digits('after decimal point in numeric literal');
    }
    if (/[eE]/.test(this.text[this.at] ?? '')) {
      this.at += 1;
      if (/[+-]/.test(this.text[this.at] ?? '')) this.at += 1;
      this.digits('in exponent of numeric literal');
    }
  }
}
