import { itemsOf, propertyOf, valuesOf } from './prune.js';
import type { StructuralSchema } from './structural-schema.js';

const STEP = /\.([^.[\]]*)|\['((?:[^'\\]|\\.)*)'\]/y;

const ESCAPED: Readonly<Record<string, string>> = { a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

const unescape = (text: string): string =>
  text.replaceAll(/\\(.)/g, (_all, character: string) => ESCAPED[character] ?? character);

/**
 * The `fieldPath` of a rule as a path in messages: `.spec['a.b']` is `spec[a.b]` for a map and `spec.a.b` for a field.
 * undefined for a path that leads nowhere in the schema.
 */
export const normalFieldPath = (path: string, schema: StructuralSchema): string | undefined => {
  let current: StructuralSchema | undefined = schema;
  let result = '';
  STEP.lastIndex = 0;
  while (STEP.lastIndex < path.length) {
    const match = STEP.exec(path);
    if (match === null || current === undefined) return undefined;
    const [, plain, quoted] = match;
    const name = plain ?? unescape(quoted ?? '');
    const values = valuesOf(current);
    if (current['properties'] !== undefined) {
      current = propertyOf(current, name);
      result += `${result === '' ? '' : '.'}${name}`;
    } else if (values !== undefined) {
      current = values;
      result += `[${name}]`;
    } else {
      current = undefined;
    }
    if (current === undefined) return undefined;
  }
  return result;
};

/** The schemas directly below one, with how a path in a definition names them. */
export const schemasBelow = (
  schema: StructuralSchema,
): { readonly path: string; readonly schema: StructuralSchema }[] => {
  const properties = schema['properties'];
  const named = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  const below = named.flatMap((name) => {
    const property = propertyOf(schema, name);
    return property === undefined ? [] : [{ path: `properties[${name}]`, schema: property }];
  });
  const [items, values] = [itemsOf(schema), valuesOf(schema)];
  if (items !== undefined) below.push({ path: 'items', schema: items });
  if (values !== undefined) below.push({ path: 'additionalProperties', schema: values });
  return below;
};
