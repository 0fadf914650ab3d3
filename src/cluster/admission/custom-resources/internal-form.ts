import { isRecord, ownValue } from '../../../objects/json.js';
import type { StructuralSchema } from './structural-schema.js';

/**
 * Schemas as messages show them: with every field by the name that Kubernetes has for it inside, in its order, whether
 * it is set or not.
 */
type Field = readonly [shown: string, name: string, form: (value: unknown) => unknown];

const text = (value: unknown): unknown => value ?? '';
const flag = (value: unknown): unknown => value ?? false;
const orNull = (value: unknown): unknown => value ?? null;
const listOf =
  (form: (value: unknown) => unknown) =>
  (value: unknown): unknown =>
    Array.isArray(value) ? value.map(form) : null;
const mapOf =
  (form: (value: unknown) => unknown) =>
  (value: unknown): unknown => {
    if (!isRecord(value)) return null;
    const names = Object.keys(value).toSorted((left, right) => (left < right ? -1 : 1));
    return Object.fromEntries(names.map((name) => [name, form(value[name])]));
  };
const schema = (value: unknown): unknown => (isRecord(value) ? internalSchema(value) : null);
const schemaOrList = (value: unknown): unknown => {
  if (value === undefined) return null;
  return Array.isArray(value)
    ? { Schema: null, JSONSchemas: listOf(schema)(value) }
    : { Schema: schema(value), JSONSchemas: null };
};
const schemaOrFlag = (value: unknown): unknown =>
  value === undefined ? null : { Allows: value !== false, Schema: schema(value) };
const dependency = (value: unknown): unknown => ({
  Schema: schema(value),
  Property: Array.isArray(value) ? value : null,
});
const fields =
  (table: readonly Field[]) =>
  (value: unknown): unknown =>
    Object.fromEntries(table.map(([shown, name, form]) => [shown, form(ownValue(value, name))]));
const optional =
  (form: (value: unknown) => unknown) =>
  (value: unknown): unknown =>
    value === undefined ? null : form(value);
const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
const named = (name: string, form: (value: unknown) => unknown): Field => [capital(name), name, form];

const RULE: readonly Field[] = [
  ...['rule', 'message', 'messageExpression'].map((name) => named(name, text)),
  named('reason', orNull),
  named('fieldPath', text),
  named('optionalOldSelf', orNull),
];

const DOCS: readonly Field[] = [named('description', text), ['URL', 'url', text]];

const SCHEMA: readonly Field[] = [
  ['ID', 'id', text],
  ['Schema', '$schema', text],
  ['Ref', '$ref', orNull],
  named('description', text),
  named('type', text),
  named('nullable', flag),
  named('format', text),
  named('title', text),
  named('default', orNull),
  named('maximum', orNull),
  named('exclusiveMaximum', flag),
  named('minimum', orNull),
  named('exclusiveMinimum', flag),
  named('maxLength', orNull),
  named('minLength', orNull),
  named('pattern', text),
  named('maxItems', orNull),
  named('minItems', orNull),
  named('uniqueItems', flag),
  named('multipleOf', orNull),
  named('enum', orNull),
  named('maxProperties', orNull),
  named('minProperties', orNull),
  named('required', orNull),
  named('items', schemaOrList),
  named('allOf', listOf(schema)),
  named('oneOf', listOf(schema)),
  named('anyOf', listOf(schema)),
  named('not', schema),
  named('properties', mapOf(schema)),
  named('additionalProperties', schemaOrFlag),
  named('patternProperties', mapOf(schema)),
  named('dependencies', mapOf(dependency)),
  named('additionalItems', schemaOrFlag),
  named('definitions', mapOf(schema)),
  named('externalDocs', optional(fields(DOCS))),
  named('example', orNull),
  ['XPreserveUnknownFields', 'x-kubernetes-preserve-unknown-fields', orNull],
  ['XEmbeddedResource', 'x-kubernetes-embedded-resource', flag],
  ['XIntOrString', 'x-kubernetes-int-or-string', flag],
  ['XListMapKeys', 'x-kubernetes-list-map-keys', orNull],
  ['XListType', 'x-kubernetes-list-type', orNull],
  ['XMapType', 'x-kubernetes-map-type', orNull],
  ['XValidations', 'x-kubernetes-validations', listOf(fields(RULE))],
];

/** A schema as messages show it. */
export const internalSchema = (value: StructuralSchema): unknown => fields(SCHEMA)(value);

const ZEROS: ReadonlySet<unknown> = new Set(['', false, undefined]);

/** The fields of a schema that are set, by their names inside and in their order. */
export const rootKeywords = (value: StructuralSchema): readonly string[] =>
  SCHEMA.filter(([, name]) => !ZEROS.has(ownValue(value, name))).map(([shown]) => shown);

const SCALE: readonly Field[] = [
  named('specReplicasPath', text),
  named('statusReplicasPath', text),
  named('labelSelectorPath', orNull),
];

const COLUMN: readonly Field[] = [
  ...['name', 'type', 'format', 'description'].map((name) => named(name, text)),
  named('priority', (value) => value ?? 0),
  ['JSONPath', 'jsonPath', text],
];

const VERSION: readonly Field[] = [
  named('name', text),
  ...['served', 'storage', 'deprecated'].map((name) => named(name, flag)),
  named('deprecationWarning', orNull),
  named('schema', optional(fields([['OpenAPIV3Schema', 'openAPIV3Schema', schema]]))),
  named('subresources', optional(fields([named('status', orNull), named('scale', optional(fields(SCALE)))]))),
  named('additionalPrinterColumns', listOf(fields(COLUMN))),
  named('selectableFields', listOf(fields([['JSONPath', 'jsonPath', text]]))),
];

/** Versions of a definition as messages show them, without what all have alike: that is said of the definition. */
export const internalVersions = (versions: readonly object[] | undefined): unknown =>
  versions === undefined ? null : versions.map(fields(VERSION));
