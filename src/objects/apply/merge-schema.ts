import { isRecord } from '../json.js';
import type { SchemaField } from '../schema/schema-file.js';
import { defaultOf, type SchemaType, type StructField, type StructType } from '../schema/schema-table.js';

/** How values merge: derived from the schema table for built-in kinds, from the OpenAPI schema for custom ones. */
export type MergeType = ScalarMerge | ListMerge | MapMerge | { readonly shape: 'untyped' };

export interface ScalarMerge {
  readonly shape: 'scalar';
  /** `anything` is a value that no schema looks into: a `RawExtension` has one owner as a whole. */
  readonly accepts: 'string' | 'number' | 'boolean' | 'any' | 'anything';
}

export interface ListMerge {
  readonly shape: 'list';
  /** An atomic list has one owner; elements of a set are told apart by value, those of a map by keys. */
  readonly relation: 'atomic' | 'set' | 'map';
  readonly keys: readonly string[];
  /** What an absent key stands for. */
  readonly keyDefaults: ReadonlyMap<string, unknown>;
  readonly element: MergeType;
}

export interface MapMerge {
  readonly shape: 'map';
  readonly atomic: boolean;
  /** The type of a declared field; undefined for any other key. */
  field(name: string): MergeType | undefined;
  /** The type of keys that are not declared; undefined where there may be none. */
  readonly others: MergeType | undefined;
}

export const untyped: MergeType = { shape: 'untyped' };
export const atomicList: ListMerge = {
  shape: 'list',
  relation: 'atomic',
  keys: [],
  keyDefaults: new Map(),
  element: untyped,
};
const untypedMap: MapMerge = { shape: 'map', atomic: false, field: () => undefined, others: untyped };
const anyScalar: ScalarMerge = { shape: 'scalar', accepts: 'any' };

/** The type that a value has by its form: maps merge, lists are atomic. Declared types stay as they are. */
export const deduce = (type: MergeType, value: unknown): Exclude<MergeType, { shape: 'untyped' }> => {
  if (type.shape !== 'untyped') return type;
  if (Array.isArray(value)) return atomicList;
  return isRecord(value) || value === null || value === undefined ? untypedMap : anyScalar;
};

const SCALAR_ACCEPTS: Readonly<Record<string, ScalarMerge['accepts']>> = {
  string: 'string',
  bytes: 'string',
  Duration: 'string',
  Time: 'string',
  MicroTime: 'string',
  bool: 'boolean',
  int32: 'number',
  int64: 'number',
  float64: 'number',
};

const structMerges = new WeakMap<StructType, MapMerge>();

/** The merge type of a built-in type. */
export const mergeTypeOf = (type: StructType): MapMerge => {
  let merge = structMerges.get(type);
  if (merge === undefined) {
    merge = structMerge(type, type.atomic);
    structMerges.set(type, merge);
  }
  return merge;
};

const structMerge = (type: StructType, atomic: boolean): MapMerge => {
  const fields = new Map<string, MergeType>();
  return {
    shape: 'map',
    atomic,
    others: undefined,
    field: (name) => {
      const declared = type.fields.get(name);
      if (declared === undefined) return undefined;
      let merge = fields.get(name);
      if (merge === undefined) {
        merge = fieldMerge(declared.resolved, declared);
        fields.set(name, merge);
      }
      return merge;
    },
  };
};

const fieldMerge = (type: SchemaType, field: Partial<SchemaField>): MergeType => {
  switch (type.shape) {
    case 'scalar':
      return { shape: 'scalar', accepts: SCALAR_ACCEPTS[type.scalar] ?? 'any' };
    case 'struct':
      if (field.structType === undefined && field.mapType === undefined) return mergeTypeOf(type);
      return structMerge(type, (field.structType ?? field.mapType) === 'atomic');
    case 'list':
      return listMerge(type.element, field);
    case 'map':
      return {
        shape: 'map',
        atomic: field.mapType === 'atomic',
        field: () => undefined,
        others: fieldMerge(type.value, {}),
      };
    case 'any':
      return { shape: 'scalar', accepts: 'anything' };
    default:
      return untyped;
  }
};

const ZEROS: Readonly<Partial<Record<ScalarMerge['accepts'], unknown>>> = { string: '', number: 0, boolean: false };

/** What Go's types have where a required field is missing: validation says that it is. */
const zeroOf = ({ resolved, required, pointer }: StructField): unknown =>
  required === true && pointer !== true && resolved.shape === 'scalar'
    ? ZEROS[SCALAR_ACCEPTS[resolved.scalar] ?? 'any']
    : undefined;

const listMerge = (element: SchemaType, field: Partial<SchemaField>): ListMerge => {
  const keys = field.listType === 'map' ? (field.listMapKeys ?? []) : [];
  const keyDefaults = new Map<string, unknown>();
  if (element.shape === 'struct') {
    for (const key of keys) {
      const declared = element.fields.get(key);
      const value = declared === undefined ? undefined : (defaultOf(declared) ?? zeroOf(declared));
      if (value !== undefined) keyDefaults.set(key, value);
    }
  }
  // Resolved on demand, because types contain themselves.
  return {
    shape: 'list',
    relation: field.listType ?? 'atomic',
    keys,
    keyDefaults,
    get element() {
      return fieldMerge(element, {});
    },
  };
};
