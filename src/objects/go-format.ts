import { isRecord } from './json.js';

/** A value as Go's `%v` shows what was read from JSON: `map[a:[1 2] b:<nil>]`, keys in order. */
export const goFormat = (value: unknown): string => {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goFormat).join(' ')}]`;
  if (!isRecord(value)) return String(value as string | number | boolean | bigint);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${key}:${goFormat(value[key])}`);
  return `map[${entries.join(' ')}]`;
};
