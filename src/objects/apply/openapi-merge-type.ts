import { isRecord, ownValue, type AnyRecord } from '../json.js';
import { resolveType } from '../schema/schema-table.js';
import { mergeTypeOf, untyped, type ListMerge, type MapMerge, type MergeType } from './merge-schema.js';

const OBJECT_META = resolveTypeOfMetadata();

function resolveTypeOfMetadata(): () => MergeType {
  return () => {
    const type = resolveType('meta/v1.ObjectMeta');
    return type.shape === 'struct' ? mergeTypeOf(type) : untyped;
  };
}

const anyScalar: MergeType = { shape: 'scalar', accepts: 'any' };

const isTrue = (schema: AnyRecord, extension: string): boolean => schema[extension] === true;

const scalarOf = (schema: AnyRecord): MergeType => {
  if (isTrue(schema, 'x-kubernetes-int-or-string')) return anyScalar;
  switch (schema['type']) {
    case 'string':
      return { shape: 'scalar', accepts: 'string' };
    case 'integer':
    case 'number':
      return { shape: 'scalar', accepts: 'number' };
    case 'boolean':
      return { shape: 'scalar', accepts: 'boolean' };
    default:
      return untyped;
  }
};

const listOf = (schema: AnyRecord): ListMerge => {
  const relation = schema['x-kubernetes-list-type'];
  const items = isRecord(schema['items']) ? schema['items'] : {};
  const listed: unknown = schema['x-kubernetes-list-map-keys'];
  const keys = Array.isArray(listed) ? listed.filter((key) => typeof key === 'string') : [];
  const keyDefaults = new Map<string, unknown>();
  for (const key of keys) {
    const value = ownValue(ownValue(ownValue(items, 'properties'), key), 'default');
    if (value !== undefined) keyDefaults.set(key, value);
  }
  return {
    shape: 'list',
    relation: relation === 'set' || relation === 'map' ? relation : 'atomic',
    keys,
    keyDefaults,
    element: mergeTypeOfSchema(items),
  };
};

const mapOf = (schema: AnyRecord, isObject: boolean): MapMerge => {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  const fields = new Map<string, MergeType>();
  for (const [name, inner] of Object.entries(properties)) {
    if (isRecord(inner)) fields.set(name, mergeTypeOfSchema(inner));
  }
  if (isObject) {
    fields.set('apiVersion', { shape: 'scalar', accepts: 'string' });
    fields.set('kind', { shape: 'scalar', accepts: 'string' });
    fields.set('metadata', OBJECT_META());
  }
  const additional = schema['additionalProperties'];
  const keepsUnknown = isTrue(schema, 'x-kubernetes-preserve-unknown-fields') || additional === true;
  return {
    shape: 'map',
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    field: (name) => fields.get(name),
    others: isRecord(additional) ? mergeTypeOfSchema(additional) : keepsUnknown ? untyped : undefined,
  };
};

/** How values of a structural schema merge, from its `x-kubernetes-list-type` and `x-kubernetes-map-type`. */
export const mergeTypeOfSchema = (schema: AnyRecord): MergeType => {
  const isEmbedded = isTrue(schema, 'x-kubernetes-embedded-resource');
  if (schema['type'] === 'array') return listOf(schema);
  const hasFields = isRecord(schema['properties']) || schema['additionalProperties'] !== undefined || isEmbedded;
  if (schema['type'] === 'object' || hasFields) return hasFields ? mapOf(schema, isEmbedded) : bareObject(schema);
  return scalarOf(schema);
};

/** An object without declared fields: nothing in it, unless it keeps what it does not know. */
const bareObject = (schema: AnyRecord): MergeType =>
  isTrue(schema, 'x-kubernetes-preserve-unknown-fields') && schema['x-kubernetes-map-type'] !== 'atomic'
    ? untyped
    : mapOf(schema, false);

/** The merge type of a custom kind, from the `openAPIV3Schema` of one of its versions. */
export const mergeTypeOfCustomKind = (schema: AnyRecord): MergeType => mapOf(schema, true);
