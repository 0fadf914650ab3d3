import { isRecord, jsonEquals } from '../../../objects/json.js';
import { child, invalid, keyed, type FieldError } from '../field-errors.js';
import { runRules } from './cel-rules.js';
import { compileRules } from './compiled-rules.js';
import { embeddedErrors } from './embedded-objects.js';
import { isEmbedded, itemsOf, pruneValue } from './prune.js';
import type { StructuralSchema } from './structural-schema.js';
import { valueErrors } from './value-validation.js';

const META_FIELDS: ReadonlySet<string> = new Set(['metadata', 'apiVersion', 'kind']);

interface Place {
  readonly field: string;
  readonly isRoot: boolean;
  /** Within the metadata, kind or version of an object. */
  readonly insideMeta: boolean;
}

/** Rules must hold of a default that is new, and of one that was there before. */
const ruleErrors = (value: unknown, schema: StructuralSchema, field: string, isObject: boolean): FieldError[] => {
  const rules = compileRules(schema, isObject);
  if (rules === undefined) return [];
  const kept = runRules(rules, value, value, { path: field });
  return kept.length > 0 ? kept : runRules(rules, value, undefined, { path: field });
};

const errorsOf = (value: unknown, schema: StructuralSchema, { field, isRoot, insideMeta }: Place): FieldError[] => {
  const isObject = isRoot || isEmbedded(schema);
  const errors: FieldError[] = [];
  if (!insideMeta) {
    const pruned = pruneValue(value, schema);
    if (!jsonEquals(pruned, value)) errors.push(invalid(field, value, 'must not have unknown fields'));
    const embedded = embeddedErrors(value, schema, field);
    if (embedded.length > 0) return [...errors, ...embedded];
  }
  const wrong = valueErrors(value, schema, field);
  return [...errors, ...(wrong.length > 0 ? wrong : ruleErrors(value, schema, field, isObject))];
};

const review = (schema: StructuralSchema, place: Place): FieldError[] => {
  const isObject = place.isRoot || isEmbedded(schema);
  const insideMeta = place.insideMeta && !isObject;
  const value: unknown = schema['default'];
  const errors =
    value === undefined || value === null
      ? []
      : errorsOf(value, schema, { ...place, insideMeta, field: child(place.field, 'default') });
  const items = itemsOf(schema);
  if (items !== undefined)
    errors.push(...review(items, { field: child(place.field, 'items'), isRoot: false, insideMeta }));
  for (const [name, each] of Object.entries(isRecord(schema['properties']) ? schema['properties'] : {})) {
    if (!isRecord(each)) continue;
    const field = keyed(child(place.field, 'properties'), name);
    errors.push(
      ...review(each, { field, isRoot: false, insideMeta: insideMeta || (isObject && META_FIELDS.has(name)) }),
    );
  }
  return errors;
};

/** What is wrong with the defaults of a structural schema: each must itself be what the schema asks for. */
export const defaultErrors = (schema: StructuralSchema, path: string): FieldError[] =>
  review(schema, { field: path, isRoot: true, insideMeta: false });
