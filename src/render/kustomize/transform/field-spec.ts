import { KustomizeError, wrapped } from '../errors.js';
import type { NodeKind } from '../nodes/node.js';
import { fieldOf, isNull, Node, textOf } from '../nodes/node.js';
import type { Gvk } from '../resources/resource-id.js';
import { compareGvk, idText, isGvkSelected, parseApiVersion } from '../resources/resource-id.js';

/** A path in the objects of some kinds: `spec/template/spec/containers[]/image`. */
export interface FieldSpec extends Partial<Gvk> {
  readonly path: string;
  readonly create?: boolean;
}

export interface FieldSetter {
  /** Called with every node that the path leads to. */
  readonly set: (node: Node) => void;
  /** What is made at the end of the path, when the spec asks for it. */
  readonly createKind?: NodeKind;
}

/** Splits a path at a delimiter that no backslash precedes. */
export const splitPath = (path: string, delimiter: string): string[] => {
  const parts = path.split(delimiter);
  if (parts.length > 1 && parts[0] === '') parts.shift();
  const result: string[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (last?.endsWith('\\') === true) result[result.length - 1] = `${last.slice(0, -1)}${delimiter}${part}`;
    else result.push(part);
  }
  return result;
};

const splitPaths = new Map<string, readonly string[]>();

const pathOf = (spec: FieldSpec): readonly string[] => {
  let path = splitPaths.get(spec.path);
  if (path === undefined) {
    path = splitPath(spec.path, '/');
    if (splitPaths.size > 10_000) splitPaths.clear();
    splitPaths.set(spec.path, path);
  }
  return path;
};

const gvkOf = (root: Node): Gvk => ({
  ...parseApiVersion(textOf(fieldOf(root, 'apiVersion'))),
  kind: textOf(fieldOf(root, 'kind')),
});

export const applyFieldSpecs = (root: Node, specs: readonly FieldSpec[], setter: FieldSetter): void => {
  const gvk = gvkOf(root);
  for (const spec of specsOfKind(specs, gvk.kind)) if (isGvkSelected(gvk, spec)) applyPath(root, spec, setter);
};

const kindIndexes = new WeakMap<readonly FieldSpec[], Map<string, readonly FieldSpec[]>>();

/** Specs are many, those for one kind few: which they are is found once for every list. */
const specsOfKind = (specs: readonly FieldSpec[], kind: string): readonly FieldSpec[] => {
  if (specs.length < 4) return specs;
  let index = kindIndexes.get(specs);
  if (index === undefined) {
    index = new Map();
    kindIndexes.set(specs, index);
  }
  let found = index.get(kind);
  if (found === undefined) {
    found = specs.filter((spec) => !spec.kind || spec.kind === kind);
    index.set(kind, found);
  }
  return found;
};

/** Applies one spec whatever the kind of the object. */
export const applyPath = (root: Node, spec: FieldSpec, setter: FieldSetter): void => {
  try {
    visit(root, pathOf(spec), 0, spec, setter);
  } catch (error) {
    const metadata = fieldOf(root, 'metadata');
    const id = {
      ...gvkOf(root),
      name: textOf(fieldOf(metadata, 'name')),
      namespace: textOf(fieldOf(metadata, 'namespace')),
    };
    throw wrapped(error, `considering field '${spec.path}' of object ${idText(id)}`);
  }
};

const visit = (node: Node, path: readonly string[], at: number, spec: FieldSpec, setter: FieldSetter): void => {
  if (at === path.length) {
    setter.set(node);
    return;
  }
  if (isNull(node)) return;
  if (node.kind === 'list') {
    for (const item of node.items) visit(item, path, at, spec, setter);
    return;
  }
  if (node.kind === 'scalar') throw new KustomizeError('expected sequence or mapping node');
  const part = path[at] ?? '';
  const isSequence = part.endsWith('[]');
  const name = isSequence ? part.slice(0, -2) : part;
  if (name === '') throw new KustomizeError('cannot set or create an empty field name');
  requireFieldName(name);
  const field = fieldFor(node, name, kindToMake(spec, setter, isSequence, at === path.length - 1), isSequence);
  if (field !== undefined) visit(field, path, at + 1, spec, setter);
};

/** Elements of lists are not named in these paths: a number, `-` or `[a=b]` never fits, and `*` is not known. */
const requireFieldName = (name: string): void => {
  if (/^[A-Za-z]/.test(name)) return;
  const problem = /^-\d+$/.test(name)
    ? `array index ${name} cannot be negative`
    : name === '*'
      ? 'wildcard is not supported in PathGetter'
      : name === '-' || /^\+?\d+$/.test(name) || (name.startsWith('[') && name.endsWith(']'))
        ? 'wrong node kind: expected SequenceNode but got MappingNode'
        : undefined;
  if (problem !== undefined) throw new KustomizeError(`fieldName: ${name}: ${problem}`);
};

const kindToMake = (
  spec: FieldSpec,
  setter: FieldSetter,
  isSequence: boolean,
  isLast: boolean,
): NodeKind | undefined => {
  if (spec.create !== true || setter.createKind === undefined || isSequence) return undefined;
  return isLast ? setter.createKind : 'map';
};

const fieldFor = (node: Node, name: string, kind: NodeKind | undefined, isSequence: boolean): Node | undefined => {
  const found = node.fields.get(name);
  if (found === undefined) {
    if (kind === undefined) return undefined;
    const made = Node.empty(kind);
    node.fields.set(name, made);
    return made;
  }
  const empty = isSequence ? 'list' : kind;
  if (found.tag === '!!null' && empty !== undefined) {
    const { text } = found;
    found.become(Node.empty(empty));
    found.text = empty === 'scalar' ? text : '';
    if (empty === 'scalar') found.tag = '!!str';
  }
  return found;
};

export const compareFieldSpecs = compareGvk;

/** Adds specs that are not there yet. The same path of the same kinds must agree on `create`. */
export const mergeFieldSpecs = (specs: readonly FieldSpec[], more: readonly FieldSpec[]): FieldSpec[] => {
  const result = [...specs];
  for (const spec of more) {
    const same = result.find((other) => other.path === spec.path && isGvkSelected(asGvk(other), spec));
    if (same === undefined) result.push(spec);
    else if ((same.create ?? false) !== (spec.create ?? false)) throw new KustomizeError('conflicting fieldspecs');
  }
  return result;
};

const asGvk = (spec: FieldSpec): Gvk => ({
  group: spec.group ?? '',
  version: spec.version ?? '',
  kind: spec.kind ?? '',
});
