import { KustomizeError } from '../errors.js';
import type { Node, NodeKind } from './node.js';
import { isNull } from './node.js';

const KIND_NAMES = { scalar: 'ScalarNode', map: 'MappingNode', list: 'SequenceNode' } as const;

/** Refuses a node that is neither null nor of a kind; `context` goes in front of the message. */
export const requireKind = (kind: NodeKind, node: Node | undefined, context = ''): void => {
  if (node === undefined || isNull(node) || node.kind === kind) return;
  const contents = node.kind === 'scalar' ? `: node contents:\n${node.text}` : '';
  const found = KIND_NAMES[node.kind];
  throw new KustomizeError(`${context}wrong node kind: expected ${KIND_NAMES[kind]} but got ${found}${contents}`);
};
