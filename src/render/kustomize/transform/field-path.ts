import { KustomizeError } from '../errors.js';
import type { Node, NodeKind } from '../nodes/node.js';
import { fieldOf, isNull, Node as NodeClass, setField } from '../nodes/node.js';
import { requireKind } from '../nodes/require-kind.js';
import { findElement } from '../patch/list-elements.js';
import { goRegExp } from '../resources/selector.js';
import { splitPath } from './field-spec.js';

/** `spec.containers.[name=a].env` in its parts; dots inside brackets do not split. */
export const splitFieldPath = (path: string): string[] => {
  const result: string[] = [];
  const parts = splitPath(path, '.');
  for (let at = 0; at < parts.length; at++) {
    let part = parts[at] ?? '';
    if (!part.startsWith('[') || part.endsWith(']')) {
      result.push(part);
      continue;
    }
    while (at < parts.length - 1) {
      at += 1;
      part += `.${parts[at] ?? ''}`;
      if (part.endsWith(']')) break;
    }
    result.push(part.includes('=') ? part : part.replaceAll(/^[[\]]+|[[\]]+$/g, ''));
  }
  return result;
};

const isIndex = (part: string): boolean => /^\+?\d+$/.test(part);
const isMatch = (part: string): boolean => part.startsWith('[') && part.endsWith(']');

const splitMatch = (part: string): [key: string, value: string] => {
  const inner = part.slice(1, -1);
  const equals = inner.indexOf('=');
  if (equals < 0) {
    throw new KustomizeError('list path element must contain fieldName=fieldValue for element to match');
  }
  return [inner.slice(0, equals), inner.slice(equals + 1)];
};

/** The one node that a path leads to; undefined when it ends before. */
export const lookupPath = (root: Node, path: string): Node | undefined => {
  let node: Node | undefined = root;
  for (const raw of splitFieldPath(path)) {
    const part = raw.trim();
    if (part === '') continue;
    if (node === undefined) return undefined;
    node = step(node, part);
  }
  return node;
};

const step = (node: Node, part: string): Node | undefined => {
  if (/^-\d+$/.test(part)) throw new KustomizeError(`array index ${part} cannot be negative`);
  if (part === '*') throw new KustomizeError('wildcard is not supported in PathGetter');
  if (isNull(node)) return undefined;
  if (isIndex(part) || part === '-') {
    requireKind('list', node);
    return part === '-' ? node.items.at(-1) : node.items[Number(part)];
  }
  if (isMatch(part)) {
    requireKind('list', node);
    const [key, value] = splitMatch(part);
    return findElement(node, [key], [value]);
  }
  requireKind('map', node);
  return fieldOf(node, part);
};

/** All nodes that a path with matches and wildcards leads to. With `create`, what is missing is made. */
export const matchPath = (root: Node, path: string, create: NodeKind | undefined): Node[] =>
  match(root, splitFieldPath(path), 0, create);

const kindOfPart = (part: string | undefined, last: NodeKind): NodeKind => {
  if (part === undefined || part === '') return last;
  return isMatch(part) || isIndex(part) ? 'list' : 'map';
};

const match = (node: Node, path: readonly string[], at: number, create: NodeKind | undefined): Node[] => {
  const part = path[at];
  if (part === undefined) return [node];
  if (isIndex(part)) return matchIndex(node, path, at, create);
  if (isMatch(part)) return matchElements(node, path, at, create, true);
  if (part === '*') {
    requireKind('list', node);
    return node.items.flatMap((item) => match(item, path, at + 1, create));
  }
  if (isNull(node)) return [];
  requireKind('map', node);
  let field = fieldOf(node, part);
  if (field === undefined) {
    if (create === undefined) return [];
    field = NodeClass.empty(kindOfPart(path[at + 1], create));
    setField(node, part, field);
    field = fieldOf(node, part) ?? field;
  }
  return match(field, path, at + 1, create);
};

const matchIndex = (node: Node, path: readonly string[], at: number, create: NodeKind | undefined): Node[] => {
  requireKind('list', node);
  const index = Number(path[at]);
  if (node.items.length === index && create !== undefined) {
    appendItem(node, NodeClass.empty(kindOfPart(path[at + 1], create)));
  }
  const item = node.items[index];
  if (item === undefined) {
    throw new KustomizeError(`index ${index} specified but only ${node.items.length} elements found`);
  }
  return match(item, path, at + 1, create);
};

const appendItem = (list: Node, item: Node): void => {
  if (isNull(list)) list.become(NodeClass.list());
  list.items.push(item);
};

const matchElements = (
  node: Node,
  path: readonly string[],
  at: number,
  create: NodeKind | undefined,
  mayAppend: boolean,
): Node[] => {
  requireKind('list', node);
  const [key, pattern] = splitMatch(path[at] ?? '');
  const matches = goRegExp(pattern, 'fieldPaths');
  const found: Node[] = [];
  for (const item of node.items) {
    if (key === '') {
      if (item.kind === 'scalar' && matches(item.text.trim())) found.push(item);
      continue;
    }
    const field = fieldOf(item, key);
    if (field !== undefined && matches(field.text.trim())) found.push(...match(item, path, at + 1, create));
  }
  if (found.length > 0 || create === undefined || !mayAppend) return found;
  const value = NodeClass.scalar(pattern);
  appendItem(node, key === '' ? value : NodeClass.map(new Map([[key, value]])));
  return matchElements(node, path, at, create, false);
};
