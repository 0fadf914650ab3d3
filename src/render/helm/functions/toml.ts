import { createRequire } from 'node:module';
import type * as SmolToml from 'smol-toml';
import { GoError } from '../template/errors.js';
import { compareStrings } from '../template/go-string.js';
import { Complex } from '../template/complex.js';
import { formatFloat } from '../template/numbers.js';
import {
  int64,
  Integer,
  isNilSlice,
  sliceItems,
  Struct,
  TypedMap,
  type GoMap,
  type Value,
} from '../template/values.js';

type Toml = typeof SmolToml;

const require = createRequire(import.meta.url);

/** Loaded when the first chart reads TOML. */
const parser = (): Toml => require('smol-toml') as Toml;

class TomlError extends Error {
  override readonly name = 'TomlError';
}

type TomlKind = 'nil' | 'table' | 'tables' | 'array' | 'plain';

const isNil = (value: Value): boolean =>
  value === null || value === undefined || isNilSlice(value) || (value instanceof TypedMap && value.isNil);

const kindOf = (value: Value): TomlKind => {
  if (isNil(value)) return 'nil';
  if (value instanceof Map) return 'table';
  const items = sliceItems(value);
  if (items === undefined) return 'plain';
  if (items.some(isNil)) throw new TomlError('toml: cannot encode array with nil element');
  const kinds = items.map(kindOf);
  return items.length > 0 && kinds.every((kind) => kind === 'table') ? 'tables' : 'array';
};

const quoted = (text: string): string => {
  // oxlint-disable-next-line no-control-regex
  const escaped = text.replace(/["\\\0-\x1f\x7f]/g, (c) => {
    const short = (
      { '"': '\\"', '\\': '\\\\', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r' } as Record<
        string,
        string
      >
    )[c];
    return short ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
};

const keyText = (key: string): string => (/^[A-Za-z0-9_-]+$/.test(key) ? key : quoted(key));

const floatText = (value: number): string => {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const text = formatFloat(value, 'g', -1);
  return /[e.]/.test(text) ? text : `${text}.0`;
};

/** BurntSushi/toml: plain values of a table first, then its tables, each in the order of their keys. */
class Writer {
  out = '';

  table(path: readonly string[], map: ReadonlyMap<string, Value>): void {
    const keys = [...map.keys()].sort(compareStrings);
    const isTable = (key: string): boolean => ['table', 'tables'].includes(kindOf(map.get(key)));
    for (const key of [...keys.filter((name) => !isTable(name)), ...keys.filter(isTable)]) {
      if (!isNil(map.get(key))) this.entry([...path, key], map.get(key));
    }
  }

  private entry(path: readonly string[], value: Value): void {
    const indent = '  '.repeat(path.length - 1);
    const name = path.map(keyText).join('.');
    switch (kindOf(value)) {
      case 'table':
        if (path.length === 1) this.newline();
        this.out += `${indent}[${name}]\n`;
        this.table(path, value as GoMap);
        break;
      case 'tables':
        for (const item of sliceItems(value) ?? []) {
          this.newline();
          this.out += `${indent}[[${name}]]\n`;
          this.table(path, item as GoMap);
        }
        break;
      default:
        this.out += `${indent}${keyText(path.at(-1) ?? '')} = ${inline(value)}\n`;
    }
  }

  private newline(): void {
    if (this.out !== '') this.out += '\n';
  }
}

const inline = (value: Value): string => {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return floatText(value);
  if (value instanceof Integer) return value.value.toString();
  if (value instanceof Map) {
    const keys = [...value.keys()].sort(compareStrings).filter((key) => !isNil(value.get(key)));
    const isTable = (key: string): boolean => ['table', 'tables'].includes(kindOf(value.get(key)));
    const ordered = [...keys.filter((key) => !isTable(key)), ...keys.filter(isTable)];
    return `{${ordered.map((key) => `${keyText(key)} = ${inline(value.get(key))}`).join(', ')}}`;
  }
  // A time, as in JSON.
  if (value instanceof Struct && value.type === 'time.Time') {
    const text = value.json?.();
    return typeof text === 'string' ? text : '';
  }
  if (value instanceof Complex) throw new TomlError('unsupported type: complex128');
  if (value instanceof Struct) return value.text === undefined ? '' : quoted(value.text());
  const items = sliceItems(value) ?? [];
  if (items.some(isNil)) throw new TomlError('toml: cannot encode array with nil element');
  return `[${items.map(inline).join(', ')}]`;
};

export const toToml = (value: Value): string => {
  if (value === null || value === undefined) throw new GoError('reflect: call of reflect.Value.Type on zero Value');
  const writer = new Writer();
  try {
    if (!(value instanceof Map)) return isNil(value) ? '' : inline(value);
    writer.table([], value);
  } catch (error) {
    if (error instanceof TomlError) return error.message;
    throw error;
  }
  return writer.out;
};

const fromParsed = (data: unknown): Value => {
  if (typeof data === 'bigint') return int64(data);
  if (data instanceof Date) return data.toISOString();
  if (Array.isArray(data)) return data.map(fromParsed);
  if (typeof data === 'object' && data !== null) {
    return new Map(Object.entries(data).map(([key, value]) => [key, fromParsed(value)]));
  }
  return data as string | number | boolean;
};

export const fromToml = (text: string): Value => {
  const { parse, TomlError: ParseError } = parser();
  try {
    return fromParsed(parse(text, { integersAsBigInt: true }));
  } catch (error) {
    if (error instanceof ParseError)
      return new Map([['Error', `toml: line ${error.line}: ${error.message.split('\n')[0]}`]]);
    throw error;
  }
};
