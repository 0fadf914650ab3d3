import type { Node } from '../nodes/node.js';
import { fieldOf, isNilOrEmpty, isNull } from '../nodes/node.js';
import { requireKind } from '../nodes/require-kind.js';

/** Finds the element whose fields have the given texts; with an empty key, the scalar with the text. */
export const findElement = (list: Node, keys: readonly string[], values: readonly string[]): Node | undefined => {
  const [first = ''] = keys;
  if (first === '') return list.items.find((item) => item.text === (values[0] ?? ''));
  if (keys.length !== values.length) return undefined;
  return list.items.find(
    (item) => item.kind === 'map' && keys.every((key, at) => matchesField(item, key, values[at] ?? '')),
  );
};

const matchesField = (item: Node, key: string, value: string): boolean => {
  const field = fieldOf(item, key);
  return field !== undefined && field.text === value;
};

/**
 * Puts an element where one with the same keys is, or at the end; without an element, removes those with the keys.
 * Nulls and empty maps in the list go.
 */
export const setElement = (
  list: Node,
  keys: readonly string[],
  values: readonly string[],
  element: Node | undefined,
): void => {
  const content: Node[] = [];
  const named = (keys[0] ?? '') !== '' && (values[0] ?? '') !== '';
  let found = false;
  for (const item of list.items) {
    if (isNull(item) || (item.kind === 'map' && item.fields.size === 0)) continue;
    if (item.kind !== 'map' && named) content.push(item);
    else if (!isSameElement(item, keys, values)) {
      if (values.length > 0) content.push(item);
    } else {
      found = true;
      if (element !== undefined) content.push(element);
    }
  }
  if (element !== undefined && !isNull(element) && !found) content.push(element);
  list.items = content;
};

const isSameElement = (item: Node, keys: readonly string[], values: readonly string[]): boolean => {
  let found: Node | undefined;
  for (const [at, key] of (keys.length === 0 ? [''] : keys).entries()) {
    if (at < values.length) found = matchField(item, key, values[at] ?? '');
    if (found === undefined) return false;
  }
  return true;
};

const matchField = (item: Node, key: string, value: string): Node | undefined => {
  requireKind(key === '' ? 'scalar' : 'map', item);
  if (key === '') return item.text === value ? item : undefined;
  const field = fieldOf(item, key);
  return field !== undefined && (value === '' || field.text === value) ? field : undefined;
};

/** The texts of the key fields of every element; empty where a field is not there. */
export const elementValues = (list: Node, keys: readonly string[]): string[][] =>
  list.items.map((item) =>
    keys.map((key) => {
      const field = fieldOf(item, key);
      return isNilOrEmpty(field) ? '' : (field?.text ?? '');
    }),
  );
