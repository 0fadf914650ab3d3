import { isRecord, ownValue, setOwn, type AnyRecord } from '../../../objects/json.js';
import { canonicalOfType } from '../../../objects/schema/canonical.js';
import { resolveType, type StructType } from '../../../objects/schema/schema-table.js';
import type { StructuralSchema } from './structural-schema.js';

const OBJECT_FIELDS = ['apiVersion', 'kind', 'metadata'];

export const propertyOf = (schema: StructuralSchema, name: string): StructuralSchema | undefined => {
  const property = ownValue(schema['properties'], name);
  return isRecord(property) ? property : undefined;
};

/** The schema of what a map holds, or undefined for an object with named fields. */
export const valuesOf = (schema: StructuralSchema): StructuralSchema | undefined =>
  isRecord(schema['additionalProperties']) ? schema['additionalProperties'] : undefined;

export const itemsOf = (schema: StructuralSchema): StructuralSchema | undefined =>
  isRecord(schema['items']) ? schema['items'] : undefined;

export const isEmbedded = (schema: StructuralSchema): boolean => schema['x-kubernetes-embedded-resource'] === true;

const keepsUnknown = (schema: StructuralSchema): boolean =>
  schema['x-kubernetes-preserve-unknown-fields'] === true || schema['additionalProperties'] === true;

/** Takes out what a schema does not name and lists it. Within fields that are kept whole, named ones are still pruned. */
class Pruner {
  readonly unknownFields: string[] = [];

  value(value: unknown, schema: StructuralSchema, path: string): unknown {
    if (Array.isArray(value)) {
      const items = itemsOf(schema);
      return items === undefined ? value : value.map((each, index) => this.value(each, items, `${path}[${index}]`));
    }
    return isRecord(value) ? this.object(value, schema, path, isEmbedded(schema)) : value;
  }

  object(value: AnyRecord, schema: StructuralSchema, path: string, isObject: boolean): AnyRecord {
    const result: Record<string, unknown> = {};
    const values = valuesOf(schema);
    for (const [name, inner] of Object.entries(value)) {
      const below = path === '' ? name : `${path}.${name}`;
      if (isObject && OBJECT_FIELDS.includes(name)) {
        setOwn(result, name, name === 'metadata' ? this.metadata(inner, below) : inner);
        continue;
      }
      const property = propertyOf(schema, name) ?? values;
      if (property !== undefined) setOwn(result, name, this.value(inner, property, below));
      else if (keepsUnknown(schema)) setOwn(result, name, inner);
      else this.unknownFields.push(below);
    }
    return result;
  }

  private metadata(value: unknown, path: string): unknown {
    const type = resolveType('meta/v1.ObjectMeta') as StructType;
    if (!isRecord(value)) return value;
    for (const name of Object.keys(value)) if (!type.fields.has(name)) this.unknownFields.push(`${path}.${name}`);
    return canonicalOfType(value, type);
  }
}

export interface Pruned<T> {
  readonly object: T;
  /** Paths of what was taken out. */
  readonly unknownFields: readonly string[];
}

/** A custom object without the fields that its schema does not have. */
export const pruneObject = <T extends AnyRecord>(object: T, schema: StructuralSchema): Pruned<T> => {
  const pruner = new Pruner();
  const pruned = pruner.object(object, schema, '', true);
  return { object: pruned as T, unknownFields: pruner.unknownFields };
};
