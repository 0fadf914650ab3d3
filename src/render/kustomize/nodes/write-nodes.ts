import { readNode } from './read-nodes.js';
import { analyze } from '../../helm/yaml/scalar-analysis.js';
import { Integer, type Value } from '../../helm/template/values.js';
import { toYaml } from '../../helm/yaml/to-yaml.js';
import { YamlError } from '../../helm/yaml/yaml-error.js';
import { resolvePlainScalar } from '../../yaml/resolve-scalar.js';
import { KustomizeError } from '../errors.js';
import type { Node } from './node.js';

/** What a scalar means in the end: its tag decides, then its quotes, then its text. */
export const scalarValue = (node: Node): string | number | bigint | boolean | null => {
  const { tag, text, quoted } = node;
  if (tag === '!!str' || (tag === '' && quoted)) return node.folded ? refolded(text) : text;
  if (tag === '!!null' && quoted) return text;
  if (tag === '!!binary') return Buffer.from(text, 'base64').toString('utf8');
  const found = resolvePlainScalar(text, 'overlays');
  if (tag.startsWith('!!') && tag !== found.tag && tag !== '!!merge') {
    if (tag === '!!float' && found.tag === '!!int') return found.value;
    throw new KustomizeError(`yaml: unmarshal errors: cannot decode ${found.tag} \`${text}\` as a ${tag}`);
  }
  return found.tag === '!!timestamp' ? isoTime(text) : found.value;
};

/**
 * A folded text once it was written and read again. go-yaml writes a line break twice unless the text begins with a
 * blank, and such a pair in front of a line that is indented more is read as two.
 */
const refolded = (text: string): string => {
  if (!text.includes('\n') || /^[ \n]/.test(text) || !analyze(text, true).block) return text;
  const keeps = text.endsWith('\n\n');
  let written = '';
  let isBreak = true;
  let isIndented = true;
  for (const character of text) {
    if (character === '\n') {
      written += !isBreak && !isIndented ? '\n\n' : '\n';
      isBreak = true;
      continue;
    }
    if (isBreak) {
      isIndented = character === ' ' || character === '\t';
      written += '  ';
    }
    written += character;
    isBreak = false;
  }
  const hint = keeps ? '+' : text.endsWith('\n') ? '' : '-';
  return readNode(`>${hint}\n${written}${keeps ? '' : '\n'}`)?.text ?? text;
};

/** A date as Go's JSON writes it. */
const isoTime = (text: string): string => {
  const match =
    /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?(Z|[-+]\d{2}:\d{2})?)?$/.exec(text);
  if (match === null) return text;
  const two = (part: string | undefined): string => (part ?? '0').padStart(2, '0');
  const fraction = match[7]?.slice(0, 9).replace(/0+$/, '') ?? '';
  const zone = match[8] === undefined || match[8] === '+00:00' ? 'Z' : match[8];
  const date = `${match[1]}-${two(match[2])}-${two(match[3])}`;
  return `${date}T${two(match[4])}:${two(match[5])}:${two(match[6])}${fraction === '' ? '' : `.${fraction}`}${zone}`;
};

/** The node as plain data; integers that a number cannot hold are bigints. */
export const toData = (node: Node): unknown => {
  if (node.kind === 'scalar') return scalarValue(node);
  if (node.kind === 'list') return node.items.map(toData);
  const result: Record<string, unknown> = {};
  for (const [name, value] of node.fields) {
    if (name === '__proto__') {
      Object.defineProperty(result, name, {
        value: toData(value),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    } else result[name] = toData(value);
  }
  return result;
};

const toValue = (node: Node): Value => {
  if (node.kind === 'list') return node.items.map(toValue);
  if (node.kind === 'map') return new Map([...node.fields].map(([name, value]) => [name, toValue(value)]));
  const value = scalarValue(node);
  if (typeof value === 'bigint') return new Integer(value, 'int64');
  if (typeof value === 'number' && Number.isInteger(value) && Number.isSafeInteger(value)) {
    return new Integer(BigInt(value), 'int64');
  }
  return value;
};

/** The node as Kustomize prints it: through JSON, keys sorted, lists not indented, long lines folded at 80. */
export const writeNode = (node: Node): string => {
  try {
    return toYaml(toValue(node));
  } catch (error) {
    if (error instanceof YamlError) throw new KustomizeError(error.message);
    throw error;
  }
};
