import { isRecord, type AnyRecord } from '../../../objects/json.js';
import type { SizeOfPath } from '../cel/estimate-cost.js';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listOf,
  mapOf,
  objectType,
  STRING,
  TIMESTAMP,
  type CelType,
} from '../cel/types.js';
import { itemsOf, propertyOf, valuesOf } from './prune.js';
import type { StructuralSchema } from './structural-schema.js';

/** What the rules of a schema know of a value: its type, and how much of it there can be. */
export interface DeclaredType {
  readonly type: CelType;
  /** Characters, elements or entries at most. */
  readonly maxElements: number;
  /** Bytes of its smallest form in JSON. */
  readonly minSize: number;
  /** By the name that expressions use. */
  readonly fields: ReadonlyMap<string, DeclaredField>;
  /** Of a list or a map. */
  readonly element: DeclaredType | undefined;
}

export interface DeclaredField {
  /** As the object has it. */
  readonly name: string;
  readonly declared: DeclaredType;
  readonly schema: StructuralSchema;
}

/** No request is larger, so nothing in one is. */
const MAX_REQUEST = 3 * 1024 * 1024;

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

const ESCAPES: readonly (readonly [string, string])[] = [
  ['__', '__underscores__'],
  ['.', '__dot__'],
  ['-', '__dash__'],
  ['/', '__slash__'],
];

/** The name by which an expression reaches a field; undefined for a field that it cannot reach. */
export const celName = (name: string): string | undefined => {
  if (RESERVED.has(name)) return `__${name}__`;
  const escaped = ESCAPES.reduce((text, [from, to]) => text.replaceAll(from, to), name);
  return /^[A-Za-z_]\w*$/.test(escaped) ? escaped : undefined;
};

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? Math.max(value, 0) : undefined);

const simple = (type: CelType, minSize: number, maxElements = 0): DeclaredType => ({
  type,
  minSize,
  maxElements,
  fields: new Map(),
  element: undefined,
});

/** A character may take four bytes. */
const textLimit = (schema: StructuralSchema): number | undefined => {
  const limit = numberOf(schema['maxLength']);
  return limit === undefined ? undefined : limit * 4;
};

const enumLimit = (schema: StructuralSchema): number | undefined => {
  const values: unknown = schema['enum'];
  if (!Array.isArray(values) || values.length === 0) return undefined;
  return Math.max(...values.map((each: unknown) => (typeof each === 'string' ? Buffer.byteLength(each) : 0)));
};

const textType = (schema: StructuralSchema): DeclaredType => {
  switch (schema['format']) {
    case 'byte':
      return simple(BYTES, 2, numberOf(schema['maxLength']) ?? MAX_REQUEST - 2);
    case 'duration':
      return simple(DURATION, 3, 32);
    case 'date':
      return simple(TIMESTAMP, 12, 12);
    case 'date-time':
      return simple(TIMESTAMP, 21, 32);
    default:
      return simple(STRING, 2, textLimit(schema) ?? enumLimit(schema) ?? MAX_REQUEST - 2);
  }
};

const TEXT: StructuralSchema = { type: 'string' };
const METADATA: StructuralSchema = { type: 'object', properties: { name: TEXT, generateName: TEXT } };

const isText = (schema: StructuralSchema | undefined): boolean => schema?.['type'] === 'string';

const hasObjectFields = (schema: StructuralSchema): boolean => {
  const metadata = propertyOf(schema, 'metadata');
  return (
    isText(propertyOf(schema, 'kind')) &&
    isText(propertyOf(schema, 'apiVersion')) &&
    metadata !== undefined &&
    isText(propertyOf(metadata, 'name')) &&
    isText(propertyOf(metadata, 'generateName'))
  );
};

/** Of an object of the API: with what every one has, unless the schema says all of that itself. */
export const withObjectFields = (schema: StructuralSchema): StructuralSchema =>
  hasObjectFields(schema)
    ? schema
    : {
        ...schema,
        properties: {
          ...(isRecord(schema['properties']) ? schema['properties'] : {}),
          kind: TEXT,
          apiVersion: TEXT,
          metadata: METADATA,
        },
      };

const embeds = (schema: StructuralSchema): boolean => schema['x-kubernetes-embedded-resource'] === true;

const typeOfObject = (schema: StructuralSchema, makeName: () => string): DeclaredType => {
  const properties: AnyRecord = isRecord(schema['properties']) ? schema['properties'] : {};
  const demanded: unknown = schema['required'];
  const fields = new Map<string, DeclaredField>();
  let minSize = 2;
  for (const name of Object.keys(properties)) {
    const inner = propertyOf(schema, name);
    const declared = inner === undefined ? undefined : declaredType(inner, embeds(inner), makeName);
    if (inner === undefined || declared === undefined) continue;
    const escaped = celName(name);
    if (escaped !== undefined) fields.set(escaped, { name, declared, schema: inner });
    // After a dot, a reserved word is a name like any other.
    if (RESERVED.has(name)) fields.set(name, { name, declared, schema: inner });
    const isDemanded = Array.isArray(demanded) && demanded.includes(name);
    if (isDemanded && inner['default'] === undefined) minSize += Buffer.byteLength(name) + declared.minSize + 4;
  }
  const types = new Map(Array.from(fields, ([name, { declared }]) => [name, declared.type] as const));
  return { type: objectType(makeName(), types), minSize, maxElements: 0, fields, element: undefined };
};

/**
 * The type of what a schema describes; undefined for what expressions cannot see. `isObject` for a whole object of the
 * API.
 */
export const declaredType = (
  given: StructuralSchema,
  isObject: boolean,
  makeName: () => string = () => 'object',
): DeclaredType | undefined => {
  if (given['x-kubernetes-int-or-string'] === true) return simple(DYN, 1, textLimit(given) ?? MAX_REQUEST - 2);
  const schema = isObject ? withObjectFields(given) : given;
  switch (schema['type']) {
    case 'array': {
      const items = itemsOf(schema);
      const element = items === undefined ? undefined : declaredType(items, embeds(items), makeName);
      if (element === undefined) return undefined;
      const fitting = Math.floor((MAX_REQUEST - 2) / (element.minSize + 1));
      const maxElements = numberOf(schema['maxItems']) ?? fitting;
      return { type: listOf(element.type), minSize: 2, maxElements, fields: new Map(), element };
    }
    case 'object': {
      const values = valuesOf(schema);
      if (values === undefined) return typeOfObject(schema, makeName);
      const element = declaredType(values, embeds(values), makeName);
      if (element === undefined) return undefined;
      const fitting = Math.floor((MAX_REQUEST - 2) / (element.minSize + 6));
      const maxElements = numberOf(schema['maxProperties']) ?? fitting;
      return { type: mapOf(STRING, element.type), minSize: 2, maxElements, fields: new Map(), element };
    }
    case 'string':
      return textType(schema);
    case 'boolean':
      return simple(BOOL, 4);
    case 'number':
      return simple(DOUBLE, 1);
    case 'integer':
      return simple(INT, 1);
    default:
      return undefined;
  }
};

const KEY = simple(STRING, 2);

const stepInto = (declared: DeclaredType, step: string): DeclaredType | undefined => {
  if (step === '@items' || step === '@values') return declared.element;
  if (step === '@keys') return declared.type.kind === 'map' ? KEY : undefined;
  return declared.fields.get(step)?.declared;
};

/** How much of a value can be at a path that begins with `self` or `oldSelf`. */
export const sizesWithin =
  (root: DeclaredType): SizeOfPath =>
  ([, ...steps]) => {
    let found: DeclaredType | undefined = root;
    for (const step of steps) {
      found = found === undefined ? undefined : stepInto(found, step);
    }
    return found === undefined ? undefined : { min: 0, max: found.maxElements };
  };

/** How often something of this size can be in one object. */
export const mostOccurrences = ({ minSize }: DeclaredType): number => Math.floor(MAX_REQUEST / (minSize + 1));
