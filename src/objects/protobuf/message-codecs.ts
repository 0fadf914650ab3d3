import { isRecord, ownValue, setOwn } from '../json.js';
import type { SchemaField, TypeRef } from '../schema/schema-file.js';
import { resolveType, type StructType } from '../schema/schema-table.js';
import { rawJsonCodec, SCALAR_CODECS, type Codec } from './scalar-codecs.js';
import { ProtobufError, WireReader } from './wire-reader.js';
import type { WireWriter } from './wire-writer.js';

/** Deeper nesting is refused: types contain themselves, and reading recurses. */
const MAX_DEPTH = 200;

/** Named lists that are messages of their own, with the elements in field 1. */
const LIST_MESSAGES: ReadonlySet<string> = new Set([
  'authentication.k8s.io/v1.ExtraValue',
  'authorization.k8s.io/v1.ExtraValue',
  'certificates.k8s.io/v1.ExtraValue',
  'meta/v1.Verbs',
]);

interface FieldCodec {
  readonly field: SchemaField;
  readonly shape: 'single' | 'repeated' | 'map' | 'embedded';
  readonly codec: Codec;
}

interface MessageCodec extends Codec {
  readonly byNumber: ReadonlyMap<number, FieldCodec>;
}

const codecs = new Map<string, Codec>();

const namedCodec = (name: string): Codec => {
  let codec = codecs.get(name);
  if (codec === undefined) {
    codec = makeCodec(name);
    codecs.set(name, codec);
  }
  return codec;
};

const makeCodec = (name: string): Codec => {
  if (LIST_MESSAGES.has(name)) return listMessageCodec;
  const type = resolveType(name);
  switch (type.shape) {
    case 'scalar':
      return SCALAR_CODECS[type.scalar] as Codec;
    case 'struct':
      return messageCodec(type.messageFields);
    case 'union':
      return unionCodec(type.choices);
    default:
      return rawJsonCodec;
  }
};

const codecOf = (ref: TypeRef): Codec => {
  if (typeof ref === 'string') return namedCodec(ref);
  throw new ProtobufError('a list of lists has no protobuf form');
};

/** The declared form of a field; aliases of lists and maps are followed. */
const expand = (ref: TypeRef): TypeRef => {
  if (typeof ref !== 'string' || LIST_MESSAGES.has(ref)) return ref;
  const type = resolveType(ref);
  if (type.shape !== 'list' && type.shape !== 'map') return ref;
  return aliasTarget(ref);
};

const ALIASES: Readonly<Record<string, TypeRef>> = {
  'core/v1.ResourceList': { map: 'Quantity' },
  'apiextensions.k8s.io/v1.ValidationRules': { array: 'apiextensions.k8s.io/v1.ValidationRule' },
  'apiextensions.k8s.io/v1.JSONSchemaDependencies': { map: 'apiextensions.k8s.io/v1.JSONSchemaPropsOrStringArray' },
  'apiextensions.k8s.io/v1.JSONSchemaDefinitions': { map: 'apiextensions.k8s.io/v1.JSONSchemaProps' },
};

const aliasTarget = (name: string): TypeRef => {
  const target = ALIASES[name];
  if (target === undefined) throw new ProtobufError(`no protobuf form is known for ${name}`);
  return target;
};

const fieldCodec = (field: SchemaField): FieldCodec => {
  const ref = expand(field.type);
  if (typeof ref === 'object') {
    return 'array' in ref
      ? { field, shape: 'repeated', codec: codecOf(ref.array) }
      : { field, shape: 'map', codec: codecOf(ref.map) };
  }
  return { field, shape: field.name === undefined ? 'embedded' : 'single', codec: namedCodec(ref) };
};

const messageCodec = (fields: readonly SchemaField[]): MessageCodec => {
  let byNumber: Map<number, FieldCodec> | undefined;
  return {
    wire: 2,
    zero: {},
    get byNumber() {
      byNumber ??= new Map(
        fields
          .filter((field) => field.number !== undefined)
          .toSorted((a, b) => (a.number ?? 0) - (b.number ?? 0))
          .map((field) => [field.number as number, fieldCodec(field)]),
      );
      return byNumber;
    },
    read(reader, depth) {
      return readMessage(new WireReader(reader.span()), this, depth + 1);
    },
    write(writer, value) {
      writer.message((inner) => writeMessage(inner, value, this));
    },
  };
};

export const readMessage = (reader: WireReader, { byNumber }: MessageCodec, depth: number): Record<string, unknown> => {
  if (depth > MAX_DEPTH) throw new ProtobufError('exceeded max depth');
  const result: Record<string, unknown> = {};
  while (!reader.isAtEnd) {
    const { number, wire } = reader.tag();
    const known = byNumber.get(number);
    if (known === undefined) reader.skip(wire);
    else readField(reader, wire, known, result, depth);
  }
  return result;
};

const readField = (
  reader: WireReader,
  wire: number,
  { field, shape, codec }: FieldCodec,
  result: Record<string, unknown>,
  depth: number,
): void => {
  const name = field.name ?? '';
  const isPacked = shape === 'repeated' && codec.wire === 0 && wire === 2;
  const expected = shape === 'map' ? 2 : codec.wire;
  if (wire !== expected && !isPacked) {
    throw new ProtobufError(`wrong wireType = ${wire} for field ${name}`);
  }
  if (shape === 'single') {
    const value = codec.read(reader, depth);
    if (value !== undefined) setOwn(result, name, value);
  } else if (shape === 'embedded') {
    Object.assign(result, codec.read(reader, depth));
  } else if (shape === 'map') {
    readEntry(reader, codec, ownOrNew(result, name, () => ({})) as Record<string, unknown>, depth);
  } else {
    const list = ownOrNew(result, name, () => []) as unknown[];
    if (!isPacked) list.push(codec.read(reader, depth) ?? null);
    else for (const packed = new WireReader(reader.span()); !packed.isAtEnd; ) list.push(codec.read(packed, depth));
  }
};

const ownOrNew = (target: Record<string, unknown>, name: string, make: () => unknown): unknown => {
  if (!Object.hasOwn(target, name)) setOwn(target, name, make());
  return target[name];
};

const readEntry = (reader: WireReader, codec: Codec, target: Record<string, unknown>, depth: number): void => {
  const entry = new WireReader(reader.span());
  let key = '';
  let value: unknown;
  while (!entry.isAtEnd) {
    const { number, wire } = entry.tag();
    if (number === 1 && wire === 2) key = entry.text();
    else if (number === 2 && wire === codec.wire) value = codec.read(entry, depth);
    else entry.skip(wire);
  }
  setOwn(target, key, value ?? codec.zero ?? null);
};

export const writeMessage = (writer: WireWriter, value: unknown, { byNumber }: MessageCodec): void => {
  const object = isRecord(value) ? value : {};
  for (const [number, known] of byNumber) {
    if (known.shape === 'embedded') {
      writer.tag(number, 2);
      known.codec.write(writer, object);
    } else {
      writeField(writer, number, known, ownValue(object, known.field.name ?? ''));
    }
  }
};

const writeField = (writer: WireWriter, number: number, { field, shape, codec }: FieldCodec, value: unknown): void => {
  if (shape === 'repeated') {
    for (const element of Array.isArray(value) ? (value as unknown[]) : []) {
      writer.tag(number, codec.wire);
      codec.write(writer, element);
    }
  } else if (shape === 'map') {
    if (isRecord(value)) writeEntries(writer, number, codec, value);
  } else {
    const written = value ?? (field.pointer === true ? undefined : codec.zero);
    if (written === undefined) return;
    writer.tag(number, codec.wire);
    codec.write(writer, written);
  }
};

const writeEntries = (
  writer: WireWriter,
  number: number,
  codec: Codec,
  map: Readonly<Record<string, unknown>>,
): void => {
  for (const key of Object.keys(map).sort()) {
    writer.tag(number, 2);
    writer.message((entry) => {
      entry.tag(1, 2);
      entry.text(key);
      entry.tag(2, codec.wire);
      codec.write(entry, map[key]);
    });
  }
};

const listMessageCodec: Codec = {
  wire: 2,
  zero: undefined,
  read: (reader) => {
    const inner = new WireReader(reader.span());
    const list: string[] = [];
    while (!inner.isAtEnd) {
      const { number, wire } = inner.tag();
      if (number === 1 && wire === 2) list.push(inner.text());
      else inner.skip(wire);
    }
    return list;
  },
  write: (writer, value) =>
    writer.message((inner) => {
      for (const text of Array.isArray(value) ? (value as unknown[]) : []) {
        inner.tag(1, 2);
        inner.text(String(text));
      }
    }),
};

/** The `Or` types of CRD schemas: a message with one of its two fields set, told apart in JSON by form. */
const unionCodec = (choices: readonly SchemaField[]): Codec => ({
  wire: 2,
  zero: undefined,
  read: (reader, depth) => {
    const inner = new WireReader(reader.span());
    const found = new Map<number, unknown>();
    while (!inner.isAtEnd) {
      const { number, wire } = inner.tag();
      const choice = choices.find((each) => each.number === number);
      if (choice === undefined) {
        inner.skip(wire);
        continue;
      }
      const { codec, shape } = fieldCodec(choice);
      if (wire !== codec.wire) throw new ProtobufError(`wrong wireType = ${wire} for field ${number}`);
      const value = codec.read(inner, depth);
      const list = found.get(number);
      found.set(number, shape === 'repeated' ? [...(Array.isArray(list) ? (list as unknown[]) : []), value] : value);
    }
    // Only `allows` is always written; a schema beside it says more.
    const values = [...found.values()];
    return values.find((value) => typeof value === 'object') ?? values[0];
  },
  write: (writer, value) =>
    writer.message((inner) => {
      for (const choice of choices) {
        const known = fieldCodec(choice);
        const isBool = choice.type === 'bool';
        const isList = known.shape === 'repeated';
        if (isBool) {
          inner.tag(choice.number ?? 0, 0);
          inner.varint(value === false ? 0 : 1);
        } else if (isList ? Array.isArray(value) : isRecord(value)) {
          writeField(inner, choice.number ?? 0, { ...known, shape: isList ? 'repeated' : 'single' }, value);
        }
      }
    }),
});

/** The codec of a built-in type. */
export const structCodec = (type: StructType): MessageCodec => namedCodec(type.name) as MessageCodec;
