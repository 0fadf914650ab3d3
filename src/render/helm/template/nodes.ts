import type { Complex } from './complex.js';
import { goQuote } from './quote.js';

/** The text that nodes come from: positions are offsets in it. */
export interface Source {
  /** File name, or the name of the template for `tpl`. */
  readonly name: string;
  readonly text: string;
}

interface Positioned {
  readonly pos: number;
  readonly source: Source;
}

export interface TextNode extends Positioned {
  readonly type: 'text';
  readonly text: string;
}
export interface ActionNode extends Positioned {
  readonly type: 'action';
  readonly pipe: PipeNode;
}
export interface BranchNode extends Positioned {
  readonly type: 'if' | 'range' | 'with';
  readonly pipe: PipeNode;
  readonly list: ListNode;
  readonly otherwise?: ListNode;
}
export interface TemplateNode extends Positioned {
  readonly type: 'template';
  readonly name: string;
  readonly pipe?: PipeNode;
}
export interface JumpNode extends Positioned {
  readonly type: 'break' | 'continue';
}
export interface EndNode extends Positioned {
  readonly type: 'end' | 'else';
}
export interface ListNode extends Positioned {
  readonly type: 'list';
  readonly nodes: readonly StatementNode[];
}
export type StatementNode = TextNode | ActionNode | BranchNode | TemplateNode | JumpNode;

export interface PipeNode extends Positioned {
  readonly type: 'pipe';
  readonly isAssign: boolean;
  readonly declared: readonly VariableNode[];
  readonly commands: readonly CommandNode[];
}
export interface CommandNode extends Positioned {
  readonly type: 'command';
  readonly args: readonly OperandNode[];
}
export interface VariableNode extends Positioned {
  readonly type: 'variable';
  readonly path: readonly string[];
}
export interface FieldNode extends Positioned {
  readonly type: 'field';
  readonly path: readonly string[];
}
export interface ChainNode extends Positioned {
  readonly type: 'chain';
  readonly node: OperandNode;
  readonly path: readonly string[];
}
export interface IdentifierNode extends Positioned {
  readonly type: 'identifier';
  readonly name: string;
  /** Which argument ended the latest call of `and` or `or` before its last one: errors name what was visited last. */
  stoppedAt?: number | undefined;
}
export interface SimpleNode extends Positioned {
  readonly type: 'dot' | 'nil';
}
export interface BoolNode extends Positioned {
  readonly type: 'bool';
  readonly value: boolean;
}
export interface NumberNode extends Positioned {
  readonly type: 'number';
  readonly text: string;
  readonly int?: bigint;
  readonly uint?: bigint;
  readonly float?: number;
  readonly complex?: Complex;
  /** Written as a character constant. */
  readonly isRune: boolean;
}
export interface StringNode extends Positioned {
  readonly type: 'string';
  readonly quoted: string;
  readonly text: string;
}
export type OperandNode =
  | PipeNode
  | VariableNode
  | FieldNode
  | ChainNode
  | IdentifierNode
  | SimpleNode
  | BoolNode
  | NumberNode
  | StringNode;

export type Node = StatementNode | ListNode | EndNode | CommandNode | OperandNode;

const operandText = (node: OperandNode): string => (node.type === 'pipe' ? `(${nodeText(node)})` : nodeText(node));

const pipeText = (node: PipeNode): string => {
  const declared = node.declared.map(nodeText).join(', ');
  const commands = node.commands.map(nodeText).join(' | ');
  return declared === '' ? commands : `${declared} ${node.isAssign ? '=' : ':='} ${commands}`;
};

/** A node as text/template writes it back in error messages. */
export const nodeText = (node: Node): string => {
  switch (node.type) {
    case 'text':
      return node.text;
    case 'action':
      return `{{${pipeText(node.pipe)}}}`;
    case 'if':
    case 'range':
    case 'with': {
      const otherwise = node.otherwise === undefined ? '' : `{{else}}${nodeText(node.otherwise)}`;
      return `{{${node.type} ${pipeText(node.pipe)}}}${nodeText(node.list)}${otherwise}{{end}}`;
    }
    case 'template':
      return `{{template ${goQuote(node.name)}${node.pipe === undefined ? '' : ` ${pipeText(node.pipe)}`}}}`;
    case 'break':
    case 'continue':
    case 'end':
    case 'else':
      return `{{${node.type}}}`;
    case 'list':
      return node.nodes.map(nodeText).join('');
    case 'pipe':
      return pipeText(node);
    case 'command':
      return node.args.map(operandText).join(' ');
    case 'variable':
      return node.path.join('.');
    case 'field':
      return node.path.map((name) => `.${name}`).join('');
    case 'chain':
      return operandText(node.node) + node.path.map((name) => `.${name}`).join('');
    case 'identifier':
      return node.name;
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(node.value);
    case 'number':
      return node.text;
    case 'string':
      return node.quoted;
  }
};

/** Whether a template has nothing but spaces: such a definition does not replace another. */
export const isEmptyTemplate = (list: ListNode): boolean =>
  list.nodes.every((node) => node.type === 'text' && node.text.trim() === '');
