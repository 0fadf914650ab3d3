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

const keepsUnknown = (schema: StructuralSchema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;

const NOTHING: StructuralSchema = {};

/** Takes out what a schema does not name and lists it. Within fields that are kept whole, named ones are still pruned. */
class Pruner {
  readonly unknownFields: string[] = [];

  /** Without a schema, nothing that has a name stays. */
  value(value: unknown, schema: StructuralSchema | undefined, path: string): unknown {
    if (isRecord(value)) return this.object(value, schema ?? NOTHING, path, schema !== undefined && isEmbedded(schema));
    if (!Array.isArray(value)) return value;
    const items = schema === undefined ? undefined : itemsOf(schema);
    if (items === undefined && schema !== undefined && keepsUnknown(schema)) return value;
    return value.map((each, index) => this.value(each, items, `${path}[${index}]`));
  }

  object(value: AnyRecord, schema: StructuralSchema, path: string, isObject: boolean): AnyRecord {
    const result: Record<string, unknown> = {};
    const allowsOthers =
      isRecord(schema['additionalProperties']) || typeof schema['additionalProperties'] === 'boolean';
    for (const [name, inner] of Object.entries(value)) {
      const below = path === '' ? name : `${path}.${name}`;
      if (isObject && OBJECT_FIELDS.includes(name)) {
        setOwn(result, name, name === 'metadata' ? this.metadata(inner, below) : inner);
        continue;
      }
      const property = propertyOf(schema, name);
      if (property !== undefined || allowsOthers)
        setOwn(result, name, this.value(inner, property ?? valuesOf(schema), below));
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
  return { object: pruned as T, unknownFields: pruner.unknownFields.toSorted() };
};

/** A value within a custom object without the fields that its schema does not have. */
export const pruneValue = (value: unknown, schema: StructuralSchema): unknown => new Pruner().value(value, schema, '');
