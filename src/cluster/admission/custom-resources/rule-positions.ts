import { isRecord } from '../../../objects/json.js';
import { isSet, typeOf, type StructuralSchema } from './structural-schema.js';

/** Where one looks at a schema: how often its values can occur, and whether their old ones can be told. */
export interface Position {
  readonly isObject: boolean;
  /** undefined where nothing limits it. */
  readonly occurrences: number | undefined;
  /** The list or atomic map above whose elements cannot be told apart. */
  readonly uncorrelated: string | undefined;
}

export const rootPosition: Position = { isObject: true, occurrences: 1, uncorrelated: undefined };

/** How many values of a schema below one there can be for each of its own; undefined where nothing limits it. */
const mostBelow = (schema: StructuralSchema): number | undefined => {
  const limit = (name: string): number | undefined => {
    const value: unknown = schema[name];
    return typeof value === 'number' ? Math.max(value, 0) : undefined;
  };
  if (typeOf(schema) === 'array') return limit('maxItems');
  return typeOf(schema) === 'object' && schema['additionalProperties'] !== undefined ? limit('maxProperties') : 1;
};

/** What comes below a schema, in which way. */
export const positionBelow = (
  schema: StructuralSchema,
  inner: StructuralSchema,
  as: 'property' | 'value' | 'item',
  { path, position }: { readonly path: string; readonly position: Position | undefined },
): Position | undefined => {
  if (position === undefined) return undefined;
  const { occurrences, uncorrelated } = position;
  const most = mostBelow(schema);
  const isLost =
    (as === 'item' && schema['x-kubernetes-list-type'] !== 'map') ||
    (as === 'property' && isRecord(schema['properties']) && schema['x-kubernetes-map-type'] === 'atomic');
  return {
    isObject: isSet(inner, 'x-kubernetes-embedded-resource'),
    occurrences: occurrences === undefined || most === undefined ? undefined : occurrences * most,
    uncorrelated: uncorrelated ?? (isLost ? path : undefined),
  };
};
