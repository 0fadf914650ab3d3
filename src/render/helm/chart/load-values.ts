import { fromBytes } from '../template/go-string.js';
import type { GoMap, Value } from '../template/values.js';
import { typeName } from '../template/values.js';
import { readYaml } from '../yaml/yaml-reader.js';
import { YamlError } from '../yaml/yaml-error.js';
import { ChartError } from './chart-error.js';

/** Merges `over` into `base`: maps key by key, everything else is replaced. Changes neither. */
export const mergeValues = (base: GoMap, over: GoMap): GoMap => {
  const merged: GoMap = new Map(base);
  for (const [key, value] of over) {
    const under = merged.get(key);
    merged.set(key, value instanceof Map && under instanceof Map ? mergeValues(under, value) : value);
  }
  return merged;
};

/** The documents of a stream: a line that begins with `---` and has nothing behind it separates them. */
const splitDocuments = (text: string): string[] => {
  if (!text.includes('---')) return [text];
  const documents: string[] = [];
  let current = '';
  for (const line of text.split(/(?<=\n)/)) {
    if (line.startsWith('---') && line.slice(3).trim() === '' && current !== '') {
      documents.push(current);
      current = '';
    } else {
      current += line;
    }
  }
  if (current !== '') documents.push(current);
  return documents;
};

const jsonKind = (value: Value): string => {
  if (typeof value === 'number') return 'number';
  return Array.isArray(value) ? 'array' : typeName(value);
};

const readMap = (text: string): GoMap => {
  let value: Value;
  try {
    value = readYaml(text);
  } catch (error) {
    if (error instanceof YamlError) throw new ChartError(`error converting YAML to JSON: ${error.message}`);
    throw error;
  }
  if (value === null) return new Map();
  if (value instanceof Map) return value;
  throw new ChartError(
    `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${jsonKind(value)} into Go value of type map[string]interface {}`,
  );
};

const MAX_CACHED_TEXTS = 500;
const MAX_CACHED_LENGTH = 1024 * 1024;
const cache = new Map<string, GoMap>();

/** Reads a values file; several documents are merged. What it gives is shared: not to be changed. Throws ChartError. */
export const loadValues = (data: Uint8Array | string): GoMap => {
  const text = typeof data === 'string' ? data : fromBytes(data);
  const known = cache.get(text);
  if (known !== undefined) return known;
  const values = readDocuments(text);
  if (text.length <= MAX_CACHED_LENGTH) {
    if (cache.size >= MAX_CACHED_TEXTS) cache.clear();
    cache.set(text, values);
  }
  return values;
};

const readDocuments = (text: string): GoMap => {
  let values: GoMap = new Map();
  try {
    for (const document of splitDocuments(text)) values = mergeValues(values, readMap(document));
  } catch (error) {
    if (error instanceof ChartError) throw new ChartError(`cannot unmarshal yaml document: ${error.message}`);
    throw error;
  }
  return values;
};
