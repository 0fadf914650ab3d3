/**
 * What templates compute with. Go's kinds are kept apart where Go's output or errors tell them apart:
 *
 * | Go | here |
 * |---|---|
 * | untyped nil (no value at all) | `null` |
 * | nil in an `interface {}` (a missing key, a null element) | `undefined` |
 * | bool, string, float64 | boolean, string, number |
 * | every integer kind | {@link Integer} |
 * | `[]interface {}` | array |
 * | other slices, `[]byte` | {@link TypedSlice}, `Uint8Array` |
 * | `map[string]interface {}` | `Map` |
 * | other maps and named map types | {@link TypedMap} |
 * | structs and pointers to them | {@link Struct} |
 *
 * Pipelines turn `undefined` into `null`, as Go's evaluator unwraps interfaces there.
 */
export type Value =
  | null
  | undefined
  | boolean
  | string
  | number
  | Integer
  | Value[]
  | TypedSlice
  | Uint8Array
  | GoMap
  | Struct;

export type GoMap = Map<string, Value>;

export type IntegerType =
  | 'int'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64';

/** An integer of one of Go's kinds, already within its range. */
export class Integer {
  constructor(
    readonly value: bigint,
    readonly type: IntegerType,
  ) {}

  toNumber(): number {
    return Number(this.value);
  }

  get isSigned(): boolean {
    return !this.type.startsWith('u');
  }
}

const SMALL = 1024;
const smallInts = Array.from({ length: SMALL }, (_, i) => new Integer(BigInt(i), 'int'));
const smallInt64s = Array.from({ length: SMALL }, (_, i) => new Integer(BigInt(i), 'int64'));

/** A Go `int`. */
export const int = (value: number): Integer => smallInts[value] ?? new Integer(BigInt(value), 'int');

/** A Go `int64`; what does not fit wraps around. */
export const int64 = (value: number | bigint): Integer => {
  const big = BigInt(value);
  if (big >= 0n && big < BigInt(SMALL)) return smallInt64s[Number(big)] as Integer;
  return new Integer(BigInt.asIntN(64, big), 'int64');
};

/** A slice whose elements are not `interface {}`, such as `[]string`. */
export class TypedSlice {
  constructor(
    readonly element: string,
    readonly items: Value[],
    /** Name of the type, where it has one. */
    private readonly name?: string,
    /** Methods callable from templates, as on `.Capabilities.APIVersions`. */
    readonly methods?: Methods,
  ) {}

  get type(): string {
    return this.name ?? `[]${this.element}`;
  }
}

export const strings = (items: readonly string[]): TypedSlice => new TypedSlice('string', items as Value[]);

const nilSlices = new WeakSet<object>();

/** Marks an empty slice as Go's nil slice: null in JSON, and not deeply equal to an empty one. */
export const nilSlice = <T extends Value[] | TypedSlice>(slice: T): T => {
  nilSlices.add(slice);
  return slice;
};

export const isNilSlice = (value: Value): boolean =>
  typeof value === 'object' && value !== null && nilSlices.has(value);

/** A map that is no plain `map[string]interface {}`: another element type, or a name (`common.Values`). */
export class TypedMap extends Map<string, Value> {
  constructor(
    readonly type: string,
    /** Go's zero value of the elements: what a missing key gives. */
    readonly zero: Value,
    entries?: Iterable<readonly [string, Value]>,
    /** Methods callable from templates, as on `.Files`. */
    readonly methods?: Methods,
    /** Go's nil map: empty, and null in JSON. */
    readonly isNil = false,
  ) {
    super(entries);
  }
}

export const stringMap = (entries: Iterable<readonly [string, string]>): TypedMap =>
  new TypedMap('map[string]string', '', entries);

export const nilStringMap = (): TypedMap => new TypedMap('map[string]string', '', [], undefined, true);

export type Methods = Readonly<Record<string, Method>>;

export interface Method {
  readonly params: readonly ParamType[];
  readonly variadic?: ParamType;
  readonly call: (receiver: never, args: readonly Value[]) => Value;
}

/** The Go type of a parameter, as far as the evaluator checks it. */
export type ParamType =
  | 'any'
  | 'value'
  | 'string'
  | 'int'
  | 'int64'
  | 'float64'
  | 'bool'
  | 'map'
  | 'list'
  | 'strings'
  | 'time'
  | 'certificate'
  | 'version';

/** A Go struct or a pointer to one, with the fields and methods that templates can reach. */
export class Struct {
  constructor(
    /** `time.Time`, `*common.Capabilities`. */
    readonly type: string,
    readonly fields: ReadonlyMap<string, Value>,
    readonly methods: Methods = {},
    /** `String()`, where the type has it. */
    readonly text?: (() => string) | undefined,
    /** What a native function reads from it (a date, a version). */
    readonly native?: unknown,
    /** What encoding/json makes of it, where that is not its fields. */
    readonly json?: () => Value,
    /** `String()` of the pointer to it, which only `{{ value }}` finds. */
    readonly pointerText?: () => string,
    /** `GoString()`, which %#v prints. */
    readonly goText?: () => string,
  ) {}

  /** Structs are never zero for `if`, whatever is in them. */
  isZero(): boolean {
    return false;
  }
}

const PARAM_TYPES: Readonly<Record<ParamType, string>> = {
  any: 'interface {}',
  value: 'reflect.Value',
  string: 'string',
  int: 'int',
  int64: 'int64',
  float64: 'float64',
  bool: 'bool',
  map: 'map[string]interface {}',
  list: '[]interface {}',
  strings: '[]string',
  time: 'time.Time',
  certificate: 'sprig.certificate',
  version: '*semver.Version',
};

export const paramTypeName = (type: ParamType): string => PARAM_TYPES[type];

/** `%T` of a value. */
export const typeName = (value: Value): string => {
  if (value === null || value === undefined) return '<nil>';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    default:
  }
  if (value instanceof Integer || value instanceof TypedSlice || value instanceof TypedMap || value instanceof Struct) {
    return value.type;
  }
  if (value instanceof Map) return 'map[string]interface {}';
  return value instanceof Uint8Array ? '[]uint8' : '[]interface {}';
};

/** `reflect.Kind` of a value. */
export const kindName = (value: Value): string => {
  if (value === null || value === undefined) return 'invalid';
  if (value instanceof Map) return 'map';
  if (Array.isArray(value) || value instanceof TypedSlice || value instanceof Uint8Array) return 'slice';
  if (value instanceof Struct && value.type !== 'complex128') return value.type.startsWith('*') ? 'ptr' : 'struct';
  return typeName(value);
};

/** The elements of any slice, undefined for everything else. */
export const sliceItems = (value: Value): readonly Value[] | undefined => {
  if (Array.isArray(value)) return value;
  if (value instanceof TypedSlice) return value.items;
  if (value instanceof Uint8Array) return Array.from(value, (byte) => new Integer(BigInt(byte), 'uint8'));
  return undefined;
};

/** What `if` and `with` ask: not the zero value of its type. */
export const isTrue = (value: Value): boolean => {
  if (value === null || value === undefined) return false;
  switch (typeof value) {
    case 'string':
      return value !== '';
    case 'number':
      return value !== 0;
    case 'boolean':
      return value;
    default:
  }
  if (value instanceof Integer) return value.value !== 0n;
  if (value instanceof Map) return value.size > 0;
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length > 0;
  if (value instanceof Struct) return !value.isZero();
  return value instanceof TypedSlice ? value.items.length > 0 : true;
};
