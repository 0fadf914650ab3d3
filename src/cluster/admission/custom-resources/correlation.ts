import { jsonEquals, ownValue } from '../../../objects/json.js';
import type { StructuralSchema } from './structural-schema.js';

/** True for lists whose elements can be told by their keys. */
export const isKeyedList = (schema: StructuralSchema): boolean =>
  schema['x-kubernetes-list-type'] === 'map' && Array.isArray(schema['x-kubernetes-list-map-keys']);

/** The old element that an element of a keyed list was; other lists cannot tell. */
export const oldElement = (schema: StructuralSchema, element: unknown, old: unknown): unknown => {
  const keys: unknown = schema['x-kubernetes-list-map-keys'];
  if (!isKeyedList(schema) || !Array.isArray(keys) || !Array.isArray(old)) return undefined;
  return (old as unknown[]).find((each) =>
    keys.every((key: string) => jsonEquals(ownValue(each, key), ownValue(element, key))),
  );
};
