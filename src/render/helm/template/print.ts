import { formatFloat } from './numbers.js';
import { compareStrings } from './go-string.js';
import type { Value } from './values.js';
import { Integer, sliceItems, Struct } from './values.js';

/** What `{{ value }}` writes. */
export const printValue = (value: Value): string => {
  if (value === null || value === undefined) return '<no value>';
  if (!(value instanceof Struct)) return sprintValue(value);
  // An action follows pointers.
  return value.pointerText === undefined ? structText(value, sprintValue).replace(/^&/, '') : value.pointerText();
};

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
  if (value instanceof Uint8Array) return bytesText(value);
  return `[${(sliceItems(value) ?? []).map(sprintValue).join(' ')}]`;
};

/** `[104 105]`: charts print whole contexts, and with them their files. */
const bytesText = (bytes: Uint8Array): string => {
  if (bytes.length === 0) return '[]';
  const text = Buffer.allocUnsafe(bytes.length * 4 + 1);
  let at = text.write('[');
  for (const byte of bytes) {
    if (byte >= 100) text[at++] = 48 + Math.floor(byte / 100);
    if (byte >= 10) text[at++] = 48 + (Math.floor(byte / 10) % 10);
    text[at++] = 48 + (byte % 10);
    text[at++] = 32;
  }
  text[at - 1] = 93;
  return text.toString('latin1', 0, at);
};

/** A struct: its own `String()`, or `{a b c}`; `&{...}` behind a pointer. */
export const structText = (value: Struct, format: (field: Value) => string): string => {
  if (value.text !== undefined) return value.text();
  const fields = [...value.fields.values()].map(format).join(' ');
  return `${value.type.startsWith('*') ? '&' : ''}{${fields}}`;
};
