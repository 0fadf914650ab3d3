import type { CelType } from './types.js';

/**
 * The values of expressions: bigint is int, number is double, and null, boolean, string, Uint8Array and arrays are what
 * they are in JavaScript; the others are the classes below.
 */
export type CelValue = unknown;

/** An expression that cannot be evaluated to the end: `no such key: a`, `division by zero`. */
export class CelError extends Error {
  override readonly name = 'CelError';
}

export class UintValue {
  constructor(readonly value: bigint) {}
}

/** A moment, in nanoseconds since 1970. */
export class TimestampValue {
  constructor(readonly nanos: bigint) {}
}

export class DurationValue {
  constructor(readonly nanos: bigint) {}
}

export class TypeValue {
  constructor(readonly name: string) {}
}

export class OptionalValue {
  private constructor(
    readonly isPresent: boolean,
    private readonly held: CelValue,
  ) {}

  static readonly none = new OptionalValue(false, undefined);
  static of(value: CelValue): OptionalValue {
    return new OptionalValue(true, value);
  }

  /** Throws when there is none. */
  get value(): CelValue {
    if (!this.isPresent) throw new CelError('optional.none() dereference');
    return this.held;
  }
}

/** A value of a type of Kubernetes: a quantity, a URL, an address. */
export abstract class ExtensionValue {
  abstract readonly type: CelType;
  abstract equals(other: ExtensionValue): boolean;
  /** What calls charge for going through it. */
  readonly size: number = 1;
}

/** What has fields or keys. */
export abstract class MapValue {
  abstract readonly size: number;
  /** undefined where the key is not there. */
  abstract find(key: CelValue): CelValue;
  abstract keys(): Iterable<CelValue>;

  *entries(): Iterable<[CelValue, CelValue]> {
    for (const key of this.keys()) yield [key, this.find(key)];
  }
}

/** Equal for keys that are equal: 1, 1u and 1.0 are one key. */
const keyText = (key: CelValue): string | undefined => {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'boolean') return key ? 'true' : 'false';
  if (typeof key === 'bigint') return `n${key}`;
  if (key instanceof UintValue) return `n${key.value}`;
  return typeof key === 'number' && Number.isInteger(key) ? `n${BigInt(key)}` : undefined;
};

/** A map that an expression made. */
export class EntriesMap extends MapValue {
  private readonly held = new Map<string, [CelValue, CelValue]>();

  constructor(entries: Iterable<readonly [CelValue, CelValue]> = []) {
    super();
    for (const [key, value] of entries) this.insert(key, value);
  }

  /** Throws for a key that is there already, and for one that can be none. */
  insert(key: CelValue, value: CelValue): void {
    const text = keyText(key);
    if (text === undefined || typeof key === 'number') throw new CelError('unsupported key type');
    if (this.held.has(text)) throw new CelError(`insert failed: key ${showValue(key)} already exists`);
    this.held.set(text, [key, value]);
  }

  get size(): number {
    return this.held.size;
  }

  find(key: CelValue): CelValue {
    const text = keyText(key);
    return text === undefined ? undefined : this.held.get(text)?.[1];
  }

  *keys(): Iterable<CelValue> {
    for (const [key] of this.held.values()) yield key;
  }
}

/** A list in which order does not count: a set, or one whose elements have keys. */
export class UnorderedList extends Array<CelValue> {
  /** What two elements must have in common to be the same one. */
  keyOf: (element: CelValue) => CelValue = (element) => element;

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  static holding(elements: Iterable<CelValue>): UnorderedList {
    const list = new UnorderedList();
    for (const each of elements) list.push(each);
    return list;
  }
}

/** A list or a map that a fold fills: nobody else sees it until the fold is over. */
export class GatheredList extends Array<CelValue> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}
export class GatheredMap extends EntriesMap {}

/** A value in a message. */
export const showValue = (value: CelValue): string => {
  if (value instanceof UintValue) return String(value.value);
  if (typeof value === 'number') return formatDouble(value);
  return String(value);
};

/** A double as Go writes it with `%g`: with an exponent from a million on. */
export const formatDouble = (value: number): string => {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return plainDouble(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
};

/** A double without an exponent. */
export const plainDouble = (value: number): string => {
  const text = String(value);
  if (!text.includes('e')) return text;
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const sign = digits.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = digits.replace('-', '').split('.');
  const power = Number(exponent);
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${whole}${fraction}`;
  return `${sign}${whole}${fraction.padEnd(power, '0')}`;
};

/** What an operation says that has no meaning for its operands. */
export const noSuchOverload = (): CelError => new CelError('no such overload');

/** The name of a value's type, as `type()` gives it. */
export const typeNameOf = (value: CelValue): string => {
  switch (typeof value) {
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    default:
      return value === null ? 'null_type' : classTypeName(value);
  }
};

const classTypeName = (value: CelValue): string => {
  if (Array.isArray(value)) return 'list';
  if (value instanceof MapValue) return 'map';
  if (value instanceof UintValue) return 'uint';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof TimestampValue) return 'google.protobuf.Timestamp';
  if (value instanceof DurationValue) return 'google.protobuf.Duration';
  if (value instanceof TypeValue) return 'type';
  if (value instanceof OptionalValue) return 'optional_type';
  return value instanceof ExtensionValue ? value.type.name : 'unknown';
};

/** Whether a value may be passed where a type is declared. */
export const fitsType = (value: CelValue, { kind, name, params }: CelType): boolean => {
  switch (kind) {
    case 'dyn':
    case 'param':
    case 'error':
      return true;
    case 'list':
      // The first element speaks for all.
      return Array.isArray(value) && (value.length === 0 || fitsType((value as CelValue[])[0], params[0] as CelType));
    case 'map':
      return value instanceof MapValue;
    case 'type':
      return value instanceof TypeValue;
    case 'null':
      return value === null;
    case 'opaque':
      if (name === 'optional_type')
        return value instanceof OptionalValue && (!value.isPresent || fitsType(value.value, params[0] as CelType));
      return typeNameOf(value) === name;
    case 'object':
      return typeNameOf(value) === name || value instanceof MapValue;
    default:
      return typeNameOf(value) === name;
  }
};

/** How much there is of a value: characters, bytes, elements, entries; 1 for what has no size. */
export const sizeOf = (value: CelValue): number => {
  if (typeof value === 'string') return codePoints(value);
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length;
  if (value instanceof MapValue || value instanceof ExtensionValue) return value.size;
  return value instanceof OptionalValue && value.isPresent ? sizeOf(value.value) : 1;
};

const SURROGATE = /[\ud800-\udbff]/;

export const codePoints = (text: string): number => (SURROGATE.test(text) ? Array.from(text).length : text.length);
