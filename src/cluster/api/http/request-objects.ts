import { isRecord } from '../../../objects/json.js';
import type { KubeObject } from '../../../objects/object.js';
import { JsonError, parseJsonStrict, type StrictJson } from '../../../objects/schema/strict-json.js';
import type { KindRef } from '../../../objects/kind.js';
import { decodeProtobuf } from '../../../objects/protobuf/protobuf.js';
import { ProtobufError } from '../../../objects/protobuf/wire-reader.js';
import type { Target } from '../request.js';
import { badRequest } from '../status-errors.js';
import { parseYamlBody, PROTOBUF, unsupportedMediaType, utf8 } from './bodies.js';

const READABLE = ['application/json', 'application/yaml', PROTOBUF];

/** The object in a request's body, and the keys that occurred in it twice. */
export const decodeObject = (mediaType: string, bytes: Uint8Array, target: Target): DecodedBody => {
  const { value, duplicates } = decode(mediaType, bytes, expectedKind(target));
  return { object: asObject(value, target), duplicates };
};

export interface DecodedBody {
  readonly object: KubeObject;
  readonly duplicates: readonly string[];
}

const decode = (mediaType: string, bytes: Uint8Array, expected: KindRef): StrictJson => {
  if (mediaType === 'application/json') return parseJson(bytes, expected);
  if (mediaType === 'application/yaml') return parseYamlBody(bytes);
  if (mediaType === PROTOBUF) return { value: parseProtobuf(bytes, expected), duplicates: [] };
  throw unsupportedMediaType(READABLE);
};

const parseProtobuf = (bytes: Uint8Array, expected: KindRef): unknown => {
  try {
    return decodeProtobuf(bytes, expected);
  } catch (error) {
    if (error instanceof ProtobufError) throw badRequest(error.message);
    throw error;
  }
};

/** What a body holds that does not say so itself. */
const expectedKind = ({ resource, subresource }: Target): KindRef =>
  resource.subresources.find(({ name }) => name === subresource)?.kind ?? resource;

const parseJson = (bytes: Uint8Array, expected?: KindRef): StrictJson => {
  try {
    return parseJsonStrict(utf8(bytes));
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const fault = `couldn't get version/kind; json parse error: ${error.message}`;
    if (expected === undefined) throw badRequest(fault);
    throw badRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): ${fault} (${beginningOf(bytes)})`,
    );
  }
};

const SHOWN_BYTES = 30;

/** What was sent, for the person who sent it: as text when it looks like JSON, as hexadecimal digits otherwise. */
const beginningOf = (bytes: Uint8Array): string => {
  if (bytes.byteLength === 0) return '<empty>';
  const start = Buffer.from(bytes.subarray(0, SHOWN_BYTES));
  const shown = start.toString(start[0] === 0x7b ? 'utf8' : 'hex');
  return bytes.byteLength > SHOWN_BYTES ? `${shown} ...` : shown;
};

/** Fields of metadata that are read before the whole object is checked. */
const TEXTS = ['name', 'generateName', 'namespace', 'uid', 'resourceVersion'];

const kindOf = (value: unknown): string =>
  Array.isArray(value) ? 'array' : value === true || value === false ? 'bool' : typeof value;

/** An object must at least say what it is. */
const asObject = (value: unknown, target: Target): KubeObject => {
  if (!isRecord(value)) throw badRequest('the body of the request must be an object');
  const expected = expectedKind(target);
  const kind = value['kind'] ?? expected.kind;
  const apiVersion = value['apiVersion'] ?? expected.apiVersion;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
    throw badRequest('apiVersion and kind of the object must be strings');
  }
  const metadata = value['metadata'] ?? {};
  if (!isRecord(metadata)) throw badRequest('metadata of the object must be an object');
  for (const field of TEXTS) {
    const text = metadata[field];
    if (text !== undefined && text !== null && typeof text !== 'string') {
      throw badRequest(
        `json: cannot unmarshal ${kindOf(text)} into Go struct field ObjectMeta.metadata.${field} of type string`,
      );
    }
  }
  return { ...value, apiVersion, kind, metadata: { ...metadata, name: metadata['name'] ?? '' } } as KubeObject;
};

/** The options in a body; undefined when there is none. */
export const decodeOptions = (mediaType: string, bytes: Uint8Array, kind: string): unknown => {
  if (bytes.byteLength === 0) return undefined;
  const { value } = decode(mediaType, bytes, { apiVersion: 'meta/v1', kind });
  if (isRecord(value) && value['kind'] !== undefined && value['kind'] !== kind) {
    throw badRequest(`expected ${kind}, not ${JSON.stringify(value['kind'])}`);
  }
  return value;
};

/** A patch is read as JSON whatever its type. */
export const decodePatch = (bytes: Uint8Array): unknown => parseJson(bytes).value;
