import { setOwn } from '../json.js';

/** JSON that a client sent, with what a lenient parser would hide. */
export interface StrictJson {
  readonly value: unknown;
  /** Paths of keys that occur more than once in their object, as warnings name them: `spec.replicas`. */
  readonly duplicates: readonly string[];
}

/** Text that is no JSON, worded like Go's decoder where it matters. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

/** Deeper nesting is refused: every reader of an object recurses. */
export const MAX_JSON_DEPTH = 500;

/**
 * Reads one document. Keys such as `__proto__` are ordinary; the last of two equal keys wins, and is reported. An
 * integer of 64 bits that a number cannot hold is a BigInt. Throws a JsonError.
 */
export const parseJsonStrict = (text: string): StrictJson => new JsonReader(text).read();

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const PLAIN = /[ !#-[\]-\uffff]*/y;
const SPACE = /[ \t\n\r]*/y;

const INTEGER = /^-?\d{16,19}$/;

/** A JSON number; beyond 64 bits the nearest that a number holds, as Go reads it. */
const numberOf = (text: string): number | bigint => {
  const number = Number(text);
  if (Number.isSafeInteger(number) || !INTEGER.test(text)) return number;
  const exact = BigInt(text);
  return BigInt.asIntN(64, exact) === exact ? exact : number;
};

/** A character as Go's decoder quotes it, which sees bytes. */
const quotedCharacter = (character: string): string => {
  if (character === "'") return String.raw`'\''`;
  if (character === '"') return `'"'`;
  const [byte = 0] = Buffer.from(character);
  return `'${byte < 0x80 ? JSON.stringify(character).slice(1, -1) : String.fromCodePoint(byte)}'`;
};

class JsonReader {
  private position = 0;
  private readonly duplicates: string[] = [];

  constructor(private readonly text: string) {}

  read(): StrictJson {
    const value = this.value('', 0);
    this.skipSpace();
    if (this.position < this.text.length) {
      throw new JsonError(`invalid character ${this.current()} after top-level value`);
    }
    return { value, duplicates: this.duplicates };
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.position += found.length;
    return found;
  }

  private skipSpace(): void {
    this.match(SPACE);
  }

  private current(): string {
    return quotedCharacter(this.text.charAt(this.position));
  }

  private fail(context: string): JsonError {
    return this.position >= this.text.length
      ? new JsonError('unexpected end of JSON input')
      : new JsonError(`invalid character ${this.current()} ${context}`);
  }

  private value(path: string, depth: number): unknown {
    if (depth > MAX_JSON_DEPTH) throw new JsonError('exceeded max depth');
    this.skipSpace();
    switch (this.text.charAt(this.position)) {
      case '{':
        return this.object(path, depth);
      case '[':
        return this.array(path, depth);
      case '"':
        return this.string();
      case 't':
        return this.literal('true', true);
      case 'f':
        return this.literal('false', false);
      case 'n':
        return this.literal('null', null);
      default:
        return this.number();
    }
  }

  private literal<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.position)) throw this.fail(`in literal ${word}`);
    this.position += word.length;
    return value;
  }

  private number(): number | bigint {
    const found = this.match(NUMBER);
    if (found === '' || found === '-') throw this.fail('looking for beginning of value');
    return numberOf(found);
  }

  private string(): string {
    this.position += 1;
    let result = '';
    for (;;) {
      result += this.match(PLAIN);
      const character = this.text.charAt(this.position);
      if (character === '"') {
        this.position += 1;
        return result;
      }
      if (character !== '\\') throw this.fail('in string literal');
      result += this.escape();
    }
  }

  private escape(): string {
    const kind = this.text.charAt(this.position + 1);
    if (kind === 'u') {
      const digits = this.text.slice(this.position + 2, this.position + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(digits))
        throw new JsonError(String.raw`invalid character in \u hexadecimal character escape`);
      this.position += 6;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    const character = Object.hasOwn(ESCAPES, kind) ? ESCAPES[kind] : undefined;
    if (character === undefined) throw new JsonError('invalid character in string escape code');
    this.position += 2;
    return character;
  }

  private array(path: string, depth: number): unknown[] {
    this.position += 1;
    const result: unknown[] = [];
    this.skipSpace();
    if (this.take(']')) return result;
    for (;;) {
      result.push(this.value(`${path}[${result.length}]`, depth + 1));
      this.skipSpace();
      if (this.take(']')) return result;
      if (!this.take(',')) throw this.fail('after array element');
    }
  }

  private object(path: string, depth: number): Record<string, unknown> {
    this.position += 1;
    const result: Record<string, unknown> = {};
    const reported = new Set<string>();
    this.skipSpace();
    if (this.take('}')) return result;
    for (;;) {
      this.skipSpace();
      if (this.text.charAt(this.position) !== '"') throw this.fail('looking for beginning of object key string');
      const key = this.string();
      const inner = path === '' ? key : `${path}.${key}`;
      if (Object.hasOwn(result, key) && !reported.has(key)) {
        reported.add(key);
        this.duplicates.push(inner);
      }
      this.skipSpace();
      if (!this.take(':')) throw this.fail('after object key');
      setOwn(result, key, this.value(inner, depth + 1));
      this.skipSpace();
      if (this.take('}')) return result;
      if (!this.take(',')) throw this.fail('after object key:value pair');
    }
  }

  private take(character: string): boolean {
    if (this.text.charAt(this.position) !== character) return false;
    this.position += 1;
    return true;
  }
}
