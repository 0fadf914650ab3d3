import type { Node, OperandNode, PipeNode } from './nodes.js';

/**
 * text/template names in an error the node that it visited last. This is that node after a pipeline or operand has
 * been evaluated.
 */
export const lastVisited = (node: PipeNode | OperandNode): Node => {
  if (node.type === 'chain') return lastVisited(node.node);
  if (node.type !== 'pipe') return node;
  const command = node.commands.at(-1);
  const first = command?.args[0];
  if (command === undefined || first === undefined) return node;
  if (first.type === 'pipe') return lastVisited(first);
  if (first.type === 'chain' && command.args.length === 1) return lastVisited(first);
  return afterArguments(first, command.args);
};

/** The node visited last once a call's arguments have been evaluated. */
export const afterArguments = (callee: OperandNode, args: readonly OperandNode[]): Node => {
  if (callee.type === 'identifier' && callee.stoppedAt !== undefined)
    return lastVisited(args[callee.stoppedAt] ?? callee);
  const last = args.length > 1 ? args.at(-1) : undefined;
  return last === undefined ? callee : lastVisited(last);
};
