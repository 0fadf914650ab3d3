import { call, type Expr, type Literal, type MapEntry } from './ast.js';
import { Lexer, type Token } from './lexer.js';
import { expandMacro, MacroError } from './macros.js';
import { CompileError, type Issue } from './source.js';

/** Words that are no identifiers. */
const RESERVED = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(
    ' ',
  ),
);

const EXPECTED =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

const RELATIONS: Readonly<Record<string, string>> = {
  '<': '_<_',
  '<=': '_<=_',
  '>': '_>_',
  '>=': '_>=_',
  '==': '_==_',
  '!=': '_!=_',
  in: '@in',
};
const SUMS: Readonly<Record<string, string>> = { '+': '_+_', '-': '_-_' };
const PRODUCTS: Readonly<Record<string, string>> = { '*': '_*_', '/': '_/_', '%': '_%_' };

const MAX_DEPTH = 250;
const MAX_LENGTH = 100_000;

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;
const UINT_MAX = 2n ** 64n - 1n;

/** Ends the reading of an expression whose rest makes no sense. */
class Stop extends Error {}

/** Reads an expression and replaces its macros. Throws a CompileError. */
export const parseExpression = (source: string): Expr => {
  const issues: Issue[] = [];
  if (source.length > MAX_LENGTH) {
    const message = `expression code point size exceeds limit: size: ${source.length}, limit ${MAX_LENGTH}`;
    throw new CompileError(source, [{ offset: -1, message }]);
  }
  const expression = new Parser(new Lexer(source, issues).run(), issues).run();
  if (expression === undefined || issues.length > 0) throw new CompileError(source, issues);
  return expression;
};

class Parser {
  private position = 0;
  private depth = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly issues: Issue[],
  ) {}

  run(): Expr | undefined {
    try {
      const expression = this.expression();
      const rest = this.current;
      if (rest.type !== 'end') {
        const how = this.peek(1).type === 'end' ? 'extraneous' : 'mismatched';
        this.report(rest.offset, `Syntax error: ${how} input '${rest.text}' expecting <EOF>`);
      }
      return expression;
    } catch (error) {
      if (error instanceof Stop) return undefined;
      throw error;
    }
  }

  private get current(): Token {
    return this.peek(0);
  }

  private peek(ahead: number): Token {
    return this.tokens[Math.min(this.position + ahead, this.tokens.length - 1)] as Token;
  }

  private report(offset: number, message: string): void {
    this.issues.push({ offset, message });
  }

  private is(text: string): boolean {
    const { type } = this.current;
    return this.current.text === text && (type === 'punctuation' || type === 'ident');
  }

  private take(text: string): Token | undefined {
    if (!this.is(text)) return undefined;
    const token = this.current;
    this.position += 1;
    return token;
  }

  private need(text: string): Token {
    const token = this.take(text);
    if (token !== undefined) return token;
    const { offset, text: found, type } = this.current;
    const message =
      type === 'end' || this.peek(0).text === text
        ? `missing '${text}' at '${found}'`
        : `mismatched input '${found}' expecting '${text}'`;
    this.report(offset, `Syntax error: ${message}`);
    throw new Stop();
  }

  private fail(token: Token): never {
    this.report(token.offset, `Syntax error: mismatched input '${token.text}' expecting ${EXPECTED}`);
    throw new Stop();
  }

  private expression(): Expr {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) {
      this.report(-1, `expression recursion limit exceeded: ${MAX_DEPTH}`);
      throw new Stop();
    }
    const condition = this.either();
    const mark = this.take('?');
    if (mark === undefined) {
      this.depth -= 1;
      return condition;
    }
    const first = this.either();
    this.need(':');
    const second = this.expression();
    this.depth -= 1;
    return call(mark.offset, '_?_:_', condition, first, second);
  }

  private either(): Expr {
    const terms = [this.both()];
    const marks: number[] = [];
    for (let mark = this.take('||'); mark !== undefined; mark = this.take('||')) {
      marks.push(mark.offset);
      terms.push(this.both());
    }
    return balanced('_||_', terms, marks);
  }

  private both(): Expr {
    const terms = [this.relation()];
    const marks: number[] = [];
    for (let mark = this.take('&&'); mark !== undefined; mark = this.take('&&')) {
      marks.push(mark.offset);
      terms.push(this.relation());
    }
    return balanced('_&&_', terms, marks);
  }

  private relation(): Expr {
    return this.chain(RELATIONS, () => this.chain(SUMS, () => this.chain(PRODUCTS, () => this.unary())));
  }

  private chain(operators: Readonly<Record<string, string>>, operand: () => Expr): Expr {
    let left = operand();
    for (;;) {
      const { text, type, offset } = this.current;
      const isOperator = type === 'punctuation' || (type === 'ident' && text === 'in');
      const fn = isOperator && Object.hasOwn(operators, text) ? operators[text] : undefined;
      if (fn === undefined) return left;
      this.position += 1;
      left = call(offset, fn, left, operand());
    }
  }

  private unary(): Expr {
    const { offset, text } = this.current;
    if (!this.is('!') && !this.is('-')) return this.member();
    if (text === '-' && isNumber(this.peek(1))) return this.member();
    let count = 0;
    const isNot = text === '!';
    while (this.is(text) && (isNot || count === 0 || !isNumber(this.peek(1)))) {
      this.position += 1;
      count += 1;
    }
    const operand = this.member();
    return count % 2 === 0 ? operand : call(offset, text === '!' ? '!_' : '-_', operand);
  }

  private member(): Expr {
    let expression = this.primary();
    for (;;) {
      const dot = this.take('.');
      if (dot !== undefined) {
        expression = this.afterDot(expression, dot);
        continue;
      }
      const open = this.take('[');
      if (open === undefined) return expression;
      const optional = this.take('?') !== undefined;
      const index = this.expression();
      this.need(']');
      expression = call(open.offset, optional ? '_[?_]' : '_[_]', expression, index);
    }
  }

  private afterDot(operand: Expr, dot: Token): Expr {
    const optional = this.take('?') !== undefined;
    const name = this.current;
    if (name.type !== 'ident' && name.type !== 'quoted') {
      this.report(
        name.offset,
        `Syntax error: no viable alternative at input '.${name.type === 'end' ? '' : name.text}'`,
      );
      throw new Stop();
    }
    this.position += 1;
    const field = name.type === 'quoted' ? name.text.slice(1, -1) : name.text;
    if (optional) {
      const literal: Expr = { kind: 'literal', offset: name.offset, literal: { type: 'string', value: field } };
      return call(dot.offset, '_?._', operand, literal);
    }
    const open = name.type === 'ident' ? this.take('(') : undefined;
    if (open === undefined) return { kind: 'select', offset: dot.offset, operand, field, test: false };
    return this.macro(open.offset, field, operand, this.arguments());
  }

  private arguments(): Expr[] {
    const args: Expr[] = [];
    if (this.take(')') !== undefined) return args;
    for (;;) {
      args.push(this.expression());
      if (this.take(',') !== undefined) continue;
      this.need(')');
      return args;
    }
  }

  private macro(offset: number, fn: string, target: Expr | undefined, args: readonly Expr[]): Expr {
    const plain: Expr = { kind: 'call', offset, fn, target, args };
    try {
      return expandMacro(offset, fn, target, args) ?? plain;
    } catch (error) {
      if (!(error instanceof MacroError)) throw error;
      this.report(error.offset, error.message);
      return plain;
    }
  }

  private primary(): Expr {
    const token = this.current;
    switch (token.type) {
      case 'int':
      case 'uint':
      case 'double':
      case 'string':
      case 'bytes':
        this.position += 1;
        return this.literal(token, '', token.offset);
      case 'ident':
        return this.identifier('');
      case 'punctuation':
        return this.structure(token);
      default:
        return this.fail(token);
    }
  }

  private structure(token: Token): Expr {
    this.position += 1;
    switch (token.text) {
      case '(': {
        const inner = this.expression();
        this.need(')');
        return inner;
      }
      case '[':
        return this.list(token.offset);
      case '{':
        return this.map(token.offset);
      case '.':
        return this.identifier('.');
      case '-': {
        const number = this.current;
        if (!isNumber(number)) return this.fail(token);
        this.position += 1;
        return this.literal(number, '-', token.offset);
      }
      default:
        return this.fail(token);
    }
  }

  private identifier(lead: string): Expr {
    const token = this.current;
    if (token.type !== 'ident') return this.fail(token);
    this.position += 1;
    const { text, offset } = token;
    if (lead === '' && (text === 'true' || text === 'false'))
      return { kind: 'literal', offset, literal: { type: 'bool', value: text === 'true' } };
    if (lead === '' && text === 'null') return { kind: 'literal', offset, literal: { type: 'null' } };
    if (text === 'in') {
      this.position -= 1;
      return this.fail(token);
    }
    if (RESERVED.has(text)) this.report(offset, `reserved identifier: ${text}`);
    const open = this.take('(');
    if (open !== undefined) return this.macro(open.offset, lead + text, undefined, this.arguments());
    const struct = this.structName();
    if (struct === undefined) return { kind: 'ident', offset, name: lead + text };
    this.position = struct.after;
    return this.struct(lead + text + struct.rest, struct.open);
  }

  /** What follows when a name of a message and its fields stand here: `.b.C{`. */
  private structName(): { rest: string; after: number; open: number } | undefined {
    let ahead = 0;
    let rest = '';
    while (this.peek(ahead).text === '.' && this.peek(ahead + 1).type === 'ident') {
      rest += `.${this.peek(ahead + 1).text}`;
      ahead += 2;
    }
    const brace = this.peek(ahead);
    if (brace.type !== 'punctuation' || brace.text !== '{') return undefined;
    return { rest, after: this.position + ahead + 1, open: brace.offset };
  }

  private list(offset: number): Expr {
    const elements: { value: Expr; optional: boolean }[] = [];
    while (this.take(']') === undefined) {
      const optional = this.take('?') !== undefined;
      elements.push({ optional, value: this.expression() });
      if (this.take(',') !== undefined) continue;
      this.need(']');
      break;
    }
    return { kind: 'list', offset, elements };
  }

  private map(offset: number): Expr {
    const entries: MapEntry[] = [];
    while (this.take('}') === undefined) {
      const optional = this.take('?') !== undefined;
      const key = this.expression();
      const colon = this.need(':');
      entries.push({ offset: colon.offset, key, value: this.expression(), optional });
      if (this.take(',') !== undefined) continue;
      this.need('}');
      break;
    }
    return { kind: 'map', offset, entries };
  }

  private struct(name: string, offset: number): Expr {
    const fields: { offset: number; name: string; value: Expr; optional: boolean }[] = [];
    while (this.take('}') === undefined) {
      const optional = this.take('?') !== undefined;
      const field = this.current;
      if (field.type !== 'ident' && field.type !== 'quoted') this.fail(field);
      this.position += 1;
      const colon = this.need(':');
      const text = field.type === 'quoted' ? field.text.slice(1, -1) : field.text;
      fields.push({ offset: colon.offset, name: text, value: this.expression(), optional });
      if (this.take(',') !== undefined) continue;
      this.need('}');
      break;
    }
    return { kind: 'struct', offset, name, fields };
  }

  private literal(token: Token, sign: string, offset: number): Expr {
    return { kind: 'literal', offset, literal: this.literalValue(token, sign, offset) };
  }

  private literalValue({ type, text, value }: Token, sign: string, offset: number): Literal {
    switch (type) {
      case 'string':
        return { type: 'string', value: value as string };
      case 'bytes':
        return { type: 'bytes', value: value as Uint8Array };
      case 'double': {
        const number = Number(sign + text);
        if (!Number.isFinite(number)) this.report(offset, 'invalid double literal');
        return { type: 'double', value: number };
      }
      case 'uint': {
        const number = BigInt(text.slice(0, -1));
        if (number > UINT_MAX || sign !== '') this.report(offset, 'invalid uint literal');
        return { type: 'uint', value: number };
      }
      default: {
        const number = sign === '' ? BigInt(text) : -BigInt(text);
        if (number > INT_MAX || number < INT_MIN) this.report(offset, 'invalid int literal');
        return { type: 'int', value: number };
      }
    }
  }
}

const isNumber = ({ type }: Token): boolean => type === 'int' || type === 'double';

/** A long chain as a balanced tree, so that its depth stays small. */
const balanced = (fn: string, terms: readonly Expr[], marks: readonly number[]): Expr => {
  const build = (low: number, high: number): Expr => {
    if (low === high) return terms[low] as Expr;
    const middle = Math.floor((low + high + 1) / 2);
    return call(marks[middle - 1] as number, fn, build(low, middle - 1), build(middle, high));
  };
  return build(0, terms.length - 1);
};
