import { GoError } from '../template/errors.js';
import type { Value } from '../template/values.js';
import { typeName } from '../template/values.js';
import { readJson } from '../json/json-reader.js';
import { UnsupportedValue, writeJson } from '../json/json-writer.js';
import { readYaml } from '../yaml/yaml-reader.js';
import { toYaml, toYamlPretty } from '../yaml/to-yaml.js';
import { YamlError } from '../yaml/yaml-error.js';
import { type Family, fn } from './define.js';
import { fromToml, toToml } from './toml.js';

/** Helm swallows errors in these: what failed becomes an empty text. */
const orEmpty = (make: () => string): string => {
  try {
    return make();
  } catch (error) {
    if (error instanceof YamlError || error instanceof UnsupportedValue) return '';
    throw error;
  }
};

const orFail = (make: () => string): string => {
  try {
    return make();
  } catch (error) {
    if (error instanceof UnsupportedValue) throw new GoError(`error marshaling into JSON: ${error.message}`);
    if (error instanceof YamlError) throw new GoError(error.message);
    throw error;
  }
};

const withoutLastBreak = (text: string): string => (text.endsWith('\n') ? text.slice(0, -1) : text);

const jsonKind = (value: Value): string => {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'number';
  return Array.isArray(value) ? 'array' : value instanceof Map ? 'object' : typeName(value);
};

const MAP_TYPE = 'map[string]interface {}';
const LIST_TYPE = '[]interface {}';

const wrongKind = (value: Value, type: string): string =>
  `json: cannot unmarshal ${jsonKind(value)} into Go value of type ${type}`;

/** What sigs.k8s.io/yaml says about a text that does not fit. */
const yamlProblem = (error: unknown): string => {
  if (error instanceof YamlError || error instanceof UnsupportedValue) {
    return `error converting YAML to JSON: ${error.message}`;
  }
  throw error;
};

const fromYaml = (text: string): Value => {
  try {
    const value = readYaml(text);
    if (value === null) return new Map();
    if (value instanceof Map) return value;
    return new Map([['Error', `error unmarshaling JSON: while decoding JSON: ${wrongKind(value, MAP_TYPE)}`]]);
  } catch (error) {
    return new Map([['Error', yamlProblem(error)]]);
  }
};

const fromYamlArray = (text: string): Value => {
  try {
    const value = readYaml(text);
    if (value === null) return [];
    if (Array.isArray(value)) return value;
    return [`error unmarshaling JSON: while decoding JSON: ${wrongKind(value, LIST_TYPE)}`];
  } catch (error) {
    return [yamlProblem(error)];
  }
};

const fromJson = (text: string): Value => {
  try {
    const value = readJson(text);
    if (value === null) return new Map();
    return value instanceof Map ? value : new Map([['Error', wrongKind(value, MAP_TYPE)]]);
  } catch (error) {
    if (error instanceof GoError) return new Map([['Error', error.message]]);
    throw error;
  }
};

const fromJsonArray = (text: string): Value => {
  try {
    const value = readJson(text);
    if (value === null) return [];
    return Array.isArray(value) ? value : [wrongKind(value, LIST_TYPE)];
  } catch (error) {
    if (error instanceof GoError) return [error.message];
    throw error;
  }
};

const COMPACT = { escapeHtml: true };

/** Helm's functions that read and write YAML, JSON and TOML. */
export const serialization: Family = {
  toYaml: fn(['any'], (value) => orEmpty(() => withoutLastBreak(toYaml(value)))),
  mustToYaml: fn(['any'], (value) => orFail(() => withoutLastBreak(toYaml(value)))),
  toYamlPretty: fn(['any'], (value) => orEmpty(() => withoutLastBreak(toYamlPretty(value)))),
  fromYaml: fn(['string'], fromYaml),
  fromYamlArray: fn(['string'], fromYamlArray),
  toJson: fn(['any'], (value) => orEmpty(() => writeJson(value, COMPACT))),
  mustToJson: fn(['any'], (value) => orMarshalError(() => writeJson(value, COMPACT))),
  fromJson: fn(['string'], fromJson),
  fromJsonArray: fn(['string'], fromJsonArray),
  toToml: fn(['any'], toToml),
  fromToml: fn(['string'], fromToml),
};

const orMarshalError = (make: () => string): string => {
  try {
    return make();
  } catch (error) {
    if (error instanceof UnsupportedValue) throw new GoError(error.message);
    throw error;
  }
};
