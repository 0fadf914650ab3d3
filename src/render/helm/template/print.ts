import { formatFloat } from './numbers.js';
import { compareStrings } from './go-string.js';
import type { Value } from './values.js';
import { Integer, sliceItems, Struct } from './values.js';

/** What `{{ value }}` writes. */
export const printValue = (value: Value): string =>
  value === null || value === undefined
    ? '<no value>'
    : value instanceof Struct && value.pointerText !== undefined
      ? value.pointerText()
      : sprintValue(value);

/** `%v` of a value. */
export const sprintValue = (value: Value): string => {
  if (value === null || value === undefined) return '<nil>';
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return formatFloat(value, 'g', -1);
    case 'boolean':
      return value ? 'true' : 'false';
    default:
  }
  if (value instanceof Integer) return value.value.toString();
  if (value instanceof Map) {
    const keys = [...value.keys()].sort(compareStrings);
    return `map[${keys.map((key) => `${key}:${sprintValue(value.get(key))}`).join(' ')}]`;
  }
  if (value instanceof Struct) return structText(value, sprintValue);
  return `[${(sliceItems(value) ?? []).map(sprintValue).join(' ')}]`;
};

/** A struct: its own `String()`, or `{a b c}`; `&{...}` behind a pointer. */
export const structText = (value: Struct, format: (field: Value) => string): string => {
  if (value.text !== undefined) return value.text();
  const fields = [...value.fields.values()].map(format).join(' ');
  return `${value.type.startsWith('*') ? '&' : ''}{${fields}}`;
};
