import { ApiError } from '../api-error.js';
import { isRecord } from '../json.js';
import { versionOf, type KindRef } from '../kind.js';
import type { KubeObject } from '../object.js';
import { parseQuantity } from '../quantity.js';
import { canonicalObject } from './canonical.js';
import { parseDurationNanos } from '../duration.js';
import { resolveType, typeOfKind, type ScalarName, type SchemaType, type StructType } from './schema-table.js';

/** An object as the types of its kind hold it, and what a client should be told about. */
export interface DecodedObject<T extends KubeObject = KubeObject> {
  readonly object: T;
  /** Paths of fields that the kind does not have: they are not in `object`. */
  readonly unknownFields: readonly string[];
}

interface Place {
  /** With positions: `spec.containers[0].image`, as warnings about unknown fields name it. */
  readonly path: string;
  /** Without: `spec.containers.image`, as Go's decoder names it. */
  readonly fields: string;
  /** The Go struct that has the field, and the field's type in Go's notation. */
  readonly struct: string;
}

/** Why a value does not fit its type. */
class MisfitError extends Error {
  override readonly name = 'MisfitError';

  constructor(
    /** As Go's JSON decoder says it. */
    message: string,
    /** As Kubernetes' converter from untyped maps says it, which reads strategic merge patches. */
    readonly restoring: string = message,
  ) {
    super(message);
  }
}

const GO_SCALARS: Readonly<Record<ScalarName, string>> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int64: 'int64',
  float64: 'float64',
  bytes: '[]uint8',
  Quantity: 'resource.Quantity',
  // What is no string is read as a number.
  IntOrString: 'int32',
  Duration: 'v1.Duration',
  // Both read a string first.
  Time: 'string',
  MicroTime: 'string',
};

const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

/** `core/v1.Container` as Go prints it: `v1.Container`. */
const goNameOf = (name: string): string => {
  const dot = name.lastIndexOf('.');
  return `${versionOf(name.slice(0, dot))}.${name.slice(dot + 1)}`;
};

const goType = (type: SchemaType): string => {
  switch (type.shape) {
    case 'scalar':
      return type.enumOf === undefined ? GO_SCALARS[type.scalar] : goNameOf(type.enumOf);
    case 'struct':
      return goNameOf(type.name);
    case 'list':
      return type.alias === undefined ? `[]${goType(type.element)}` : goNameOf(type.alias);
    case 'map':
      return type.alias === undefined ? `map[string]${goType(type.value)}` : goNameOf(type.alias);
    default:
      return 'interface {}';
  }
};

const jsonKind = (value: unknown): string => {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'bigint' ? 'number' : typeof value;
};

/** Structs whose `uid` has a type of its own; that of users is a string. */
const WITH_UID: ReadonlySet<string> = new Set([
  'BoundObjectReference',
  'ConfigMapNodeConfigSource',
  'ObjectMeta',
  'ObjectReference',
  'OwnerReference',
  'Preconditions',
  'ResourceClaimConsumerReference',
  'StatusDetails',
]);
const isUid = ({ fields, struct }: Place): boolean => WITH_UID.has(struct) && /(?:^|\.)uid$/.test(fields);

const misfit = (value: unknown, type: SchemaType, place: Place, kind = jsonKind(value)): MisfitError => {
  const where = place.fields === '' ? 'Go value' : `Go struct field ${place.struct}.${place.fields}`;
  const wanted = isUid(place) ? 'types.UID' : goType(type);
  const reason = `json: cannot unmarshal ${kind} into ${where} of type ${wanted}`;
  return new MisfitError(reason, cannotRestore(value, type) ?? reason);
};

const goKind = (value: unknown): readonly [kind: string, type: string] => {
  if (Array.isArray(value)) return ['slice', '[]interface {}'];
  if (typeof value === 'string') return ['string', 'string'];
  if (typeof value === 'boolean') return ['bool', 'bool'];
  if (typeof value === 'bigint') return ['int64', 'int64'];
  if (typeof value === 'number') return Number.isInteger(value) ? ['int64', 'int64'] : ['float64', 'float64'];
  return ['map', 'map[string]interface {}'];
};

/** Scalars that are no structs of their own in Go. */
const PLAIN_SCALARS: ReadonlySet<ScalarName> = new Set(['string', 'bool', 'int32', 'int64', 'float64']);

const NUMBERS: ReadonlySet<string> = new Set(['int64', 'float64']);

const cannotRestore = (value: unknown, type: SchemaType): string | undefined => {
  const [kind, valueType] = goKind(value);
  if (type.shape === 'map') return `cannot restore map from ${kind}`;
  if (type.shape === 'list') return `cannot restore slice from ${kind}`;
  if (type.shape === 'struct') return `cannot restore struct from: ${kind}`;
  if (type.shape !== 'scalar' || !PLAIN_SCALARS.has(type.scalar)) return undefined;
  // Go could make a number of another number, and a text of one whole number, but is told not to.
  const isConvertible = type.scalar === 'string' ? kind === 'int64' : type.scalar !== 'bool' && NUMBERS.has(kind);
  return isConvertible ? `cannot convert ${valueType} to ${goType(type)}` : `unrecognized type: ${type.scalar}`;
};

const INT_LIMITS: Readonly<Record<'int32' | 'int64', readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63],
};

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const MICROS = /\.\d{6}(?:Z|[+-]\d{2}:\d{2})$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const checkText = (text: string, scalar: ScalarName): void => {
  if (scalar === 'bytes' && !BASE64.test(text.replaceAll(/[\r\n]/g, ''))) {
    const wrong = text.search(/[^A-Za-z0-9+/]/);
    throw new MisfitError(`illegal base64 data at input byte ${wrong < 0 ? text.length - (text.length % 4) : wrong}`);
  }
  const zone = scalar === 'MicroTime' && !MICROS.test(text) ? TIME.exec(text)?.[1] : undefined;
  if (zone !== undefined) {
    const rest = text.slice(19);
    throw new MisfitError(
      `parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05.000000Z07:00": cannot parse ${JSON.stringify(rest)} as ".000000"`,
    );
  }
  if ((scalar === 'Time' || scalar === 'MicroTime') && (!TIME.test(text) || Number.isNaN(Date.parse(text)))) {
    const layout = scalar === 'Time' ? '2006-01-02T15:04:05Z07:00' : '2006-01-02T15:04:05.000000Z07:00';
    throw new MisfitError(
      `parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(text)} as "2006"`,
    );
  }
  if (scalar === 'Duration') parseDurationNanos(text);
};

const checkScalar = (value: unknown, type: SchemaType & { shape: 'scalar' }, place: Place): void => {
  const { scalar } = type;
  switch (scalar) {
    case 'bool':
      if (typeof value !== 'boolean') throw misfit(value, type, place);
      return;
    case 'float64':
      if (typeof value !== 'number' && typeof value !== 'bigint') throw misfit(value, type, place);
      return;
    case 'int32':
    case 'int64': {
      if (typeof value === 'bigint' && scalar === 'int64') return;
      if (typeof value === 'bigint') throw misfit(value, type, place, `number ${value}`);
      if (typeof value !== 'number') throw misfit(value, type, place);
      const [low, high] = INT_LIMITS[scalar];
      if (!Number.isInteger(value) || value < low || value > high) throw misfit(value, type, place, `number ${value}`);
      return;
    }
    case 'Quantity':
      if (typeof value !== 'string' && typeof value !== 'number') throw misfit(value, type, place);
      parseQuantity(value);
      return;
    case 'IntOrString':
      if (typeof value === 'number') checkScalar(value, { shape: 'scalar', scalar: 'int32' }, place);
      else if (typeof value !== 'string') throw misfit(value, type, place);
      return;
    default:
      if (typeof value !== 'string') throw misfit(value, type, place);
      checkText(value, scalar);
  }
};

const check = (value: unknown, type: SchemaType, place: Place, unknown: string[]): void => {
  if (value === null || value === undefined) return;
  switch (type.shape) {
    case 'scalar':
      checkScalar(value, type, place);
      return;
    case 'struct':
      if (!isRecord(value)) throw misfit(value, type, place);
      checkStruct(value, type, place, unknown);
      return;
    case 'list':
      if (!Array.isArray(value)) throw misfit(value, type, place);
      value.forEach((each, index) => {
        check(each, type.element, { ...place, path: `${place.path}[${index}]` }, unknown);
      });
      return;
    case 'map':
      if (!isRecord(value)) throw misfit(value, type, place);
      for (const [key, each] of Object.entries(value)) {
        check(each, type.value, { ...place, path: `${place.path}.${key}` }, unknown);
      }
      return;
    default:
  }
};

const below = (parent: string, name: string): string => (parent === '' ? name : `${parent}.${name}`);

const checkStruct = (
  value: Readonly<Record<string, unknown>>,
  type: StructType,
  place: Place,
  unknown: string[],
): void => {
  for (const [name, inner] of Object.entries(value)) {
    const path = below(place.path, name);
    const field = type.fields.get(name);
    if (field === undefined) {
      unknown.push(path);
      continue;
    }
    const fields = below(place.fields, field.via === undefined ? name : `${field.via}.${name}`);
    check(inner, field.resolved, { path, fields, struct: shortName(type.name) }, unknown);
  }
};

/** An object that is not one of its kind: BadRequest, with the reasons by themselves. */
export class DecodingError extends ApiError {
  constructor(
    { apiVersion, kind }: KindRef,
    readonly decoding: string,
    readonly restoring: string = decoding,
  ) {
    super('BadRequest', `${kind} in version "${versionOf(apiVersion)}" cannot be handled as a ${kind}: ${decoding}`);
  }
}

/**
 * Reads a value as an object of a built-in kind: forms are checked, unknown fields are taken out and listed, and what
 * remains is in canonical form. Throws an ApiError (BadRequest) in the words of Kubernetes when a value does not fit.
 */
export const decodeObject = <T extends KubeObject>(value: T): DecodedObject<T> => {
  const type = typeOfKind(value);
  if (type === undefined) return { object: value, unknownFields: [] };
  const unknownFields: string[] = [];
  checkAs(value, value, type, unknownFields);
  return { object: canonicalObject(value), unknownFields };
};

/** Checks the metadata of an object of any kind. Throws an ApiError (BadRequest). */
export const checkMetadata = (object: KubeObject): void => {
  checkAs(object, object.metadata, resolveType('meta/v1.ObjectMeta') as StructType, []);
};

const checkAs = (object: KindRef, value: unknown, type: StructType, unknown: string[]): void => {
  try {
    check(value, type, { path: '', fields: '', struct: shortName(type.name) }, unknown);
  } catch (error) {
    if (error instanceof MisfitError) throw new DecodingError(object, error.message, error.restoring);
    if (error instanceof Error) throw new DecodingError(object, error.message);
    throw error;
  }
};

/** What `fieldValidation=Warn` tells and `Strict` refuses. Both lists hold paths. */
export const fieldProblems = (unknownFields: readonly string[], duplicates: readonly string[]): string[] => [
  ...duplicates.map((path) => `duplicate field "${path}"`),
  ...unknownFields.map((path) => `unknown field "${path}"`),
];

/** The answer to a request with `fieldValidation=Strict`. */
export const strictDecodingError = (kind: KindRef, problems: readonly string[]): ApiError =>
  new DecodingError(kind, `strict decoding error: ${problems.join(', ')}`);
