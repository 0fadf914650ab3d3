import { isRecord, setOwn, type AnyRecord } from '../json.js';
import type { KubeObject } from '../object.js';
import { canonicalQuantity } from '../quantity.js';
import { resolveType, typeOfKind, type SchemaType, type StructField, type StructType } from './schema-table.js';

/** What becomes of a required list or map that is absent: left out, or written as null as Go writes it. */
type AbsentLists = 'omit' | 'null';

/** A time in whole seconds, in UTC. */
const canonicalTime = (time: string): string => {
  if (/T\d{2}:\d{2}:\d{2}Z$/.test(time)) return time;
  return time.endsWith('Z') ? time.replace(/\.\d+Z$/, 'Z') : inUtc(time);
};

const inUtc = (time: string): string => {
  const at = Date.parse(time);
  return Number.isNaN(at) ? time : new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
};

const isEmptyValue = (value: unknown): boolean =>
  value === '' ||
  value === 0 ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (isRecord(value) && Object.keys(value).length === 0);

/** What a scalar is when nothing set it, as JSON shows it. Times are null or absent, by their field. */
export const SCALAR_ZERO: Readonly<Record<string, unknown>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  float64: 0,
  Quantity: '0',
  IntOrString: 0,
  Duration: '0s',
  bytes: '',
};

/** Scalars that are structs in Go, and so are written even when nothing set them. */
const ALWAYS_WRITTEN: ReadonlySet<string> = new Set(['Quantity', 'IntOrString', 'Duration']);

const zeroOf = (field: StructField, lists: AbsentLists): unknown => {
  const { resolved } = field;
  if (field.nulled) return null;
  if (field.pointer === true) return undefined;
  if (resolved.shape === 'struct') return canonicalStruct({}, resolved, lists);
  if (resolved.shape === 'scalar') {
    const isWritten = field.written || ALWAYS_WRITTEN.has(resolved.scalar);
    return isWritten && resolved.scalar !== 'bytes' ? SCALAR_ZERO[resolved.scalar] : undefined;
  }
  return field.required === true && lists === 'null' ? null : undefined;
};

const isOmitted = (field: StructField, value: unknown): boolean => {
  // An empty list is null after its trip through the store.
  if (field.nulled) return Array.isArray(value) && value.length === 0;
  if (field.written || field.pointer === true || field.resolved.shape === 'struct') return false;
  if (field.resolved.shape === 'scalar' && ALWAYS_WRITTEN.has(field.resolved.scalar)) return false;
  return field.resolved.shape !== 'any' && field.resolved.shape !== 'union' && isEmptyValue(value);
};

const canonicalStruct = (object: AnyRecord, type: StructType, lists: AbsentLists): AnyRecord => {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object)) {
    const field = type.fields.get(name);
    if (field === undefined || value === null || value === undefined || isOmitted(field, value)) continue;
    setOwn(result, name, canonicalValue(value, field.resolved, lists));
  }
  for (const [name, zero] of zeroFields(type, lists)) {
    if (!Object.hasOwn(result, name)) result[name] = zero;
  }
  return result;
};

type ZeroFields = readonly (readonly [name: string, zero: unknown])[];
const knownZeros: Readonly<Record<AbsentLists, WeakMap<StructType, ZeroFields>>> = {
  omit: new WeakMap(),
  null: new WeakMap(),
};

/** The fields of a type that are written although nothing set them. Their values are shared: objects are not changed. */
const zeroFields = (type: StructType, lists: AbsentLists): ZeroFields => {
  let zeros = knownZeros[lists].get(type);
  if (zeros === undefined) {
    zeros = Array.from(type.fields, ([name, field]) => [name, zeroOf(field, lists)] as const).filter(
      ([, zero]) => zero !== undefined,
    );
    knownZeros[lists].set(type, zeros);
  }
  return zeros;
};

const canonicalValue = (value: unknown, type: SchemaType, lists: AbsentLists): unknown => {
  switch (type.shape) {
    case 'struct':
      return isRecord(value) || value === null ? canonicalStruct(value ?? {}, type, lists) : value;
    case 'list':
      return Array.isArray(value) ? value.map((each) => canonicalValue(each, type.element, lists)) : value;
    case 'map': {
      if (!isRecord(value)) return value;
      const result: Record<string, unknown> = {};
      for (const [key, each] of Object.entries(value)) setOwn(result, key, canonicalValue(each, type.value, lists));
      return result;
    }
    case 'union': {
      // Of what a schema of a custom resource may be, only an object and a list of them have another form.
      const wanted = isRecord(value) ? 'struct' : Array.isArray(value) ? 'list' : undefined;
      const chosen = type.choices.map((choice) => resolveType(choice.type)).find(({ shape }) => shape === wanted);
      return chosen === undefined ? value : canonicalValue(value, chosen, lists);
    }
    case 'scalar':
      if (value === null) return SCALAR_ZERO[type.scalar] ?? null;
      if (type.scalar === 'Time' && typeof value === 'string') return canonicalTime(value);
      return type.scalar === 'Quantity' && (typeof value === 'string' || typeof value === 'number')
        ? canonicalQuantity(value)
        : value;
    default:
      return value;
  }
};

/**
 * The object as it looks after a trip through the Go types of its kind: unknown fields and nulls are gone, empty
 * optional values are left out, structs that are not pointers are there (`status: {}`), required scalars have their
 * zero value, and quantities are in canonical form. An object of a kind that is not built in comes back as it is.
 */
export const canonicalObject = <T extends KubeObject>(object: T, lists: AbsentLists = 'omit'): T => {
  const type = typeOfKind(object);
  return type === undefined ? object : (canonicalStruct(object, type, lists) as T);
};

/** The canonical form of a value of one type, for parts of objects. */
export const canonicalOfType = (value: AnyRecord, type: StructType, lists: AbsentLists = 'omit'): AnyRecord =>
  canonicalStruct(value, type, lists);
