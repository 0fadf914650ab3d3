import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { stringify } from 'yaml';
import type { KindRef } from '../../../objects/kind.js';
import { readJson, writeJson } from '../../../objects/lossless-json.js';
import { encodeProtobuf } from '../../../objects/protobuf/protobuf.js';
import { ProtobufError } from '../../../objects/protobuf/wire-reader.js';
import { notAcceptable, type Negotiated } from './negotiation.js';

const compress = promisify(gzip);

/** Answers below this size are not worth compressing. */
const GZIP_FROM = 128 * 1024;

export interface Answer {
  readonly code: number;
  /** JSON, written as it is or, when YAML was asked for, translated. */
  readonly body: unknown;
  /** `body` as JSON bytes, where they are ready. */
  readonly bytes?: readonly Uint8Array[];
}

/** Writes an answer in the form that was negotiated. */
export const sendAnswer = async (
  request: IncomingMessage,
  response: ServerResponse,
  { code, body, bytes }: Answer,
  { format }: Pick<Negotiated, 'format'>,
): Promise<void> => {
  if (format === 'yaml') {
    const value: unknown = body ?? readJson(Buffer.concat(bytes ?? []).toString('utf8'));
    await sendBytes(request, response, code, 'application/yaml', [Buffer.from(yamlOf(value))]);
    return;
  }
  if (format === 'protobuf') {
    const value = body ?? readJson(Buffer.concat(bytes ?? []).toString('utf8'));
    await sendBytes(request, response, code, 'application/vnd.kubernetes.protobuf', [protobufOf(value)]);
    return;
  }
  const parts = isForPeople(request)
    ? [Buffer.from(writeJson(body ?? readJson(Buffer.concat(bytes ?? []).toString('utf8')), 2))]
    : (bytes ?? [Buffer.from(writeJson(body))]);
  await sendBytes(request, response, code, 'application/json', parts);
};

/** Whether JSON is indented: as `pretty` asks, else for browsers and the tools that people ask by hand with. */
export const isForPeople = ({ url = '', headers }: IncomingMessage): boolean => {
  const asked = /[?&]pretty=([^&]+)/.exec(url)?.[1];
  if (asked !== undefined) return /^(?:1|t|true)$/i.test(asked);
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(headers['user-agent'] ?? '');
};

/** YAML in the manner of Go: keys in order, lists not indented, texts in quotes that YAML 1.1 takes for something else. */
export const yamlOf = (value: unknown): string =>
  stringify(value, {
    version: '1.1',
    aliasDuplicateObjects: false,
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 0,
  });

/** An object as protobuf. Throws NotAcceptable for kinds that have no such form. */
export const protobufOf = (value: unknown): Uint8Array => {
  const object = value as KindRef & Readonly<Record<string, unknown>>;
  try {
    return encodeProtobuf(object);
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    throw notAcceptable();
  }
};

/** Writes bytes, compressed when they are many and the client reads that. */
export const sendBytes = async (
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  contentType: string,
  parts: readonly Uint8Array[],
  caching = 'no-cache, private',
): Promise<void> => {
  const headers = { 'content-type': contentType, 'cache-control': caching };
  const size = parts.reduce((sum, part) => sum + part.byteLength, 0);
  const compressed = size >= GZIP_FROM && /(?:^|[,\s])gzip(?:$|[,;\s])/.test(acceptedEncodings(request));
  if (compressed) {
    const packed = await compress(Buffer.concat(parts), { level: constants.Z_BEST_SPEED });
    response.writeHead(code, {
      ...headers,
      'content-encoding': 'gzip',
      'content-length': packed.byteLength,
      vary: 'Accept-Encoding',
    });
    response.end(request.method === 'HEAD' ? undefined : packed);
    return;
  }
  response.writeHead(code, { ...headers, 'content-length': size });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const [only] = parts;
  response.end(parts.length === 1 ? only : Buffer.concat(parts, size));
};

const acceptedEncodings = ({ headers }: IncomingMessage): string => [headers['accept-encoding'] ?? ''].flat().join(',');

/** Warnings that a client shows to its user, as `Warning` headers. */
export const addWarnings = (response: ServerResponse, warnings: readonly string[]): void => {
  if (warnings.length === 0 || response.headersSent) return;
  const lines = [...new Set(warnings)].map((text) => `299 - "${headerText(text)}"`);
  response.setHeader('Warning', lines);
};

/** A text as a quoted string of a header: escaped, without control characters, in Latin-1. */
const headerText = (text: string): string =>
  Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || code === 0x7f) return ' ';
    return code > 0xff ? '?' : character;
  })
    .join('')
    .replaceAll(/[\\"]/g, String.raw`\$&`)
    .slice(0, 4096);
