import { KustomizeError, wrapped } from '../errors.js';
import type { GeneratorArgs, GeneratorOptions } from '../kustomization/kustomization.js';
import type { Loader } from '../load/loader.js';
import { fieldOrNew, Node, setField } from '../nodes/node.js';
import { asBehavior, Resource } from '../resources/resource.js';

/** Makes a ConfigMap or Secret of literals, files and env files. */
export const generateData = async (
  kind: 'ConfigMap' | 'Secret',
  args: GeneratorArgs,
  loader: Loader,
): Promise<Resource> => {
  if (!args.name) throw new KustomizeError('a configmap must have a name');
  const node = Node.map();
  setField(node, 'apiVersion', Node.string('v1'));
  setField(node, 'kind', Node.string(kind));
  const metadata = fieldOrNew(node, 'metadata', 'map');
  setField(metadata, 'name', Node.string(args.name));
  if (args.namespace) setField(metadata, 'namespace', Node.string(args.namespace));
  if (kind === 'Secret') setField(node, 'type', Node.string(args.type || 'Opaque'));
  const pairs = await loadPairs(args, loader);
  if (kind === 'Secret') fieldOrNew(node, 'data', 'map');
  for (const name of [...pairs.keys()].sort()) addPair(node, kind, name, pairs.get(name) ?? Buffer.alloc(0));
  addOptions(node, metadata, args.options ?? {});
  const resource = new Resource(node);
  resource.behavior = asBehavior(args.behavior);
  resource.needsHash = args.options?.disableNameSuffixHash !== true;
  return resource;
};

const addOptions = (
  node: Node,
  metadata: Node,
  { labels = {}, annotations = {}, immutable }: GeneratorOptions,
): void => {
  for (const [field, values] of [['labels', labels] as const, ['annotations', annotations] as const]) {
    for (const name of Object.keys(values).sort()) {
      setField(fieldOrNew(metadata, field, 'map'), name, Node.string(values[name] ?? ''));
    }
  }
  if (immutable === true) setField(node, 'immutable', Node.scalar('true', '!!bool'));
};

const addPair = (node: Node, kind: 'ConfigMap' | 'Secret', name: string, value: Buffer): void => {
  const text = kind === 'ConfigMap' ? utf8(value) : undefined;
  const field = text === undefined && kind === 'ConfigMap' ? 'binaryData' : 'data';
  const content = text ?? base64Lines(value);
  fieldOrNew(node, field, 'map').fields.set(name, Node.string(content));
};

const utf8 = (bytes: Buffer): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
};

const LINE_LENGTH = 70;

/** Base64 as go-yaml writes binary data: in lines of 70 characters when there is more than one. */
const base64Lines = (bytes: Buffer): string => {
  const encoded = bytes.toString('base64');
  if (encoded.length < LINE_LENGTH) return encoded;
  return `${(encoded.match(/.{1,70}/g) ?? []).join('\n')}\n`;
};

const loadPairs = async (args: GeneratorArgs, loader: Loader): Promise<Map<string, Buffer>> => {
  const pairs = new Map<string, Buffer>();
  const add = (name: string, value: Buffer): void => {
    if (pairs.has(name)) throw new KustomizeError(`configmap ${args.name} illegally repeats the key \`${name}\``);
    pairs.set(name, value);
  };
  try {
    for (const path of args.envs ?? []) {
      for (const [name, value] of parseEnv(await loader.load(path), path)) add(name, value);
    }
    for (const literal of args.literals ?? []) add(...parseLiteral(literal));
    for (const source of args.files ?? []) {
      const [name, path] = parseFileSource(source);
      add(name, Buffer.from(await loader.load(path)));
    }
  } catch (error) {
    throw wrapped(error, 'loading KV pairs');
  }
  return pairs;
};

const parseEnv = (content: Uint8Array, path: string): [string, Buffer][] => {
  const text = utf8(Buffer.from(content));
  if (text === undefined) throw new KustomizeError(`env source file ${path} has invalid utf8 bytes`);
  const pairs: [string, Buffer][] = [];
  for (const [at, raw] of text.split('\n').entries()) {
    const unmarked = at === 0 && raw.startsWith('\ufeff') ? raw.slice(1) : raw;
    const line = (unmarked.endsWith('\r') ? unmarked.slice(0, -1) : unmarked).trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    const name = equals < 0 ? line : line.slice(0, equals);
    if (name !== '') pairs.push([name, Buffer.from(equals < 0 ? '' : line.slice(equals + 1))]);
  }
  return pairs;
};

const parseLiteral = (literal: string): [string, Buffer] => {
  const equals = literal.indexOf('=');
  if (equals <= 0) throw new KustomizeError(`invalid literal source ${literal}, expected key=value`);
  const value = literal.slice(equals + 1);
  const quote = value.charAt(0);
  const isQuoted = value.length >= 2 && (quote === '"' || quote === "'") && value.endsWith(quote);
  return [literal.slice(0, equals), Buffer.from(isQuoted ? value.slice(1, -1) : value)];
};

const parseFileSource = (source: string): [name: string, path: string] => {
  const parts = source.split('=');
  if (parts.length === 1) return [source.replace(/\/+$/, '').split('/').at(-1) ?? source, source];
  const [name = '', path = ''] = parts;
  if (parts.length > 2) throw new KustomizeError(`source "${source}" key name or file path contains '='`);
  if (name === '') throw new KustomizeError(`missing key name for file path "${path}" in source "${source}"`);
  if (path === '') throw new KustomizeError(`missing file path for key name "${name}" in source "${source}"`);
  return [name, path];
};

/** The options of one generator with those of the kustomization; its own win. */
export const mergeGeneratorOptions = (
  own: GeneratorOptions | undefined,
  common: GeneratorOptions | undefined,
): GeneratorOptions => ({
  labels: { ...common?.labels, ...own?.labels },
  annotations: { ...common?.annotations, ...own?.annotations },
  disableNameSuffixHash: own?.disableNameSuffixHash === true || common?.disableNameSuffixHash === true,
  immutable: own?.immutable === true || common?.immutable === true,
});
