import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../../objects/api-error.js';
import { badRequest } from '../status-errors.js';
import { wasCutOff } from './multiplexer.js';

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
  if (wasCutOff(request)) throw badRequest('unexpected EOF');
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
