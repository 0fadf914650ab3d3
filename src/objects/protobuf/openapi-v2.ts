import { isRecord, type AnyRecord } from '../json.js';
import { WireWriter } from './wire-writer.js';

/**
 * The media type under which clients ask for OpenAPI v2 in the protobuf form of the gnostic library. kubectl reads no
 * other form: it needs it for lists and for kinds that have no document of their own.
 */
export const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

const record = (value: unknown): AnyRecord => (isRecord(value) ? value : {});

const text = (writer: WireWriter, number: number, value: unknown): void => {
  if (typeof value !== 'string' || value === '') return;
  writer.tag(number, 2);
  writer.text(value);
};

const message = (writer: WireWriter, number: number, write: (inner: WireWriter) => void): void => {
  writer.tag(number, 2);
  writer.message(write);
};

/** A value of any form travels as YAML, of which JSON is a part. */
const anyValue = (writer: WireWriter, number: number, value: unknown): void =>
  message(writer, number, (any) => text(any, 2, JSON.stringify(value)));

const extensions = (writer: WireWriter, number: number, holder: AnyRecord): void => {
  for (const [name, value] of Object.entries(holder)) {
    if (!name.startsWith('x-')) continue;
    message(writer, number, (named) => {
      text(named, 1, name);
      anyValue(named, 2, value);
    });
  }
};

const namedSchemas = (writer: WireWriter, schemas: AnyRecord): void => {
  for (const [name, schema] of Object.entries(schemas)) {
    message(writer, 1, (named) => {
      text(named, 1, name);
      message(named, 2, (inner) => writeSchema(inner, record(schema)));
    });
  }
};

const TEXT_FIELDS: readonly (readonly [name: string, number: number])[] = [
  ['$ref', 1],
  ['format', 2],
  ['title', 3],
  ['description', 4],
];
const NUMBER_FIELDS: readonly (readonly [name: string, number: number])[] = [
  ['multipleOf', 6],
  ['maximum', 7],
  ['minimum', 9],
];
const COUNT_FIELDS: readonly (readonly [name: string, number: number])[] = [
  ['maxLength', 11],
  ['minLength', 12],
  ['maxItems', 14],
  ['minItems', 15],
  ['maxProperties', 17],
  ['minProperties', 18],
];

const writeNumbers = (writer: WireWriter, schema: AnyRecord): void => {
  for (const [name, number] of NUMBER_FIELDS) {
    const value = schema[name];
    if (typeof value !== 'number') continue;
    writer.tag(number, 1);
    writer.double(value);
  }
  for (const [name, number] of COUNT_FIELDS) {
    const value = schema[name];
    if (typeof value !== 'number') continue;
    writer.tag(number, 0);
    writer.varint(value);
  }
};

const writeSchema = (writer: WireWriter, schema: AnyRecord): void => {
  for (const [name, number] of TEXT_FIELDS) text(writer, number, schema[name]);
  if (schema['default'] !== undefined) anyValue(writer, 5, schema['default']);
  writeNumbers(writer, schema);
  text(writer, 13, schema['pattern']);
  const { required, type, additionalProperties, items, allOf, properties, enum: values } = schema;
  for (const name of Array.isArray(required) ? (required as unknown[]) : []) text(writer, 19, name);
  for (const value of Array.isArray(values) ? (values as unknown[]) : []) anyValue(writer, 20, value);
  if (isRecord(additionalProperties)) {
    message(writer, 21, (item) => message(item, 1, (inner) => writeSchema(inner, additionalProperties)));
  }
  if (typeof type === 'string') message(writer, 22, (item) => text(item, 1, type));
  if (isRecord(items)) message(writer, 23, (item) => message(item, 1, (inner) => writeSchema(inner, items)));
  for (const each of Array.isArray(allOf) ? (allOf as unknown[]) : []) {
    message(writer, 24, (inner) => writeSchema(inner, record(each)));
  }
  if (isRecord(properties)) message(writer, 25, (inner) => namedSchemas(inner, properties));
  extensions(writer, 31, schema);
};

/**
 * An OpenAPI v2 document in protobuf: its title and its definitions, which is what clients validate by. Paths are left
 * out; clients that look for them read the v3 documents.
 */
export const encodeOpenApiV2 = (document: AnyRecord): Uint8Array => {
  const writer = new WireWriter();
  const info = record(document['info']);
  text(writer, 1, '2.0');
  message(writer, 2, (inner) => {
    text(inner, 1, info['title']);
    text(inner, 2, info['version']);
  });
  message(writer, 8, () => undefined);
  message(writer, 9, (definitions) => namedSchemas(definitions, record(document['definitions'])));
  return writer.finish();
};
