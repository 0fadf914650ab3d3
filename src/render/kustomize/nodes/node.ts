import { resolvePlainScalar } from '../../yaml/resolve-scalar.js';
import { KustomizeError } from '../errors.js';

export type NodeKind = 'scalar' | 'map' | 'list';

/**
 * A YAML node that transformers change in place. Scalars keep their text and tag apart until the end, as kyaml does:
 * an image tag `1.10` stays `1.10`, and whether a new text is a number or a string is decided by its tag and quotes.
 */
export class Node {
  private constructor(
    public kind: NodeKind,
    /** Of a scalar: `!!str`, `!!int`, ..., or empty when the text decides. */
    public tag: string,
    public text: string,
    /** Written in quotes or as a block: the text is a string whatever it looks like. */
    public quoted: boolean,
    public fields: Map<string, Node>,
    public items: Node[],
    /** Written as a folded block (`>`): Kustomize writes and reads it once more, which can add line breaks. */
    public folded = false,
    /** Of a list or map: the JSON of a comment that says how it merges. */
    public commentSchema?: string,
  ) {}

  static scalar(text: string, tag = '', quoted = false, folded = false): Node {
    return new Node('scalar', tag, text, quoted, NO_FIELDS, NO_ITEMS, folded);
  }

  static string(text: string): Node {
    return Node.scalar(text, '!!str');
  }

  static map(fields: Map<string, Node> = new Map()): Node {
    return new Node('map', '', '', false, fields, NO_ITEMS);
  }

  static list(items: Node[] = []): Node {
    return new Node('list', '', '', false, NO_FIELDS, items);
  }

  static empty(kind: NodeKind): Node {
    return kind === 'map' ? Node.map() : kind === 'list' ? Node.list() : Node.scalar('');
  }

  copy(): Node {
    if (this.kind === 'scalar') return Node.scalar(this.text, this.tag, this.quoted, this.folded);
    const copy = this.kind === 'list' ? Node.list(this.items.map((item) => item.copy())) : Node.map(new Map());
    for (const [name, value] of this.fields) copy.fields.set(name, value.copy());
    copy.commentSchema = this.commentSchema;
    return copy;
  }

  /** Takes over the content of another node, which must not be used afterwards. */
  become(other: Node): void {
    this.kind = other.kind;
    this.tag = other.tag;
    this.text = other.text;
    this.quoted = other.quoted;
    this.fields = other.fields;
    this.items = other.items;
    this.folded = other.folded;
    // The comment of a key stays.
    this.commentSchema = other.commentSchema ?? this.commentSchema;
  }
}

const NO_FIELDS = new Map<string, Node>();
const NO_ITEMS: Node[] = [];

export const isNull = (node: Node | undefined): boolean => node === undefined || node.tag === '!!null';

export const isNilOrEmpty = (node: Node | undefined): boolean =>
  node === undefined ||
  node.tag === '!!null' ||
  (node.kind === 'map' && node.fields.size === 0) ||
  (node.kind === 'list' && node.items.length === 0);

export const isString = (node: Node): boolean => node.kind === 'scalar' && (node.tag === '!!str' || node.tag === '');

/** The text of a scalar; empty for nothing and for null. */
export const textOf = (node: Node | undefined): string => (isNull(node) ? '' : (node?.text ?? ''));

export const fieldOf = (node: Node | undefined, name: string): Node | undefined =>
  node?.kind === 'map' ? node.fields.get(name) : undefined;

export const lookup = (node: Node | undefined, ...path: string[]): Node | undefined => {
  let found = node;
  for (const name of path) found = fieldOf(found, name);
  return found;
};

/** Whether YAML 1.1 would read an unquoted text as something other than a string. */
export const isOldNonString = (text: string): boolean => {
  if (text === '' || text.includes('\n')) return false;
  return resolvePlainScalar(text, 'manifests').tag !== '!!str' || /^[[{]/.test(text);
};

/** Quotes a text that has no tag yet and would read as something other than a string. */
export const protectText = (value: Node): void => {
  if (isString(value) && !value.quoted && isOldNonString(value.text)) value.quoted = true;
};

/** Sets a scalar to another one; the old one's quotes stay. */
export const setScalar = (target: Node, value: Node): void => {
  if (isNull(value)) return;
  value.quoted = target.quoted;
  value.folded = target.folded;
  target.become(value);
};

/** Sets a field of a map: null removes it, and an old value's quotes stay. */
export const setField = (map: Node, name: string, value: Node | undefined): void => {
  if (value === undefined || isNull(value)) {
    map.fields.delete(name);
    return;
  }
  protectText(value);
  const old = map.fields.get(name);
  if (old === undefined) {
    map.fields.set(name, value);
    return;
  }
  if (old === value) return;
  if (value.kind === 'scalar') {
    value.quoted = old.kind === 'scalar' && old.quoted;
    value.folded = old.kind === 'scalar' && old.folded;
  }
  old.become(value);
};

/** A field of a map, made when it is not there. */
export const fieldOrNew = (map: Node, name: string, kind: NodeKind): Node => {
  const found = map.fields.get(name);
  if (found !== undefined && !isNull(found)) return found;
  const made = Node.empty(kind);
  map.fields.set(name, made);
  return made;
};

/** A map of strings in metadata: labels, annotations. */
export const stringsOf = (node: Node | undefined): Map<string, string> => {
  const result = new Map<string, string>();
  if (node?.kind === 'map') for (const [name, value] of node.fields) result.set(name, value.text);
  return result;
};

/**
 * Keys that Kustomize adds to a map are written without quotes. One that then reads as a number or boolean has no form
 * in JSON, and Kustomize refuses the object.
 */
export const requireTextKey = (name: string): void => {
  if (!/^[-+.~<\dtTfFnN]/.test(name) || resolvePlainScalar(name, 'overlays').tag === '!!str') return;
  throw new KustomizeError(
    `json: unsupported type: map[interface {}]interface {}: the key "${name}" reads as a number or boolean`,
  );
};
