import { GoError } from './errors.js';
import { Lexer, type Token, type TokenType, tokenText } from './lexer.js';
import type {
  CommandNode,
  EndNode,
  ListNode,
  OperandNode,
  PipeNode,
  Source,
  StatementNode,
  TemplateNode,
  VariableNode,
} from './nodes.js';
import { isEmptyTemplate, nodeText } from './nodes.js';
import { parseNumber } from './number-node.js';
import { goQuote, goUnquote } from './quote.js';

/** One named template: a file, a `define` or a `block`. */
export interface ParsedTemplate {
  readonly name: string;
  readonly root: ListNode;
  readonly source: Source;
}

const MAX_PAREN_DEPTH = 10_000;

const OPERAND_STARTS: ReadonlySet<TokenType> = new Set<TokenType>([
  'bool',
  'charConstant',
  'complex',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'rawString',
  'string',
  'variable',
  'leftParen',
]);

/** Reads a template text: every template that it defines, its own last. Throws GoError with `template: name:line:`. */
export const parseTemplate = (
  name: string,
  text: string,
  isFunction: (name: string) => boolean,
): readonly ParsedTemplate[] => {
  const defined = new Map<string, ParsedTemplate>();
  const source = { name, text };
  new Parser(name, source, new Lexer(text), isFunction, defined).parseFile();
  return [...defined.values()];
};

const isEnd = (node: StatementNode | EndNode): node is EndNode => node.type === 'end' || node.type === 'else';

class Parser {
  private readonly pending: Token[] = [];
  private latest: Token = { type: 'eof', pos: 0, text: '', line: 0 };
  private vars = ['$'];
  private actionLine = 0;
  private rangeDepth = 0;
  private parenDepth = 0;

  constructor(
    private name: string,
    private readonly source: Source,
    private readonly lexer: Lexer,
    private readonly isFunction: (name: string) => boolean,
    private readonly defined: Map<string, ParsedTemplate>,
  ) {}

  parseFile(): void {
    const nodes: StatementNode[] = [];
    const pos = this.peek().pos;
    while (this.peek().type !== 'eof') {
      if (this.peek().type === 'leftDelim') {
        const delim = this.next();
        const keyword = this.nextNonSpace();
        if (keyword.type === 'define') {
          this.child('definition').parseDefinition();
          continue;
        }
        this.pending.push(keyword, delim);
      }
      const node = this.textOrAction();
      if (isEnd(node)) this.fail(`unexpected ${nodeText(node)}`);
      else nodes.push(node);
    }
    this.add({ type: 'list', pos, source: this.source, nodes });
  }

  private child(name: string): Parser {
    return new Parser(name, this.source, this.lexer, this.isFunction, this.defined);
  }

  private parseDefinition(): void {
    const token = this.nextNonSpace();
    if (token.type !== 'string' && token.type !== 'rawString') this.unexpected(token, 'define clause');
    this.name = this.unquote(token);
    this.expect('rightDelim', 'define clause');
    this.body('define clause');
  }

  /** The statements up to `{{end}}`, kept under the parser's name. */
  private body(context: string): void {
    const { list, end } = this.itemList();
    if (end.type !== 'end') this.fail(`unexpected ${nodeText(end)} in ${context}`);
    this.add(list);
  }

  private add(root: ListNode): void {
    const existing = this.defined.get(this.name);
    if (existing === undefined || isEmptyTemplate(existing.root)) {
      this.defined.delete(this.name);
      this.defined.set(this.name, { name: this.name, root, source: this.source });
      return;
    }
    if (!isEmptyTemplate(root)) this.fail(`template: multiple definition of template ${goQuote(this.name)}`);
  }

  private next(): Token {
    const token = this.pending.pop();
    if (token !== undefined) return token;
    this.latest = this.lexer.next();
    return this.latest;
  }

  private peek(): Token {
    const token = this.next();
    this.pending.push(token);
    return token;
  }

  private nextNonSpace(): Token {
    let token = this.next();
    while (token.type === 'space') token = this.next();
    return token;
  }

  private peekNonSpace(): Token {
    const token = this.nextNonSpace();
    this.pending.push(token);
    return token;
  }

  private fail(message: string): never {
    // Go names the line of the token read last, which may be ahead of the one complained about.
    throw new GoError(`template: ${this.source.name}:${this.latest.line}: ${message}`);
  }

  private unexpected(token: Token, context: string): never {
    if (token.type === 'error') {
      let extra = '';
      if (this.actionLine !== 0 && this.actionLine !== token.line) {
        extra = ` in action started at ${this.source.name}:${this.actionLine}`;
        if (token.text.endsWith(' action')) extra = extra.slice(' in action'.length);
      }
      this.fail(`${tokenText(token)}${extra}`);
    }
    this.fail(`unexpected ${tokenText(token)} in ${context}`);
  }

  private expect(type: TokenType, context: string): Token {
    const token = this.nextNonSpace();
    if (token.type !== type) this.unexpected(token, context);
    return token;
  }

  private unquote(token: Token): string {
    return goUnquote(token.text) ?? this.fail('invalid syntax');
  }

  private itemList(): { list: ListNode; end: EndNode } {
    const nodes: StatementNode[] = [];
    const pos = this.peekNonSpace().pos;
    while (this.peekNonSpace().type !== 'eof') {
      const node = this.textOrAction();
      if (isEnd(node)) {
        return { list: { type: 'list', pos, source: this.source, nodes }, end: node };
      }
      nodes.push(node);
    }
    this.fail('unexpected EOF');
  }

  private textOrAction(): StatementNode | EndNode {
    const token = this.nextNonSpace();
    if (token.type === 'text') return { type: 'text', pos: token.pos, source: this.source, text: token.text };
    if (token.type !== 'leftDelim') this.unexpected(token, 'input');
    this.actionLine = token.line;
    const node = this.action();
    this.actionLine = 0;
    return node;
  }

  private action(): StatementNode | EndNode {
    const token = this.nextNonSpace();
    switch (token.type) {
      case 'block':
        return this.block();
      case 'break':
      case 'continue':
        return this.jump(token, token.type);
      case 'else':
        return this.elseNode();
      case 'end':
        return { type: 'end', pos: this.expect('rightDelim', 'end').pos, source: this.source };
      case 'if':
      case 'range':
      case 'with':
        return this.branch(token.type);
      case 'template':
        return this.templateCall();
      default:
    }
    this.pending.push(token);
    const pos = this.peek().pos;
    return { type: 'action', pos, source: this.source, pipe: this.pipeline('command', 'rightDelim') };
  }

  private jump(token: Token, type: 'break' | 'continue'): StatementNode {
    const next = this.nextNonSpace();
    if (next.type !== 'rightDelim') this.unexpected(next, `{{${type}}}`);
    if (this.rangeDepth === 0) this.fail(`{{${type}}} outside {{range}}`);
    return { type, pos: token.pos, source: this.source };
  }

  private elseNode(): EndNode {
    const next = this.peekNonSpace();
    if (next.type === 'if' || next.type === 'with') return { type: 'else', pos: next.pos, source: this.source };
    return { type: 'else', pos: this.expect('rightDelim', 'else').pos, source: this.source };
  }

  private branch(type: 'if' | 'range' | 'with'): StatementNode {
    const known = this.vars.length;
    const pipe = this.pipeline(type, 'rightDelim');
    if (type === 'range') this.rangeDepth += 1;
    const { list, end } = this.itemList();
    if (type === 'range') this.rangeDepth -= 1;
    const otherwise = end.type === 'else' ? this.otherwise(type, end) : undefined;
    this.vars.length = known;
    const node = { type, pos: pipe.pos, source: this.source, pipe, list };
    return otherwise === undefined ? node : { ...node, otherwise };
  }

  private otherwise(type: 'if' | 'range' | 'with', end: EndNode): ListNode {
    const next = this.peek();
    // `{{else if x}}` is `{{else}}{{if x}}` with a common end.
    if ((type === 'if' && next.type === 'if') || (type === 'with' && next.type === 'with')) {
      this.next();
      return { type: 'list', pos: end.pos, source: this.source, nodes: [this.branch(type)] };
    }
    const { list, end: last } = this.itemList();
    if (last.type !== 'end') this.fail(`expected end; found ${nodeText(last)}`);
    return list;
  }

  private templateName(token: Token, context: string): string {
    if (token.type !== 'string' && token.type !== 'rawString') this.unexpected(token, context);
    return this.unquote(token);
  }

  private block(): TemplateNode {
    const token = this.nextNonSpace();
    const name = this.templateName(token, 'block clause');
    const pipe = this.pipeline('block clause', 'rightDelim');
    this.child(name).body('block clause');
    return { type: 'template', pos: token.pos, source: this.source, name, pipe };
  }

  private templateCall(): TemplateNode {
    const token = this.nextNonSpace();
    const name = this.templateName(token, 'template clause');
    const next = this.nextNonSpace();
    const node = { type: 'template' as const, pos: token.pos, source: this.source, name };
    if (next.type === 'rightDelim') return node;
    this.pending.push(next);
    return { ...node, pipe: this.pipeline('template clause', 'rightDelim') };
  }

  private pipeline(context: string, end: TokenType): PipeNode {
    const pos = this.peekNonSpace().pos;
    const declared: VariableNode[] = [];
    const isAssign = this.declarations(context, declared);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.nextNonSpace();
      if (token.type === end) break;
      if (!OPERAND_STARTS.has(token.type)) this.unexpected(token, context);
      this.pending.push(token);
      commands.push(this.command());
    }
    if (commands.length === 0) this.fail(`missing value for ${context}`);
    for (const [index, command] of commands.entries()) {
      const type = command.args[0]?.type;
      const isConstant = type === 'bool' || type === 'dot' || type === 'nil' || type === 'number' || type === 'string';
      if (index > 0 && isConstant) this.fail(`non executable command in pipeline stage ${index + 1}`);
    }
    return { type: 'pipe', pos, source: this.source, isAssign, declared, commands };
  }

  /** Reads `$a := ` or `$a, $b := ` when it is there. Answers whether it is an assignment. */
  private declarations(context: string, declared: VariableNode[]): boolean {
    for (;;) {
      const variable = this.peekNonSpace();
      if (variable.type !== 'variable') return false;
      this.next();
      const adjacent = this.peek();
      const next = this.peekNonSpace();
      if (next.type === 'assign' || next.type === 'declare') {
        this.nextNonSpace();
        this.declare(variable, declared);
        return next.type === 'assign';
      }
      if (next.type !== 'char' || next.text !== ',') {
        if (adjacent.type === 'space') this.pending.push(adjacent);
        this.pending.push(variable);
        return false;
      }
      this.nextNonSpace();
      this.declare(variable, declared);
      if (context !== 'range' || declared.length >= 2) this.fail(`too many declarations in ${context}`);
      const after = this.peekNonSpace().type;
      if (after !== 'variable' && after !== 'rightDelim' && after !== 'rightParen') {
        this.fail('range can only initialize variables');
      }
    }
  }

  private declare(token: Token, declared: VariableNode[]): void {
    declared.push({ type: 'variable', pos: token.pos, source: this.source, path: token.text.split('.') });
    this.vars.push(token.text);
  }

  private command(): CommandNode {
    const pos = this.peekNonSpace().pos;
    const args: OperandNode[] = [];
    for (;;) {
      this.peekNonSpace();
      const operand = this.operand();
      if (operand !== undefined) args.push(operand);
      const token = this.next();
      if (token.type === 'space') continue;
      if (token.type === 'rightDelim' || token.type === 'rightParen') this.pending.push(token);
      else if (token.type !== 'pipe') this.unexpected(token, 'operand');
      break;
    }
    if (args.length === 0) this.fail('empty command');
    return { type: 'command', pos, source: this.source, args };
  }

  private operand(): OperandNode | undefined {
    const node = this.term();
    if (node === undefined || this.peek().type !== 'field') return node;
    const pos = this.peek().pos;
    const path: string[] = [];
    while (this.peek().type === 'field') path.push(this.next().text.slice(1));
    switch (node.type) {
      case 'field':
      case 'variable':
        return { type: node.type, pos, source: this.source, path: [...node.path, ...path] };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        this.fail(`unexpected . after term ${goQuote(nodeText(node))}`);
        break;
      default:
    }
    return { type: 'chain', pos, source: this.source, node, path };
  }

  private term(): OperandNode | undefined {
    const token = this.nextNonSpace();
    const { pos } = token;
    const at = { pos, source: this.source };
    switch (token.type) {
      case 'identifier':
        if (!this.isFunction(token.text)) this.fail(`function ${goQuote(token.text)} not defined`);
        return { type: 'identifier', ...at, name: token.text };
      case 'dot':
      case 'nil':
        return { type: token.type, ...at };
      case 'variable':
        return this.variable(token);
      case 'field':
        return { type: 'field', ...at, path: token.text.slice(1).split('.') };
      case 'bool':
        return { type: 'bool', ...at, value: token.text === 'true' };
      case 'charConstant':
      case 'complex':
      case 'number': {
        const number = parseNumber(token.text, token.type);
        return typeof number === 'string' ? this.fail(number) : { ...number, ...at };
      }
      case 'leftParen':
        return this.parenthesized();
      case 'string':
      case 'rawString':
        return { type: 'string', ...at, quoted: token.text, text: this.unquote(token) };
      default:
    }
    this.pending.push(token);
    return undefined;
  }

  private variable(token: Token): VariableNode {
    const path = token.text.split('.');
    if (!this.vars.includes(path[0] ?? '')) this.fail(`undefined variable ${goQuote(path[0] ?? '')}`);
    return { type: 'variable', pos: token.pos, source: this.source, path };
  }

  private parenthesized(): PipeNode {
    if (this.parenDepth >= MAX_PAREN_DEPTH) this.fail('max expression depth exceeded');
    this.parenDepth += 1;
    const pipe = this.pipeline('parenthesized pipeline', 'rightParen');
    this.parenDepth -= 1;
    return pipe;
  }
}
