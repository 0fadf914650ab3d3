import { isRecord } from '../json.js';
import { writeJson } from '../lossless-json.js';

/** A JSON value as Go's `%v` prints it: `map[a:1 b:[x y]]`. */
export const goText = (value: unknown): string => {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isRecord(value)) return typeof value === 'string' ? value : writeJson(value);
  const entries = sorted(value).map(([key, inner]) => `${key}:${goText(inner)}`);
  return `map[${entries.join(' ')}]`;
};

/** A JSON value as Go's `%#v` prints it: `map[string]interface {}{"a":1}`. */
export const goSyntax = (value: unknown): string => {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (!isRecord(value)) return writeJson(value);
  const entries = sorted(value).map(([key, inner]) => `${writeJson(key)}:${goSyntax(inner)}`);
  return `map[string]interface {}{${entries.join(', ')}}`;
};

/** The type by which Go holds a JSON value. */
export const goType = (value: unknown): string => {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (isRecord(value)) return 'map[string]interface {}';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  return Number.isInteger(Number(value)) ? 'int64' : 'float64';
};

const sorted = (value: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] =>
  Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
