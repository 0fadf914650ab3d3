import { readYaml } from '../../helm/yaml/yaml-reader.js';
import { YamlError } from '../../helm/yaml/yaml-error.js';
import { Integer, type Value } from '../../helm/template/values.js';
import { KustomizeError, MalformedYamlError } from '../errors.js';
import { Node } from '../nodes/node.js';
import { toData } from '../nodes/write-nodes.js';

export interface JsonPatchOperation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: Node;
}

/** Reads a JSON patch (RFC 6902) from YAML or JSON. Throws MalformedYamlError when it is none. */
export const readJsonPatch = (text: string): JsonPatchOperation[] => {
  if (text === '') throw new MalformedYamlError('empty json patch operations');
  if (text.startsWith('[')) requireJson(text);
  let value: Value;
  try {
    value = readYaml(text, { typed: true });
  } catch (error) {
    if (error instanceof YamlError) throw new MalformedYamlError(error.message);
    throw error;
  }
  if (value === null) return [];
  if (!Array.isArray(value)) {
    const kind = typeof value === 'object' ? 'object' : typeof value === 'boolean' ? 'bool' : typeof value;
    throw new MalformedYamlError(
      `json: cannot unmarshal ${kind} into Go value of type jsonpatch.Patch: a JSON patch is a list of operations`,
    );
  }
  return value.map(operationOf);
};

/** A patch that starts like JSON must be JSON, not YAML in flow style. */
const requireJson = (text: string): void => {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new MalformedYamlError((error as Error).message);
  }
};

const operationOf = (value: Value): JsonPatchOperation => {
  if (!(value instanceof Map)) throw new MalformedYamlError('an operation of a JSON patch must be a map');
  const text = (name: string): string => {
    const field: unknown = value.get(name);
    return typeof field === 'string' ? field : '';
  };
  const from = value.get('from');
  return {
    op: text('op'),
    path: text('path'),
    ...(typeof from === 'string' ? { from } : {}),
    ...(value.has('value') ? { value: nodeOf(value.get('value')) } : {}),
  };
};

/** A node of a value that go-yaml's rules have typed. */
export const nodeOf = (value: Value): Node => {
  if (value === null || value === undefined) return Node.scalar('null', '!!null');
  if (typeof value === 'string') return Node.string(value);
  if (typeof value === 'boolean') return Node.scalar(String(value), '!!bool');
  if (typeof value === 'number') return Node.scalar(String(value), Number.isInteger(value) ? '' : '!!float');
  if (value instanceof Integer) return Node.scalar(value.value.toString(), '!!int');
  if (Array.isArray(value)) return Node.list((value as Value[]).map(nodeOf));
  if (value instanceof Map) return Node.map(new Map([...value].map(([name, item]) => [name, nodeOf(item)])));
  throw new MalformedYamlError('a value of a JSON patch has no form in JSON');
};

/** Applies a JSON patch to a node in place. Throws KustomizeError for what does not apply. */
export const applyJsonPatch = (root: Node, operations: readonly JsonPatchOperation[]): void => {
  for (const operation of operations) apply(root, operation);
};

const apply = (root: Node, { op, path, from, value }: JsonPatchOperation): void => {
  switch (op) {
    case 'add':
      add(root, path, value?.copy() ?? Node.scalar('null', '!!null'));
      return;
    case 'remove':
      remove(root, path, 'remove');
      return;
    case 'replace':
      replace(root, path, value?.copy() ?? Node.scalar('null', '!!null'));
      return;
    case 'move': {
      const moved = remove(root, from ?? '', 'move');
      add(root, path, moved);
      return;
    }
    case 'copy':
      add(root, path, get(root, from ?? '', 'copy').copy());
      return;
    case 'test':
      test(root, path, value);
      return;
    default:
      throw new KustomizeError(`Unexpected kind: ${op === '' ? 'unknown' : op}`);
  }
};

const segmentsOf = (path: string): string[] => {
  if (!path.startsWith('/')) return path === '' ? [] : [path];
  return path
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
};

const missing = (op: string, path: string): KustomizeError =>
  new KustomizeError(`${op} operation does not apply: doc is missing path: "${path}": missing value`);

const containerOf = (root: Node, path: string, op: string): { container: Node; key: string } => {
  const segments = segmentsOf(path);
  const key = segments.pop();
  if (key === undefined || !path.startsWith('/')) throw missing(op, path);
  let container: Node | undefined = root;
  for (const segment of segments) {
    container = child(container, segment);
    if (container === undefined || container.kind === 'scalar') throw missing(op, path);
  }
  return { container, key };
};

const child = (container: Node, key: string): Node | undefined => {
  if (container.kind === 'map') return container.fields.get(key);
  const index = indexOf(container, key);
  return index === undefined ? undefined : container.items[index];
};

/** A position in a list; negative ones count from the end. */
const indexOf = (list: Node, key: string): number | undefined => {
  if (!/^[-+]?\d+$/.test(key)) return undefined;
  const index = Number(key);
  const resolved = index < 0 ? index + list.items.length : index;
  return resolved >= 0 && resolved < list.items.length ? resolved : undefined;
};

const add = (root: Node, path: string, value: Node): void => {
  const { container, key } = containerOf(root, path, 'add');
  if (container.kind === 'map') {
    container.fields.set(key, value);
    return;
  }
  if (key === '-') {
    container.items.push(value);
    return;
  }
  const index = /^[-+]?\d+$/.test(key) ? Number(key) : Number.NaN;
  const size = container.items.length + 1;
  const at = index < 0 ? index + size : index;
  if (!(at >= 0 && at < size)) {
    throw new KustomizeError(`add operation does not apply: doc is missing key: ${path}: invalid index referenced`);
  }
  container.items.splice(at, 0, value);
};

const remove = (root: Node, path: string, op: string): Node => {
  const { container, key } = containerOf(root, path, op);
  const found = child(container, key);
  if (found === undefined) throw missing(op, path);
  if (container.kind === 'map') container.fields.delete(key);
  else container.items.splice(indexOf(container, key) ?? 0, 1);
  return found;
};

const replace = (root: Node, path: string, value: Node): void => {
  if (path === '') {
    root.become(value);
    return;
  }
  const { container, key } = containerOf(root, path, 'replace');
  // A map takes a field that it does not have: so does the library that Kustomize applies patches with.
  if (container.kind === 'list' && child(container, key) === undefined) {
    throw new KustomizeError(`replace operation does not apply: doc is missing key: ${path}: missing value`);
  }
  if (container.kind === 'map') container.fields.set(key, value);
  else container.items[indexOf(container, key) ?? 0] = value;
};

const get = (root: Node, path: string, op: string): Node => {
  if (path === '') return root;
  const { container, key } = containerOf(root, path, op);
  const found = child(container, key);
  if (found === undefined) throw missing(op, path);
  return found;
};

const test = (root: Node, path: string, wanted: Node | undefined): void => {
  let found: Node | undefined;
  try {
    found = get(root, path, 'test');
  } catch (error) {
    if (!(error instanceof KustomizeError)) throw error;
  }
  const left = found === undefined ? null : toData(found);
  const right = wanted === undefined ? null : toData(wanted);
  if (canonical(left) !== canonical(right)) throw new KustomizeError(`testing path ${path} failed: test failed`);
};

const canonical = (value: unknown): string => {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(',')}}`;
};
