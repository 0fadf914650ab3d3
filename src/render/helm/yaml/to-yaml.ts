import { isValidUtf8 } from '../template/go-string.js';
import { toBytes } from '../template/go-string.js';
import { formatFloat } from '../template/numbers.js';
import { Integer, isNilSlice, sliceItems, Struct, TypedMap, type Value } from '../template/values.js';
import { jsonNumber, UnsupportedValue } from '../json/json-writer.js';
import { sortKeys } from './key-order.js';
import { YamlError } from './yaml-error.js';
import { resolvePlain } from './yaml-resolve.js';
import { type WriteStyle, writeYaml, YamlPairs, type YamlScalar, type YamlTree } from './yaml-writer.js';

const PLAIN_STYLE: WriteStyle = { width: 80, isSequenceIndented: false };
const PRETTY_STYLE: WriteStyle = { width: Number.MAX_SAFE_INTEGER, isSequenceIndented: true };

/** What sigs.k8s.io/yaml writes: through JSON, so every value is first what JSON makes of it. Throws YamlError. */
export const toYaml = (value: Value): string => writeYaml(jsonTree(value), PLAIN_STYLE);

/** What go-yaml 3 writes of the values themselves with an indent of 2. */
export const toYamlPretty = (value: Value): string => writeYaml(directTree(value), PRETTY_STYLE);

const plain = (text: string): YamlScalar => ({ text, style: 'plain' });

const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const OLD_BOOL = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/;

const stringScalar = (text: string, isVersion3 = false): YamlScalar => {
  if (text.includes('\n')) return { text, style: 'literal' };
  const isString = isVersion3 ? isString3(text) : resolvePlain(text).tag === 'str';
  return { text, style: isString && !BASE_60.test(text) ? 'plain' : 'double' };
};

/** go-yaml 3 reads fewer words as booleans, but quotes those of YAML 1.1 all the same. */
const isString3 = (text: string): boolean => {
  if (OLD_BOOL.test(text)) return false;
  if (/^[-+]?0[oO][0-7]+$/.test(text)) return false;
  return resolvePlain(text).tag === 'str';
};

const checked = (text: string): string => {
  const valid = isValidUtf8(text) ? text : text.replace(/[\udc80-\udcff]/g, '\ufffd');
  // JSON escapes the other control characters, so that the YAML reader never sees them.
  if (/[\x7f-\x84\x86-\x9f\ufffe\uffff]/.test(valid)) {
    throw new YamlError('yaml: control characters are not allowed');
  }
  // JSON does not escape this line break, and the YAML reader folds it.
  return valid.includes('\x85') ? foldBreaks(valid) : valid;
};

const foldBreaks = (text: string): string =>
  text.replace(/[ \t]*\x85(?:[ \t]*\x85)*[ \t]*/g, (run) => '\n'.repeat(run.replace(/[ \t]/g, '').length - 1) || ' ');

const jsonTree = (value: Value): YamlTree => {
  if (value === null || value === undefined) return plain('null');
  switch (typeof value) {
    case 'string':
      return stringScalar(checked(value));
    case 'boolean':
      return plain(value ? 'true' : 'false');
    case 'number':
      return plain(numberText(value));
    default:
  }
  if (value instanceof Integer) return plain(value.value.toString());
  if (value instanceof TypedMap && value.isNil) return plain('null');
  if (value instanceof Map) return mapTree(value, jsonTree, (key) => stringScalar(checked(key)));
  if (value instanceof Struct) return jsonTree(value.json === undefined ? new Map(value.fields) : value.json());
  if (value instanceof Uint8Array) return stringScalar(Buffer.from(value).toString('base64'));
  return isNilSlice(value) ? plain('null') : (sliceItems(value) ?? []).map(jsonTree);
};

/** A number goes through JSON's text, which go-yaml reads as an integer when it can. */
const numberText = (value: number): string => {
  if (!Number.isFinite(value)) throw new UnsupportedValue(value);
  const text = jsonNumber(value);
  if (/^-?[0-9]+$/.test(text)) {
    const integer = BigInt(text);
    if (integer >= -(2n ** 63n) && integer < 2n ** 64n) return integer.toString();
  }
  return formatFloat(value, 'g', -1);
};

const mapTree = (
  map: ReadonlyMap<string, Value>,
  tree: (value: Value) => YamlTree,
  keyScalar: (key: string) => YamlScalar,
): YamlTree => new YamlPairs(sortKeys([...map.keys()]).map((key) => [keyScalar(key), tree(map.get(key))]));

const directTree = (value: Value): YamlTree => {
  if (value === null || value === undefined) return plain('null');
  switch (typeof value) {
    case 'string':
      return directString(value);
    case 'boolean':
      return plain(value ? 'true' : 'false');
    case 'number':
      return plain(floatText(value));
    default:
  }
  if (value instanceof Integer) return plain(value.value.toString());
  if (value instanceof Map) return mapTree(value, directTree, directString);
  if (value instanceof Struct) {
    const fields = new Map([...value.fields].map(([key, field]) => [key.toLowerCase(), field] as const));
    return value.text === undefined
      ? new YamlPairs([...fields].map(([key, field]) => [directString(key), directTree(field)]))
      : directString(value.text());
  }
  return (sliceItems(value) ?? []).map(directTree);
};

const directString = (text: string): YamlScalar => {
  if (isValidUtf8(text)) return stringScalar(text, true);
  return { text: base64Lines(text), style: 'plain', tag: '!!binary' };
};

const base64Lines = (text: string): string => {
  const encoded = toBytes(text).toString('base64');
  if (encoded.length < 70) return encoded;
  return `${(encoded.match(/.{1,70}/g) ?? []).join('\n')}\n`;
};

const floatText = (value: number): string => {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  return formatFloat(value, 'g', -1);
};
