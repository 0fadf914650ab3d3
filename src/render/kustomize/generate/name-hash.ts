import { asGoJson } from '../../../objects/go-json.js';
import { nodeCrypto } from '../../builtin-modules.js';
import { fieldOf, type Node } from '../nodes/node.js';
import { toData } from '../nodes/write-nodes.js';
import type { Resource } from '../resources/resource.js';
import type { ResourceMap } from '../resources/resource-map.js';

/** Puts the hash of their content behind the names of generated resources. */
export const addNameHashes = (map: ResourceMap): void => {
  for (const resource of map.resources) {
    if (!resource.needsHash || resource.isEmpty) continue;
    const hash = contentHash(resource);
    resource.rememberId();
    resource.setName(`${resource.name}-${hash}`);
  }
};

/** The ten characters that `kubectl` and Kustomize derive from the content of a ConfigMap or Secret. */
export const contentHash = ({ node, kind }: Resource): string => {
  const text =
    kind === 'ConfigMap' ? configMapText(node) : kind === 'Secret' ? secretText(node) : sortedJson(toData(node));
  const hex = nodeCrypto().createHash('sha256').update(text).digest('hex').slice(0, 10);
  return hex.replaceAll(/[013ae]/g, (digit) => SAFE[digit] ?? digit);
};

/** Characters that could spell a word or look alike are replaced. */
const SAFE: Readonly<Record<string, string>> = { '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' };

const valueAt = (node: Node | undefined): unknown =>
  node === undefined ? '' : node.kind === 'scalar' ? node.text : toData(node);

/** Kustomize's hash has a place for the name, but nothing is ever in it. */
const NAME = '';

const configMapText = (node: Node): string => {
  const binary = fieldOf(node, 'binaryData');
  return sortedJson({
    ...(binary?.kind === 'map' ? { binaryData: toData(binary) } : {}),
    data: valueAt(fieldOf(node, 'data')),
    kind: 'ConfigMap',
    name: NAME,
  });
};

const secretText = (node: Node): string => {
  const strings = fieldOf(node, 'stringData');
  return sortedJson({
    data: valueAt(fieldOf(node, 'data')),
    kind: 'Secret',
    name: NAME,
    ...(strings?.kind === 'map' ? { stringData: toData(strings) } : {}),
    type: valueAt(fieldOf(node, 'type')),
  });
};

/** JSON as Go writes it: keys sorted by bytes, `<`, `>` and `&` escaped. */
const sortedJson = (value: unknown): string => {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([name, field]) => [name, field] as const);
    entries.sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
    return `{${entries.map(([name, field]) => `${goString(name)}:${sortedJson(field)}`).join(',')}}`;
  }
  return typeof value === 'string' ? goString(value) : JSON.stringify(value);
};

const goString = (text: string): string => asGoJson(JSON.stringify(text));
