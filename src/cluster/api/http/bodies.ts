import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { ApiError } from '../../../objects/api-error.js';
import { writeJson } from '../../../objects/lossless-json.js';
import { JsonError, parseJsonStrict, type StrictJson } from '../../../objects/schema/strict-json.js';
import { badRequest } from '../status-errors.js';
import { nestsTooDeep } from '../../../objects/yaml-depth.js';

/** Most YAML that programs send is JSON. */
const tryJson = (text: string): StrictJson | undefined => {
  try {
    return parseJsonStrict(text);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
};

/** Requests larger than this are refused. */
export const BODY_LIMIT = 3 * 1024 * 1024;

/** The bytes of a request's body. Throws RequestEntityTooLarge. */
export const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > BODY_LIMIT) throw tooLarge();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, size);
};

const tooLarge = (): ApiError =>
  new ApiError('RequestEntityTooLarge', `Request entity too large: limit is ${BODY_LIMIT}`);

/** The media type of a request, without parameters; JSON when it does not say. */
export const mediaTypeOf = (request: IncomingMessage): string =>
  (request.headers['content-type'] ?? 'application/json').split(';', 1)[0]?.trim().toLowerCase() ?? '';

export const PROTOBUF = 'application/vnd.kubernetes.protobuf';

export const unsupportedMediaType = (accepted: readonly string[]): ApiError =>
  new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

/** Text that must be UTF-8. Throws BadRequest. */
export const utf8 = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw badRequest('the body of the request is not UTF-8');
  }
};

/** What may be an integer that no number holds. */
const LONG_NUMBER = /\d{16}/;

/** YAML as an API object is written in. Aliases that multiply are refused. */
export const parseYamlBody = (bytes: Uint8Array): StrictJson => {
  const text = utf8(bytes);
  if (/^\s*\{/.test(text)) {
    const json = tryJson(text);
    if (json !== undefined) return json;
  }
  try {
    if (nestsTooDeep(text)) throw badRequest('error converting YAML to JSON: yaml: exceeded max depth');
    const value: unknown = parse(text, {
      maxAliasCount: 100,
      merge: true,
      uniqueKeys: false,
      intAsBigInt: LONG_NUMBER.test(text),
    });
    return parseJsonStrict(writeJson(value ?? null));
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw badRequest(`error converting YAML to JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
};
