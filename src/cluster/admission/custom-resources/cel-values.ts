import { isRecord, setOwn } from '../../../objects/json.js';
import { itemsOf, propertyOf, valuesOf } from './prune.js';
import type { StructuralSchema } from './structural-schema.js';

const RESERVED = new Set([
  'true',
  'false',
  'null',
  'in',
  'as',
  'break',
  'const',
  'continue',
  'else',
  'for',
  'function',
  'if',
  'import',
  'let',
  'loop',
  'package',
  'namespace',
  'return',
  'var',
  'void',
  'while',
]);

/** The name by which an expression reaches a field whose own name is no identifier of CEL. */
export const celName = (name: string): string => {
  if (RESERVED.has(name)) return `__${name}__`;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
};

const textValue = (text: string, format: unknown): unknown => {
  if (format !== 'date-time' && format !== 'date') return text;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? text : time;
};

/** A JSON value as CEL sees it: integers are int, dates are timestamps, and fields have names of CEL. */
export const celValue = (value: unknown, schema: StructuralSchema | undefined): unknown => {
  if (Array.isArray(value)) {
    const items = schema === undefined ? undefined : itemsOf(schema);
    return value.map((each) => celValue(each, items));
  }
  if (isRecord(value)) {
    const values = schema === undefined ? undefined : valuesOf(schema);
    const result: Record<string, unknown> = {};
    for (const [name, inner] of Object.entries(value)) {
      const property = schema === undefined ? undefined : propertyOf(schema, name);
      const key = property === undefined && values !== undefined ? name : celName(name);
      setOwn(result, key, celValue(inner, property ?? values));
    }
    return result;
  }
  if (typeof value === 'number')
    return schema?.['type'] === 'number' || !Number.isInteger(value) ? value : BigInt(value);
  return typeof value === 'string' ? textValue(value, schema?.['format']) : value;
};
