import { KustomizeError, MalformedYamlError } from '../errors.js';
import type { Node } from '../nodes/node.js';
import { fieldOf, isNilOrEmpty, isNull, textOf } from '../nodes/node.js';
import { readNode, splitDocuments } from '../nodes/read-nodes.js';
import { Resource } from './resource.js';

const LINE_BREAK = /\n/g;

/** Reads the resources of a text, lists unfolded. Throws MalformedYamlError and KustomizeError. */
export const readResources = (text: string, file = ''): Resource[] => {
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const documents = splitDocuments(source);
  const resources: Resource[] = [];
  let pending: { node: Node; line: number }[] = [];
  let line = 1;
  for (const document of documents) {
    const node = readNode(document);
    if (node !== undefined && !isNull(node)) pending.push(...unwrapped(node, line, documents.length === 1));
    line += (document.match(LINE_BREAK)?.length ?? 0) + (document.endsWith('\n') ? 1 : 0);
  }
  pending = pending.filter(({ node }) => !isNilOrEmpty(node));
  for (const { node } of pending) requireMetadata(node);
  // Items of lists come behind everything else, as Kustomize queues them.
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const items = listItems(next.node);
    if (items === undefined) resources.push(new Resource(next.node, file, next.line));
    else {
      const at = next.line;
      const found = items.filter((item) => !isNilOrEmpty(item));
      for (const item of found) requireMetadata(item);
      pending.push(...found.map((node) => ({ node, line: at })));
    }
  }
  return resources;
};

/** A text that is one `List` or `ResourceList` stands for its items. */
const unwrapped = (node: Node, line: number, isOnly: boolean): { node: Node; line: number }[] => {
  const kind = textOf(fieldOf(node, 'kind'));
  const items = fieldOf(node, 'items');
  if (!isOnly || (kind !== 'List' && kind !== 'ResourceList')) return [{ node, line }];
  if (items === undefined) return fieldOf(node, 'functionConfig') === undefined ? [{ node, line }] : [];
  return items.items.map((item) => ({ node: item, line }));
};

const listItems = (node: Node): Node[] | undefined => {
  const kind = textOf(fieldOf(node, 'kind'));
  if (!kind.endsWith('List')) return undefined;
  const items = fieldOf(node, 'items');
  if (items === undefined) return undefined;
  if (isNull(items)) return [];
  if (items.kind !== 'list') throw new KustomizeError(`expected array in ${kind}/items, but found a ${items.kind}`);
  return items.items;
};

const requireMetadata = (node: Node): void => {
  if (node.kind !== 'map') throw new KustomizeError('missing Resource metadata');
  const kind = textOf(fieldOf(node, 'kind'));
  const metadata = fieldOf(node, 'metadata');
  const apiVersion = textOf(fieldOf(node, 'apiVersion'));
  if (kind === '' && apiVersion === '' && isNilOrEmpty(metadata)) throw new KustomizeError('missing Resource metadata');
  if (kind === '') throw new KustomizeError(`missing kind in object ${describe(node)}`);
  if (kind.endsWith('List')) return;
  if (isNilOrEmpty(fieldOf(metadata, 'name')) || textOf(fieldOf(metadata, 'name')) === '') {
    throw new KustomizeError(`missing metadata.name in object ${describe(node)}`);
  }
};

const describe = (node: Node): string => {
  const name = textOf(fieldOf(fieldOf(node, 'metadata'), 'name'));
  return `{apiVersion: ${textOf(fieldOf(node, 'apiVersion'))}, kind: ${textOf(fieldOf(node, 'kind'))}, name: ${name}}`;
};

/** Whether a text reads as resources: how inline patches and generators are told from paths. */
export const tryReadResources = (text: string): Resource[] | KustomizeError => {
  try {
    return readResources(text);
  } catch (error) {
    if (error instanceof KustomizeError || error instanceof MalformedYamlError) return error;
    throw error;
  }
};
