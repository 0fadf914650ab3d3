import { checkCharacters } from '../../helm/yaml/yaml-characters.js';
import type { Mark } from '../../helm/yaml/yaml-error.js';
import { parserError, YamlError } from '../../helm/yaml/yaml-error.js';
import type { YamlToken, YamlTokenType } from '../../helm/yaml/yaml-scanner.js';
import { YamlScanner } from '../../helm/yaml/yaml-scanner.js';
import { resolvePlainScalar } from '../../yaml/resolve-scalar.js';
import { MalformedYamlError } from '../errors.js';
import { CommentSchemas } from './comment-schemas.js';
import { Node } from './node.js';

/** `>` */
const FOLDED = 0x3e;
const LONG_TAG = 'tag:yaml.org,2002:';
/** How many nodes aliases may stand for, all together. */
const MAX_ALIAS_NODES = 500_000;

/**
 * Reads the first document of a text; undefined for none. Aliases become copies and merge keys (`<<`) are carried out.
 * Throws MalformedYamlError.
 */
export const readNode = (text: string): Node | undefined => {
  try {
    checkCharacters(text);
    return new NodeReader(text, new YamlScanner(text), CommentSchemas.in(text)).document();
  } catch (error) {
    if (error instanceof YamlError) throw new MalformedYamlError(error.message3);
    if (error instanceof RangeError) throw new MalformedYamlError('yaml: exceeded max depth of 10000');
    throw error;
  }
};

/** A document of many is on its own: split at lines that start with `---`, as kyaml does before it parses. */
export const splitDocuments = (text: string): string[] => {
  const source = text.includes('\r') ? text.replaceAll('\r\n', '\n') : text;
  const documents: string[] = [];
  let from = 0;
  for (const match of source.matchAll(/\n---.*\n/g)) {
    if (match.index < from) continue;
    const rest = match[0].slice(4).trim();
    if (rest !== '' && !rest.startsWith('#')) {
      throw new MalformedYamlError(`invalid document separator: ${match[0].trim()}`);
    }
    documents.push(`${source.slice(from, match.index)}\n`);
    from = match.index + match[0].length;
  }
  documents.push(source.slice(from));
  return documents;
};

interface Properties {
  anchor: string | undefined;
  tag: string;
}

class NodeReader {
  readonly #anchors = new Map<string, Node | 'open'>();
  readonly #handles = new Map<string, string>();
  #copied = 0;
  /** Lines where lists and maps in brackets end; kept only while comments count. */
  readonly #ends = new Map<Node, number>();

  constructor(
    private readonly text: string,
    private readonly scanner: YamlScanner,
    private readonly comments: CommentSchemas | undefined,
  ) {
    if (comments !== undefined) scanner.onComment = (line, column) => comments.comment(line, column, scanner.indent);
  }

  document(): Node | undefined {
    if (this.#type() === 'stream-end') return undefined;
    this.#directives();
    if (this.#type() === 'document-start') {
      this.scanner.skip();
      const next = this.#type();
      if (next === 'document-start' || next === 'document-end' || next === 'stream-end') return undefined;
    }
    const node = this.#node(true, false);
    const end = this.scanner.peek();
    if (end.type !== 'stream-end' && end.type !== 'document-start' && end.type !== 'document-end') {
      throw parserError('did not find expected <document start>', end.start);
    }
    return node;
  }

  #type(): YamlTokenType {
    return this.scanner.peek().type;
  }

  #directives(): void {
    let found = false;
    for (let token = this.scanner.peek(); token.type.endsWith('directive'); token = this.scanner.peek()) {
      found = true;
      if (token.type === 'version-directive') {
        if (token.value !== '1.1' && token.value !== '1.2') {
          throw parserError('found incompatible YAML document', token.start);
        }
      } else this.#handles.set(token.value, token.suffix);
      this.scanner.skip();
    }
    if (!this.#handles.has('!')) this.#handles.set('!', '!');
    if (!this.#handles.has('!!')) this.#handles.set('!!', LONG_TAG);
    if (found && this.#type() !== 'document-start') {
      throw parserError('did not find expected <document start>', this.scanner.peek().start);
    }
  }

  #node(isBlock: boolean, canBeIndentless: boolean): Node {
    const token = this.scanner.peek();
    if (token.type === 'alias') {
      this.scanner.skip();
      return this.#alias(token.value);
    }
    const properties = this.#properties(token);
    const { type, start } = this.scanner.peek();
    if (canBeIndentless && type === 'block-entry') return this.#anchored(properties, () => this.#indentlessList());
    switch (type) {
      case 'scalar':
        return this.#anchored(properties, () => this.#scalar(properties.tag));
      case 'flow-sequence-start':
        return this.#anchored(properties, () => this.#flowList());
      case 'flow-mapping-start':
        return this.#anchored(properties, () => this.#flowMap());
      case 'block-sequence-start':
        if (isBlock) return this.#anchored(properties, () => this.#blockList());
        break;
      case 'block-mapping-start':
        if (isBlock) return this.#anchored(properties, () => this.#blockMap());
        break;
      default:
    }
    if (properties.anchor !== undefined || properties.tag !== '') {
      return this.#anchored(properties, () => scalarNode('', properties.tag, true));
    }
    throw parserError('did not find expected node content', start, token.start);
  }

  #properties(token: YamlToken): Properties {
    const found: Properties = { anchor: undefined, tag: '' };
    for (let next = token; ; next = this.scanner.peek()) {
      if (next.type === 'anchor' && found.anchor === undefined) found.anchor = next.value;
      else if (next.type === 'tag' && found.tag === '') found.tag = this.#tag(next);
      else return found;
      this.scanner.skip();
    }
  }

  #tag(token: YamlToken): string {
    if (token.value === '') return token.suffix;
    const prefix = this.#handles.get(token.value);
    if (prefix === undefined) throw parserError('found undefined tag handle', token.start);
    return prefix + token.suffix;
  }

  #anchored({ anchor }: Properties, read: () => Node): Node {
    if (anchor === undefined) return read();
    this.#anchors.set(anchor, 'open');
    const node = read();
    this.#anchors.set(anchor, node);
    return node;
  }

  #alias(name: string): Node {
    const target = this.#anchors.get(name);
    if (target === undefined) throw new YamlError(`yaml: unknown anchor '${name}' referenced`);
    if (target === 'open') throw new YamlError(`yaml: anchor '${name}' value contains itself`);
    this.#copied += sizeOf(target, MAX_ALIAS_NODES - this.#copied + 1);
    if (this.#copied > MAX_ALIAS_NODES) throw new YamlError('yaml: document contains excessive aliasing');
    return target.copy();
  }

  #scalar(tag: string): Node {
    const token = this.scanner.peek();
    this.scanner.skip();
    const node = scalarNode(token.value, tag, token.isPlain);
    node.folded = !token.isPlain && this.text.charCodeAt(token.start.index) === FOLDED;
    return node;
  }

  #indentlessList(): Node {
    const items: Node[] = [];
    while (this.#type() === 'block-entry') {
      const dash = this.scanner.peek();
      this.scanner.skip();
      const type = this.#type();
      const isEmpty = type === 'block-entry' || type === 'key' || type === 'value' || type === 'block-end';
      items.push(isEmpty ? nullNode() : this.#commented(this.#node(true, false), dash));
    }
    return Node.list(items);
  }

  #blockList(): Node {
    const { start } = this.scanner.peek();
    this.scanner.skip();
    const items: Node[] = [];
    for (;;) {
      const token = this.scanner.peek();
      if (token.type === 'block-end') break;
      if (token.type !== 'block-entry') throw parserError("did not find expected '-' indicator", token.start, start);
      this.scanner.skip();
      const type = this.#type();
      const isEmpty = type === 'block-entry' || type === 'block-end';
      items.push(isEmpty ? nullNode() : this.#commented(this.#node(true, false), token));
    }
    this.scanner.skip();
    return Node.list(items);
  }

  #blockMap(): Node {
    const { start } = this.scanner.peek();
    this.scanner.skip();
    const map = new MapBuilder();
    for (;;) {
      const token = this.scanner.peek();
      if (token.type === 'block-end') break;
      if (token.type === 'key') {
        this.scanner.skip();
        const keyToken = this.scanner.peek();
        const key = this.#startsNode() ? this.#node(true, true) : nullNode();
        map.add(key, keyToken, this.#commented(this.#blockValue(), keyToken));
      } else if (token.type === 'value') map.add(nullNode(), token, this.#blockValue());
      else throw parserError('did not find expected key', token.start, start);
    }
    this.scanner.skip();
    return map.finish();
  }

  /** Looks for the schema of a value; `token` is its key or dash. What follows it has been read, and so its comment. */
  #commented(value: Node, { start }: YamlToken): Node {
    this.scanner.peek();
    this.comments?.value(value, start.line, start.column, this.#ends.get(value));
    return value;
  }

  #flowEnd(value: Node): Node {
    if (this.comments !== undefined) this.#ends.set(value, this.scanner.peek().start.line);
    this.scanner.skip();
    return value;
  }

  #startsNode(): boolean {
    const type = this.#type();
    return type !== 'key' && type !== 'value' && type !== 'block-end';
  }

  #blockValue(): Node {
    if (this.#type() !== 'value') return nullNode();
    this.scanner.skip();
    return this.#startsNode() ? this.#node(true, true) : nullNode();
  }

  #flowEntry(start: Mark, problem: string): void {
    const token = this.scanner.peek();
    if (token.type !== 'flow-entry') throw parserError(problem, token.start, start);
    this.scanner.skip();
  }

  #flowList(): Node {
    const { start } = this.scanner.peek();
    this.scanner.skip();
    const items: Node[] = [];
    for (let isFirst = true; this.#type() !== 'flow-sequence-end'; isFirst = false) {
      if (!isFirst) this.#flowEntry(start, "did not find expected ',' or ']'");
      const type = this.#type();
      if (type === 'key') {
        this.scanner.skip();
        const map = new MapBuilder();
        this.#flowPair(map);
        items.push(map.finish());
      } else if (type !== 'flow-sequence-end') items.push(this.#node(false, false));
    }
    return this.#flowEnd(Node.list(items));
  }

  #flowMap(): Node {
    const { start } = this.scanner.peek();
    this.scanner.skip();
    const map = new MapBuilder();
    for (let isFirst = true; this.#type() !== 'flow-mapping-end'; isFirst = false) {
      if (!isFirst) this.#flowEntry(start, "did not find expected ',' or '}'");
      const token = this.scanner.peek();
      if (token.type === 'key') {
        this.scanner.skip();
        this.#flowPair(map);
      } else if (token.type === 'value') {
        this.scanner.skip();
        map.add(nullNode(), token, this.#endsEntry() ? flowNull() : this.#node(false, false));
      } else if (token.type !== 'flow-mapping-end') map.add(this.#node(false, false), token, flowNull());
    }
    return this.#flowEnd(map.finish());
  }

  #flowPair(map: MapBuilder): void {
    const token = this.scanner.peek();
    const key = token.type === 'value' || this.#endsEntry() ? nullNode() : this.#node(false, false);
    let value = flowNull();
    if (this.#type() === 'value') {
      this.scanner.skip();
      if (!this.#endsEntry()) value = this.#node(false, false);
    }
    map.add(key, token, value);
  }

  #endsEntry(): boolean {
    const type = this.#type();
    return type === 'flow-entry' || type === 'flow-sequence-end' || type === 'flow-mapping-end';
  }
}

class MapBuilder {
  readonly #fields = new Map<string, Node>();
  readonly #lines = new Map<string, number>();
  #merge: Node | undefined;

  add(key: Node, token: YamlToken, value: Node): void {
    const line = token.start.line + 1;
    if (key.kind !== 'scalar') throw new YamlError(`yaml: line ${line}: a key must be a scalar`);
    if (key.tag === '!!merge') {
      if (this.#merge !== undefined) throw new YamlError('duplicate merge key');
      this.#merge = value;
      return;
    }
    // Kustomize goes through JSON, which has no other keys; only the outermost map gets away with them.
    if (key.tag !== '!!str') {
      throw new YamlError(`yaml: line ${line}: the key ${key.text} is not a string; put quotes around it`);
    }
    const first = this.#lines.get(key.text);
    if (first !== undefined) {
      const where = `mapping key ${JSON.stringify(key.text)} already defined at line ${first}`;
      throw new YamlError(`yaml: unmarshal errors:\n  line ${line}: ${where}`);
    }
    this.#lines.set(key.text, line);
    this.#fields.set(key.text, value);
  }

  finish(): Node {
    if (this.#merge === undefined) return Node.map(this.#fields);
    const merged = new Map<string, Node>();
    const sources = this.#merge.kind === 'list' ? this.#merge.items.toReversed() : [this.#merge];
    for (const source of sources) {
      if (source.kind === 'list') throw new YamlError('invalid map merge: received a nested sequence');
      if (source.kind !== 'map') throw new YamlError('map merge requires map or sequence of maps as the value');
      for (const [name, value] of source.fields) merged.set(name, value.copy());
    }
    for (const [name, value] of this.#fields) merged.set(name, value);
    return Node.map(merged);
  }
}

const nullNode = (): Node => Node.scalar('', '!!null');

/** Nothing behind a key in braces: a null until it is written, where go-yaml has to put quotes. */
const flowNull = (): Node => Node.scalar('', '!!null', true);

const scalarNode = (text: string, tag: string, isPlain: boolean): Node => {
  if (tag !== '' && tag !== '!') {
    const short = tag.startsWith(LONG_TAG) ? `!!${tag.slice(LONG_TAG.length)}` : tag;
    return Node.scalar(text, short, !isPlain && short !== '!!null');
  }
  if (!isPlain || tag === '!') return Node.scalar(text, '!!str', true);
  return Node.scalar(text, resolvePlainScalar(text, 'overlays').tag);
};

const sizeOf = (node: Node, limit: number): number => {
  let size = 1;
  for (const item of node.items) if (size < limit) size += sizeOf(item, limit - size);
  for (const field of node.fields.values()) if (size < limit) size += sizeOf(field, limit - size);
  return size;
};
