import type { Json } from './explain-schema.js';

/** Keywords that hold a schema, or schemas in a list. */
const SCHEMAS = new Set([
  'additionalProperties',
  'propertyNames',
  'items',
  'prefixItems',
  'additionalItems',
  'contains',
]);
const CONDITIONS = new Set(['not', 'allOf', 'anyOf', 'oneOf', 'if', 'then', 'else']);
/** Keywords that hold schemas by name. */
const NAMED = new Set(['properties', 'patternProperties', 'definitions', '$defs']);
/** Keywords with plain values, and remarks. */
const PLAIN = new Set(
  (
    'type const enum required minProperties maxProperties minItems maxItems uniqueItems minLength maxLength pattern ' +
    'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf dependentRequired title description default examples ' +
    '$comment deprecated readOnly writeOnly contentMediaType contentEncoding'
  ).split(' '),
);

/**
 * Whether `explain` knows every keyword of a schema, and all references stay within it. What it does not know (formats
 * that are checked, unevaluated properties, anchors, dynamic references) goes to the compiler.
 */
export const isExplainable = (root: Json, draft: number, resolve: (ref: string) => Json | undefined): boolean => {
  const all = (values: readonly Json[]): boolean => values.every(isKnown);
  const isKnown = (schema: Json): boolean => {
    if (typeof schema === 'boolean') return true;
    if (Array.isArray(schema)) return all(schema);
    if (typeof schema !== 'object' || schema === null) return false;
    return Object.entries(schema).every(([keyword, value]) => {
      if (PLAIN.has(keyword) || keyword.startsWith('x-')) return true;
      if (SCHEMAS.has(keyword) || CONDITIONS.has(keyword)) return isKnown(value);
      if (NAMED.has(keyword)) return typeof value === 'object' && value !== null && all(Object.values(value));
      if (keyword === '$ref') return typeof value === 'string' && value.startsWith('#') && resolve(value) !== undefined;
      if (keyword === '$id' || keyword === 'id') return schema === root;
      // Since 2019 a format is a remark.
      return keyword === 'format' && draft >= 2019;
    });
  };
  return isKnown(root);
};
