import type { KindRef } from '../kind.js';
import { canonicalOfType } from '../schema/canonical.js';
import { typeOfKind } from '../schema/schema-table.js';
import { readMessage, structCodec, writeMessage } from './message-codecs.js';
import { ProtobufError, WireReader } from './wire-reader.js';
import { WireWriter } from './wire-writer.js';

const MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);

/** An object as it came over the wire: JSON in form, with apiVersion and kind. */
export type ProtobufObject = KindRef & Readonly<Record<string, unknown>>;

/** True for bytes that start as every protobuf body of the Kubernetes API does. */
export const isProtobufObject = (bytes: Uint8Array): boolean => MAGIC.every((byte, index) => bytes[index] === byte);

interface Envelope {
  readonly kind: KindRef;
  readonly raw: Uint8Array;
}

const readTypeMeta = (bytes: Uint8Array): KindRef => {
  const reader = new WireReader(bytes);
  let apiVersion = '';
  let kind = '';
  while (!reader.isAtEnd) {
    const { number, wire } = reader.tag();
    if (number === 1 && wire === 2) apiVersion = reader.text();
    else if (number === 2 && wire === 2) kind = reader.text();
    else reader.skip(wire);
  }
  return { apiVersion, kind };
};

const readEnvelope = (bytes: Uint8Array): Envelope => {
  if (!isProtobufObject(bytes)) {
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  const reader = new WireReader(bytes, MAGIC.length);
  let kind: KindRef = { apiVersion: '', kind: '' };
  let raw: Uint8Array = new Uint8Array(0);
  while (!reader.isAtEnd) {
    const { number, wire } = reader.tag();
    if (number === 1 && wire === 2) kind = readTypeMeta(reader.span());
    else if (number === 2 && wire === 2) raw = reader.span();
    else reader.skip(wire);
  }
  return { kind, raw };
};

/**
 * Reads the body of a request in protobuf. `expected` names the kind when the body itself does not. Throws a
 * ProtobufError for malformed bytes and for kinds that have no protobuf form.
 */
export const decodeProtobuf = (bytes: Uint8Array, expected?: KindRef): ProtobufObject => {
  const envelope = readEnvelope(bytes);
  const kind = envelope.kind.kind === '' && expected !== undefined ? expected : envelope.kind;
  const type = typeOfKind(kind);
  if (type === undefined) {
    throw new ProtobufError(
      `no kind ${JSON.stringify(kind.kind)} is registered for version ${JSON.stringify(kind.apiVersion)}`,
    );
  }
  const message = readMessage(new WireReader(envelope.raw), structCodec(type), 0);
  return { ...canonicalOfType(message, type), apiVersion: kind.apiVersion, kind: kind.kind };
};

/** The object as a protobuf body, envelope included. Throws a ProtobufError for kinds that have no such form. */
export const encodeProtobuf = (object: KindRef & Readonly<Record<string, unknown>>): Uint8Array => {
  const type = typeOfKind(object);
  if (type === undefined) throw new ProtobufError(`${object.apiVersion} ${object.kind} has no protobuf form`);
  const writer = new WireWriter();
  writer.raw(MAGIC);
  writer.tag(1, 2);
  writer.message((meta) => {
    meta.tag(1, 2);
    meta.text(object.apiVersion);
    meta.tag(2, 2);
    meta.text(object.kind);
  });
  writer.tag(2, 2);
  writer.message((raw) => writeMessage(raw, object, structCodec(type)));
  for (const absent of [3, 4]) {
    writer.tag(absent, 2);
    writer.text('');
  }
  return writer.finish();
};

/** One event of a watch as protobuf: its type, and the object as a body of its own. */
export const encodeWatchEvent = (type: string, object: Uint8Array): Uint8Array => {
  const writer = new WireWriter();
  writer.tag(1, 2);
  writer.text(type);
  writer.tag(2, 2);
  writer.message((extension) => {
    extension.tag(1, 2);
    extension.span(object);
  });
  return writer.finish();
};
