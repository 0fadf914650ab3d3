import { isRecord, ownValue } from '../json.js';
import type { ListMerge } from './merge-schema.js';
import { keyElement, valueElement, type PathElement } from './path-element.js';

/** The path element of a list's element; a string that says why it has none otherwise. */
export const elementPath = (list: ListMerge, element: unknown): { path: PathElement } | { error: string } => {
  if (list.relation === 'set') {
    if (isRecord(element)) return { error: "associative list without keys has an element that's a map type" };
    if (Array.isArray(element)) return { error: 'not supported: associative list with lists as elements' };
    if (element === null) return { error: "associative list without keys has an element that's an explicit null" };
    return { path: valueElement(element) };
  }
  if (element === null) return { error: 'associative list with keys may not have a null element' };
  if (!isRecord(element)) return { error: 'associative list with keys may not have non-map elements' };
  const keys: Record<string, unknown> = {};
  for (const key of list.keys) {
    const value = ownValue(element, key) ?? list.keyDefaults.get(key);
    if (value !== undefined) keys[key] = value;
  }
  if (Object.keys(keys).length === 0) {
    return {
      error: `associative list with keys has an element that omits all key fields [${list.keys.map((key) => JSON.stringify(key)).join(' ')}] (and doesn't have default values for any key fields)`,
    };
  }
  return { path: keyElement(keys) };
};

export interface IndexedElement {
  readonly path: PathElement;
  readonly value: unknown;
}

/** The elements of a list with their paths; those that have none are left out. */
export const indexElements = (list: ListMerge, elements: unknown): IndexedElement[] => {
  if (!Array.isArray(elements)) return [];
  return elements.flatMap((value: unknown) => {
    const result = elementPath(list, value);
    return 'path' in result ? [{ path: result.path, value }] : [];
  });
};
