import { formatDurationNanos, parseDurationNanos } from '../duration.js';
import { readJson, writeJson } from '../lossless-json.js';
import { ProtobufError, WireReader } from './wire-reader.js';
import type { WireWriter } from './wire-writer.js';

/** How values of one type are written as a protobuf field. */
export interface Codec {
  /** 0 varint, 1 eight bytes, 2 length-delimited */
  readonly wire: 0 | 1 | 2;
  /** Reads the value after the tag. `undefined` stands for Go's zero where JSON has none, such as an unset time. */
  read(reader: WireReader, depth: number): unknown;
  /** Writes the value after the tag. */
  write(writer: WireWriter, value: unknown): void;
  /** What Go writes for a field that is not a pointer and was not set; undefined where it writes nothing. */
  readonly zero: unknown;
}

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';

/** The fields of a small message by number, for types whose JSON form is not that of a message. */
const fieldsOf = (bytes: Uint8Array, texts: readonly number[]): Map<number, number | string | Uint8Array> => {
  const reader = new WireReader(bytes);
  const fields = new Map<number, number | string | Uint8Array>();
  while (!reader.isAtEnd) {
    const { number, wire } = reader.tag();
    if (wire === 0) fields.set(number, reader.varint());
    else if (wire === 2) fields.set(number, texts.includes(number) ? reader.text() : reader.span());
    else reader.skip(wire);
  }
  return fields;
};

const stringCodec: Codec = {
  wire: 2,
  zero: '',
  read: (reader) => reader.text(),
  write: (writer, value) => writer.text(textOf(value)),
};

const integerCodec: Codec = {
  wire: 0,
  zero: 0,
  read: (reader) => reader.integer(),
  write: (writer, value) => writer.varint(typeof value === 'bigint' ? value : numberOf(value)),
};

const int32Codec: Codec = { ...integerCodec, read: (reader) => reader.varint() | 0 };

const boolCodec: Codec = {
  wire: 0,
  zero: false,
  read: (reader) => reader.varint() !== 0,
  write: (writer, value) => writer.varint(value === true ? 1 : 0),
};

const doubleCodec: Codec = {
  wire: 1,
  zero: 0,
  read: (reader) => reader.double(),
  write: (writer, value) => writer.double(numberOf(value)),
};

const bytesCodec: Codec = {
  wire: 2,
  zero: undefined,
  read: (reader) => Buffer.from(reader.span()).toString('base64'),
  write: (writer, value) => writer.span(Buffer.from(textOf(value), 'base64')),
};

const quantityCodec: Codec = {
  wire: 2,
  zero: '0',
  read: (reader) => fieldsOf(reader.span(), [1]).get(1) ?? '0',
  write: (writer, value) =>
    writer.message((inner) => {
      inner.tag(1, 2);
      inner.text(textOf(value));
    }),
};

const intOrStringCodec: Codec = {
  wire: 2,
  zero: 0,
  read: (reader) => {
    const fields = fieldsOf(reader.span(), [3]);
    return fields.get(1) === 1 ? (fields.get(3) ?? '') : (fields.get(2) ?? 0);
  },
  write: (writer, value) =>
    writer.message((inner) => {
      inner.tag(1, 0);
      inner.varint(typeof value === 'string' ? 1 : 0);
      inner.tag(2, 0);
      inner.varint(numberOf(value));
      inner.tag(3, 2);
      inner.text(typeof value === 'string' ? value : '');
    }),
};

const MAX_TIME_SECONDS = 253_402_300_799;

const readTime = (bytes: Uint8Array): { seconds: number; nanos: number } | undefined => {
  const fields = fieldsOf(bytes, []);
  const [seconds, nanos] = [numberOf(fields.get(1)), numberOf(fields.get(2))];
  if (seconds === 0 && nanos === 0) return undefined;
  if (Math.abs(seconds) > MAX_TIME_SECONDS) throw new ProtobufError('time is out of range');
  return { seconds, nanos };
};

const writeTime = (writer: WireWriter, seconds: number, nanos: number): void =>
  writer.message((inner) => {
    inner.tag(1, 0);
    inner.varint(seconds);
    inner.tag(2, 0);
    inner.varint(nanos);
  });

const dateText = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19);

const timeCodec: Codec = {
  wire: 2,
  zero: null,
  read: (reader) => {
    const time = readTime(reader.span());
    return time === undefined ? undefined : `${dateText(time.seconds)}Z`;
  },
  write: (writer, value) => {
    const milliseconds = Date.parse(textOf(value));
    if (Number.isNaN(milliseconds)) writer.span(new Uint8Array(0));
    else writeTime(writer, Math.floor(milliseconds / 1000), 0);
  },
};

const microTimeCodec: Codec = {
  wire: 2,
  zero: null,
  read: (reader) => {
    const time = readTime(reader.span());
    if (time === undefined) return undefined;
    const micros = String(Math.floor(time.nanos / 1000)).padStart(6, '0');
    return `${dateText(time.seconds)}.${micros}Z`;
  },
  write: (writer, value) => {
    const text = textOf(value);
    const milliseconds = Date.parse(text);
    const micros = /\.(\d{1,6})/.exec(text)?.[1]?.padEnd(6, '0') ?? '0';
    if (Number.isNaN(milliseconds)) writer.span(new Uint8Array(0));
    else writeTime(writer, Math.floor(milliseconds / 1000), Number(micros) * 1000);
  },
};

const durationCodec: Codec = {
  wire: 2,
  zero: '0s',
  read: (reader) => formatDurationNanos(BigInt(numberOf(fieldsOf(reader.span(), []).get(1)))),
  write: (writer, value) =>
    writer.message((inner) => {
      inner.tag(1, 0);
      inner.varint(Number(parseDurationNanos(textOf(value) === '' ? '0' : textOf(value))));
    }),
};

/** JSON text in field 1: `RawExtension`, `FieldsV1`, `JSON`. */
export const rawJsonCodec: Codec = {
  wire: 2,
  zero: null,
  read: (reader) => {
    const raw = fieldsOf(reader.span(), [1]).get(1);
    if (typeof raw !== 'string' || raw === '') return undefined;
    try {
      return readJson(raw);
    } catch {
      throw new ProtobufError('a raw field does not hold JSON');
    }
  },
  write: (writer, value) =>
    writer.message((inner) => {
      if (value === undefined || value === null) return;
      inner.tag(1, 2);
      inner.text(writeJson(value));
    }),
};

/** The codecs of the types that JSON writes as one value. */
export const SCALAR_CODECS: Readonly<Record<string, Codec>> = {
  string: stringCodec,
  bool: boolCodec,
  int32: int32Codec,
  int64: integerCodec,
  float64: doubleCodec,
  bytes: bytesCodec,
  Quantity: quantityCodec,
  IntOrString: intOrStringCodec,
  Duration: durationCodec,
  Time: timeCodec,
  MicroTime: microTimeCodec,
};
