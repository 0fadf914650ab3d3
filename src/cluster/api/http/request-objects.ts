import type { ApiError } from '../../../objects/api-error.js';
import { isRecord } from '../../../objects/json.js';
import type { KubeObject } from '../../../objects/object.js';
import { JsonError, parseJsonStrict, type StrictJson } from '../../../objects/schema/strict-json.js';
import { versionOf, type KindRef } from '../../../objects/kind.js';
import { decodeProtobuf } from '../../../objects/protobuf/protobuf.js';
import { ProtobufError } from '../../../objects/protobuf/wire-reader.js';
import type { Target } from '../request.js';
import { badRequest, invalid } from '../status-errors.js';
import { PROTOBUF, unsupportedMediaType, utf8 } from './bodies.js';
import { parseYamlBody, YamlError } from './yaml-bodies.js';

const READABLE = ['application/json', 'application/yaml', PROTOBUF];

/** The object in a request's body, and the keys that occurred in it twice. */
export const decodeObject = (mediaType: string, bytes: Uint8Array, target: Target): DecodedBody => {
  const expected = expectedKind(target);
  const { value, duplicates } = decode(mediaType === '' ? 'application/json' : mediaType, bytes, expected);
  return { object: asObject(value, { target, expected, bytes }), duplicates };
};

/** The object of a server-side apply, which is YAML and must say what it is. */
export const decodeApplied = (bytes: Uint8Array, target: Target): DecodedBody => {
  const expected = expectedKind(target);
  const { value, duplicates } = parseApplied(bytes);
  const fields = isRecord(value) ? value : {};
  const { kind = '', apiVersion = '' } = fields;
  if (kind === '' || apiVersion === '') {
    const [group, version] =
      typeof apiVersion === 'string' && apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    throw badRequest(`invalid object type: ${String(group)}/${String(version)}, Kind=${String(kind)}`);
  }
  return { object: asObject(fields, { target, expected, bytes }), duplicates };
};

const parseApplied = (bytes: Uint8Array): StrictJson => {
  try {
    const parsed = parseYamlBody(bytes);
    if (parsed.value === null || isRecord(parsed.value)) return parsed;
    const into = 'Go value of type map[string]interface {}';
    const why = `json: cannot unmarshal ${kindOf(parsed.value)} into ${into}`;
    throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
  }
};

export interface DecodedBody {
  readonly object: KubeObject;
  readonly duplicates: readonly string[];
}

const decode = (mediaType: string, bytes: Uint8Array, expected: KindRef): StrictJson => {
  if (mediaType === 'application/json') return parseJson(bytes, expected);
  if (mediaType === 'application/yaml') return parseYaml(bytes, expected);
  if (mediaType === PROTOBUF) return { value: parseProtobuf(bytes, expected), duplicates: [] };
  throw unsupportedMediaType(READABLE);
};

const unrecognized = ({ kind }: KindRef, why: string, bytes: Uint8Array): ApiError =>
  badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${beginningOf(bytes)})`);

const parseYaml = (bytes: Uint8Array, expected: KindRef): StrictJson => {
  try {
    return parseYamlBody(bytes);
  } catch (error) {
    throw error instanceof YamlError ? unrecognized(expected, error.message, bytes) : error;
  }
};

const parseProtobuf = (bytes: Uint8Array, expected: KindRef): unknown => {
  try {
    return decodeProtobuf(bytes, expected);
  } catch (error) {
    if (error instanceof ProtobufError) throw unrecognized(expected, error.message, bytes);
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
    throw expected === undefined ? badRequest(fault) : unrecognized(expected, fault, bytes);
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
  Array.isArray(value)
    ? 'array'
    : typeof value === 'boolean'
      ? 'bool'
      : typeof value === 'bigint'
        ? 'number'
        : typeof value;

interface Sent {
  readonly target: Target;
  readonly expected: KindRef;
  readonly bytes: Uint8Array;
}

/** The struct in which Kubernetes looks for the type of an object first. */
const TYPE_META = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;

/** An object must at least say what it is, and where. */
const asObject = (value: unknown, sent: Sent): KubeObject => {
  const { target, expected, bytes } = sent;
  const { custom } = target.resource;
  if (value !== null && !isRecord(value)) throw notTyped(`Go value of type ${TYPE_META}`, value, sent);
  const fields = value ?? {};
  for (const name of ['kind', 'apiVersion']) {
    const text = fields[name] ?? '';
    if (typeof text !== 'string') throw notTyped(`Go struct field .${name} of type string`, text, sent);
  }
  const kind = (fields['kind'] ?? '') as string;
  const apiVersion = (fields['apiVersion'] ?? '') as string;
  if (apiVersion.split('/').length > 2)
    throw unrecognized(expected, `unexpected GroupVersion string: ${apiVersion}`, bytes);
  if (custom && target.subresource !== 'scale') {
    checkCustomType({ kind, apiVersion }, sent, (fields['metadata'] as { name?: unknown } | null | undefined)?.name);
  }
  const own = {
    apiVersion: apiVersion === '' ? expected.apiVersion : apiVersion,
    kind: kind === '' ? expected.kind : kind,
  };
  const metadata = metadataOf(own, fields['metadata'], custom);
  return { ...own, ...fields, ...own, metadata } as KubeObject;
};

const notTyped = (into: string, value: unknown, { expected, bytes }: Sent): ApiError =>
  unrecognized(
    expected,
    `couldn't get version/kind; json parse error: json: cannot unmarshal ${kindOf(value)} into ${into}`,
    bytes,
  );

const checkCustomType = ({ kind, apiVersion }: KindRef, { target, expected, bytes }: Sent, name: unknown): void => {
  if (kind === '') {
    throw unrecognized(expected, `Object 'Kind' is missing in '${Buffer.from(bytes).toString('utf8')}'`, bytes);
  }
  const { resource } = target;
  if (apiVersion !== resource.apiVersion) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${resource.apiVersion})`,
    );
  }
  if (kind === resource.kind) return;
  const message = `Invalid value: ${JSON.stringify(kind)}: must be ${resource.kind}`;
  throw invalid({ group: resource.group, kind }, typeof name === 'string' ? name : '', [
    { reason: 'FieldValueInvalid', field: 'kind', message },
  ]);
};

const metadataOf = ({ apiVersion, kind }: KindRef, value: unknown, custom: boolean): KubeObject['metadata'] => {
  const refuse = (wrong: unknown, into: string): ApiError =>
    badRequest(
      `${kind} in version "${versionOf(apiVersion)}" cannot be handled as a ${kind}: ` +
        `json: cannot unmarshal ${kindOf(wrong)} into ${into}`,
    );
  const metadata = value ?? {};
  if (!isRecord(metadata)) {
    throw refuse(value, `${custom ? 'Go value' : `Go struct field ${kind}.metadata`} of type v1.ObjectMeta`);
  }
  for (const field of TEXTS) {
    const text = metadata[field] ?? '';
    const path = custom ? field : `metadata.${field}`;
    if (typeof text !== 'string') throw refuse(text, `Go struct field ObjectMeta.${path} of type string`);
  }
  return { ...metadata, name: metadata['name'] ?? '' } as KubeObject['metadata'];
};

/** The options in a body; undefined when there is none. */
export const decodeOptions = (mediaType: string, bytes: Uint8Array, kind: string): unknown => {
  if (bytes.byteLength === 0) return undefined;
  const { value } =
    mediaType === 'application/json' ? parseJson(bytes) : decode(mediaType, bytes, { apiVersion: 'meta/v1', kind });
  if (value !== null && !isRecord(value)) {
    const wrong = `json: cannot unmarshal ${kindOf(value)} into Go value of type ${TYPE_META}`;
    throw badRequest(`couldn't get version/kind; json parse error: ${wrong}`);
  }
  if (isRecord(value) && typeof value['kind'] === 'string' && value['kind'] !== kind) {
    const version = typeof value['apiVersion'] === 'string' ? value['apiVersion'] : '';
    const scheme = 'k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27';
    throw badRequest(`no kind "${value['kind']}" is registered for version "${version}" in scheme "${scheme}"`);
  }
  return value;
};

/** A patch is read as JSON whatever its type. Throws BadRequest. */
export const decodePatch = (bytes: Uint8Array, type: 'json' | 'merge' | 'strategic'): unknown => {
  try {
    return parseJsonStrict(utf8(bytes)).value;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw badRequest(type === 'strategic' ? error.message : `error decoding patch: ${error.message}`);
  }
};
