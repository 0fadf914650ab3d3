import type { Json } from './explain-schema.js';

/** Largest number of schemas that one schema may come to when its references are unfolded. */
const MAX_UNFOLDED = 1_000_000;
const MAX_NESTING = 500;

const unescapeStep = (step: string): string => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');

/** The schema at `#/definitions/a`; undefined when there is none, or elsewhere. */
export const resolvePointer = (root: Json, ref: string): Json | undefined => {
  if (ref === '#') return root;
  if (!ref.startsWith('#/')) return findAnchor(root, ref, 0);
  let at: Json | undefined = root;
  for (const step of ref.slice(2).split('/').map(unescapeStep)) {
    if (Array.isArray(at)) at = at[Number(step)];
    else if (typeof at === 'object' && at !== null && Object.hasOwn(at, step)) at = at[step];
    else return undefined;
  }
  return at;
};

const findAnchor = (schema: Json, ref: string, depth: number): Json | undefined => {
  if (typeof schema !== 'object' || schema === null || depth > MAX_NESTING) return undefined;
  if (Array.isArray(schema)) {
    for (const item of schema) {
      const found = findAnchor(item, ref, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (schema['$id'] === ref || (ref.startsWith('#') && schema['$anchor'] === ref.slice(1))) return schema;
  return findAnchor(Object.values(schema), ref, depth + 1);
};

/** Refuses schemas that unfold without measure: a few lines of references can stand for billions of checks. */
export const checkSchemaSize = (root: Json): string | undefined => {
  const known = new Map<Json, number>();
  const size = (schema: Json, depth: number): number => {
    if (typeof schema !== 'object' || schema === null) return 0;
    const before = known.get(schema);
    if (before !== undefined) return before;
    if (depth > MAX_NESTING) return MAX_UNFOLDED + 1;
    // A schema on the way to itself counts once: then the values set the measure.
    known.set(schema, 1);
    let total = 1;
    for (const [key, value] of Object.entries(schema)) {
      if (key === '$ref' && typeof value === 'string') total += size(resolvePointer(root, value) ?? null, depth + 1);
      else total += size(value as Json, depth + 1);
      if (total > MAX_UNFOLDED) break;
    }
    known.set(schema, total);
    return total;
  };
  // References within definitions count where they are used: each definition is measured by itself as well.
  return size(root, 0) > MAX_UNFOLDED ? 'the schema unfolds into more than a million checks' : undefined;
};
