import { GoError } from './errors.js';
import { byteLength } from './go-string.js';
import type { Node } from './nodes.js';
import { nodeText } from './nodes.js';
import { goQuote } from './quote.js';

const countNewlines = (text: string): number => text.split('\n').length - 1;

/** `file:line:column` of a node; the column counts bytes from 0. */
export const nodeLocation = (node: Node): string => {
  const before = node.source.text.slice(0, node.pos);
  const column = byteLength(before.slice(before.lastIndexOf('\n') + 1));
  return `${node.source.name}:${countNewlines(before) + 1}:${column}`;
};

/** text/template's ExecError: what failed, where, in which template. */
export const execError = (template: string, node: Node, message: string, wrapped?: GoError): GoError => {
  const text = `template: ${nodeLocation(node)}: executing ${goQuote(template)} at <${nodeText(node)}>: ${message}`;
  return new GoError(text, new GoError(text, wrapped), wrapped?.kind === 'limit' ? 'limit' : 'exec');
};
