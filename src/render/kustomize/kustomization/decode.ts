import { Integer, type Value } from '../../helm/template/values.js';
import { readYaml } from '../../helm/yaml/yaml-reader.js';
import { YamlError } from '../../helm/yaml/yaml-error.js';
import { KustomizeError, MalformedYamlError } from '../errors.js';

/** The shape of a configuration: what each field must be. */
export type Shape =
  | 'string'
  /** A string that is empty where it is absent. */
  | 'text'
  | 'bool'
  | 'int'
  | 'any'
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly fields: Readonly<Record<string, Shape>> };

export interface DecodeOptions {
  /** Refuses fields that the shape does not have. */
  readonly strict: boolean;
  /** Takes numbers and booleans for strings where a string is wanted. */
  readonly coerce: boolean;
}

/** Reads a YAML text by the rules of Kubernetes' tools. Throws MalformedYamlError. */
export const readConfig = (text: string): Value => {
  try {
    return readYaml(text, { typed: true });
  } catch (error) {
    if (error instanceof YamlError) throw new MalformedYamlError(error.message);
    throw error;
  }
};

/** Turns a value into plain data of a shape, or says which field is wrong. Null stands for an absent field. */
export const decode = (value: Value, shape: Shape, options: DecodeOptions, path = ''): unknown => {
  if (value === null || value === undefined) return undefined;
  if (shape === 'any') return plain(value);
  if (shape === 'string' || shape === 'text') return decodeString(value, options, path);
  if (shape === 'bool') return typeof value === 'boolean' ? value : wrong(value, 'bool', path);
  if (shape === 'int') {
    if (value instanceof Integer) return Number(value.value);
    return typeof value === 'number' && Number.isInteger(value) ? value : wrong(value, 'int', path);
  }
  if ('list' in shape) {
    if (!Array.isArray(value)) return wrong(value, 'list', path);
    return (value as Value[]).map(
      (item, at) => decode(item, shape.list, options, `${path}[${at}]`) ?? zero(shape.list),
    );
  }
  if (!(value instanceof Map)) return wrong(value, 'map', path);
  if ('map' in shape) {
    const entries = sorted(value as ReadonlyMap<string, Value>).map(([name, item]) => [
      name,
      decode(item, shape.map, options, `${path}.${name}`) ?? zero(shape.map),
    ]);
    return Object.fromEntries(entries);
  }
  return decodeFields(value as ReadonlyMap<string, Value>, shape.fields, options, path);
};

const decodeFields = (
  value: ReadonlyMap<string, Value>,
  fields: Readonly<Record<string, Shape>>,
  options: DecodeOptions,
  path: string,
): Record<string, unknown> => {
  const result: Record<string, unknown> = {};
  for (const [name, item] of sorted(value)) {
    const field = fieldNamed(fields, name);
    if (field === undefined) {
      if (options.strict) throw new KustomizeError(`json: unknown field "${name}"${path === '' ? '' : ` in ${path}`}`);
      continue;
    }
    const decoded = decode(item, fields[field] as Shape, options, path === '' ? field : `${path}.${field}`);
    if (decoded !== undefined) result[field] = decoded;
  }
  for (const [field, shape] of Object.entries(fields)) if (shape === 'text') result[field] ??= '';
  return result;
};

/** By name: Kustomize tells of the first fault in this order. */
const sorted = (value: ReadonlyMap<string, Value>): (readonly [string, Value])[] =>
  [...value].sort(([left], [right]) => (left < right ? -1 : 1));

/** Go's JSON finds a field by its exact name, else by any case of it. */
const fieldNamed = (fields: Readonly<Record<string, Shape>>, name: string): string | undefined => {
  if (Object.hasOwn(fields, name)) return name;
  const lower = name.toLowerCase();
  return Object.keys(fields).find((field) => field.toLowerCase() === lower);
};

const zero = (shape: Shape): unknown =>
  shape === 'string' || shape === 'text'
    ? ''
    : shape === 'bool'
      ? false
      : shape === 'int'
        ? 0
        : typeof shape === 'object' && 'list' in shape
          ? []
          : shape === 'any'
            ? null
            : {};

const decodeString = (value: Value, options: DecodeOptions, path: string): string => {
  if (typeof value === 'string') return value;
  if (options.coerce) {
    if (value instanceof Integer) return value.value.toString();
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  }
  return wrong(value, 'string', path);
};

const wrong = (value: Value, wanted: string, path: string): never => {
  throw new KustomizeError(`json: cannot unmarshal ${nameOf(value)} into field ${path || '.'} of type ${wanted}`);
};

const nameOf = (value: Value): string =>
  Array.isArray(value)
    ? 'array'
    : value instanceof Map
      ? 'object'
      : value instanceof Integer || typeof value === 'number'
        ? 'number'
        : typeof value === 'boolean'
          ? 'bool'
          : 'string';

const plain = (value: Value): unknown => {
  if (value instanceof Integer) return Number(value.value);
  if (Array.isArray(value)) return (value as Value[]).map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, item]) => [name, plain(item)]));
  return value;
};
