import type { Document, Node, Pair, Scalar } from 'yaml';
import { nestsTooDeep } from '../../objects/yaml-depth.js';
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { ResolvedScalar, ScalarRules } from './resolve-scalar.js';
import { readOrdinaryYaml } from './read-ordinary-yaml.js';
import { resolvePlainScalar } from './resolve-scalar.js';
import { setField } from './set-field.js';

export interface YamlProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface YamlDocument {
  /** Plain data; undefined for a document with nothing in it. */
  readonly value: unknown;
  /** Where its first node starts, from 1. */
  readonly line: number;
  readonly column: number;
}

export interface YamlFile {
  readonly documents: readonly YamlDocument[];
  /** Everything that is wrong, in the order of the text. With problems, the documents are incomplete. */
  readonly problems: readonly YamlProblem[];
}

export interface ReadYamlOptions {
  readonly rules: ScalarRules;
  /** `last` lets the last of equal keys win, as lenient readers do. Default: a problem. */
  readonly duplicateKeys?: 'problem' | 'last';
  /** How many nodes all aliases together may stand for. Default: 100,000. */
  readonly maxAliasNodes?: number;
}

/** Nesting deeper than this is refused; the readers of Kubernetes stop at 10,000, long after any real manifest. */
const MAX_DEPTH = 500;
const DEFAULT_ALIAS_NODES = 100_000;

/**
 * Reads all documents of a YAML text (JSON is YAML). Objects are ordinary objects in which `__proto__` is a key like
 * any other; integers that a number cannot hold are bigints. The values are shared: not to be changed.
 */
export const readYaml = (text: string, options: ReadYamlOptions): YamlFile => {
  const documents = options.rules === 'manifests' ? readOrdinaryYaml(text) : undefined;
  return documents === undefined ? readAnyYaml(text, options) : { documents, problems: [] };
};

/** Reads what {@link readYaml} reads, whatever YAML it is written in. */
export const readAnyYaml = (text: string, options: ReadYamlOptions): YamlFile => {
  const lines = new LineCounter();
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  if (nestsTooDeep(source, MAX_DEPTH)) {
    return { documents: [], problems: [{ line: 1, column: 1, message: 'the text is nested too deeply to be read' }] };
  }
  let parsed: readonly Document.Parsed[];
  try {
    parsed = documentsOf(
      parseAllDocuments(source, {
        schema: 'failsafe',
        uniqueKeys: false,
        prettyErrors: false,
        logLevel: 'silent',
        lineCounter: lines,
      }),
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { documents: [], problems: [{ line: 1, column: 1, message: 'the text is nested too deeply to be read' }] };
  }
  const reader = new DocumentReader(lines, options);
  return { documents: parsed.map((document) => reader.read(document)), problems: reader.problems };
};

const documentsOf = (parsed: ReturnType<typeof parseAllDocuments>): readonly Document.Parsed[] =>
  'empty' in parsed ? [] : (parsed as readonly Document.Parsed[]);

/** Stops the reading of one document; the problem is recorded already. */
class Unreadable extends Error {}

class DocumentReader {
  readonly problems: YamlProblem[] = [];
  #anchors = new Map<string, Node>();
  #aliasNodes = 0;
  #insideAlias = 0;
  #depth = 0;

  constructor(
    private readonly lines: LineCounter,
    private readonly options: ReadYamlOptions,
  ) {}

  read(document: Document.Parsed): YamlDocument {
    const start = document.contents?.range?.[0] ?? document.range[0];
    const { line, col } = this.lines.linePos(start);
    const place = { line: Math.max(1, line), column: Math.max(1, col) };
    for (const error of document.errors) this.#problem(error.pos[0], syntaxMessage(error.message));
    if (document.errors.length > 0 || isNothing(document.contents)) return { value: undefined, ...place };
    this.#anchors = new Map();
    this.#depth = 0;
    this.#insideAlias = 0;
    try {
      return { value: this.#value(document.contents), ...place };
    } catch (error) {
      if (error instanceof Unreadable) return { value: undefined, ...place };
      throw error;
    }
  }

  #value(node: Node | null): unknown {
    if (node === null) return null;
    if (this.#insideAlias > 0) {
      this.#aliasNodes += 1;
      const limit = this.options.maxAliasNodes ?? DEFAULT_ALIAS_NODES;
      if (this.#aliasNodes > limit) this.#stop(node, `aliases stand for more than ${limit} nodes`);
    }
    if (isAlias(node)) return this.#alias(node);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#scalar(node);
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.#stop(node, `nested more than ${MAX_DEPTH} levels deep`);
    const value = isMap(node) ? this.#map(node.items, node) : isSeq(node) ? this.#sequence(node.items) : null;
    this.#depth -= 1;
    return value;
  }

  #alias(node: Node & { source: string }): unknown {
    const target = this.#anchors.get(node.source);
    if (target === undefined) return this.#stop(node, `unknown anchor "${node.source}"`);
    this.#insideAlias += 1;
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.#stop(node, `the anchor "${node.source}" contains itself`);
    const value = this.#value(target);
    this.#depth -= 1;
    this.#insideAlias -= 1;
    return value;
  }

  #sequence(items: readonly unknown[]): unknown[] {
    return items.map((item) => this.#value(isPair(item) ? null : (item as Node | null)));
  }

  #map(items: readonly Pair[], owner: Node): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const merges: Node[] = [];
    const keys = new Set<string>();
    for (const { key, value } of items as readonly Pair<Node | null, Node | null>[]) {
      if (isMergeKey(key)) {
        if (value !== null) merges.push(value);
        continue;
      }
      const name = this.#key(key, owner);
      if (keys.has(name) && this.options.duplicateKeys !== 'last') {
        this.#problem(offsetOf(key ?? owner), `the key "${name}" is already set in this map`);
      }
      keys.add(name);
      setField(result, name, this.#value(value));
    }
    for (const merge of merges) this.#merge(result, this.#value(merge), merge);
    return result;
  }

  #merge(target: Record<string, unknown>, source: unknown, node: Node): void {
    if (Array.isArray(source)) {
      for (const item of source) this.#merge(target, item, node);
      return;
    }
    if (typeof source !== 'object' || source === null) {
      this.#problem(offsetOf(node), 'a merge key (<<) takes a map or a list of maps');
      return;
    }
    for (const [name, value] of Object.entries(source)) if (!Object.hasOwn(target, name)) setField(target, name, value);
  }

  #key(key: Node | null, owner: Node): string {
    const node = key !== null && isAlias(key) ? (this.#anchors.get(key.source) ?? key) : key;
    if (node === null || !isScalar(node)) return this.#stop(node ?? owner, 'a key must be a string');
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (this.options.rules === 'overlays') return String(node.value);
    const value = this.#scalar(node);
    return value === null ? this.#stop(node, 'a key must be a string, not null') : String(value);
  }

  #scalar(node: Scalar): ResolvedScalar['value'] {
    const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
    const tag = node.tag?.replace(/^tag:yaml\.org,2002:/, '!!');
    if (node.type !== 'PLAIN' && (tag === undefined || tag === '!!str')) return text;
    if (tag === '!!str') return text;
    if (tag === '!!binary') return Buffer.from(text, 'base64').toString('utf8');
    const { tag: found, value } = resolvePlainScalar(text, this.options.rules);
    if (typeof value === 'number' && !Number.isFinite(value)) return this.#stop(node, `${text} has no form in JSON`);
    if (tag === '!!float' && found === '!!int') return Number(value);
    if (tag?.startsWith('!!') === true && tag !== found) {
      return this.#stop(node, `cannot read "${text}" as ${tag.slice(2)}`);
    }
    return value;
  }

  #stop(node: Node, message: string): never {
    this.#problem(offsetOf(node), message);
    throw new Unreadable(message);
  }

  #problem(offset: number, message: string): void {
    const { line, col } = this.lines.linePos(offset);
    this.problems.push({ line: Math.max(1, line), column: Math.max(1, col), message });
  }
}

const isMergeKey = (key: Node | null): boolean => isScalar(key) && key.type === 'PLAIN' && key.value === '<<';

const isNothing = (node: Node | null): boolean =>
  node === null || (isScalar(node) && node.type === 'PLAIN' && node.value === '' && node.tag === undefined);

const offsetOf = (node: Node): number => node.range?.[0] ?? 0;

/** The first line of the parser's message; a full stack is how it meets nesting without end. */
const syntaxMessage = (text: string): string =>
  text.startsWith('Maximum call stack') ? 'nested too deeply to be read' : (text.split('\n', 1)[0] ?? text);
