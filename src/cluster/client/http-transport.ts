import http from 'node:http';
import https from 'node:https';
import { ApiError } from '../../objects/api-error.js';
import type { Clock } from '../../objects/clock.js';
import { readJson, writeJson } from '../../objects/lossless-json.js';
import { statusError } from './api-status.js';
import type { ClusterConnection } from './connection.js';
import { timeoutSignal } from '../../objects/timeout-signal.js';

export interface HttpRequest {
  readonly method: string;
  /** Below the server's path, with its query: `/api/v1/pods?limit=500`. */
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export interface HttpTransportOptions {
  readonly clock: Clock;
  readonly userAgent?: string;
  /** Time for a whole request that is not a watch. Default 60 s. */
  readonly timeoutMs?: number;
  /** Largest answer that is read. Default 512 MiB. */
  readonly maxResponseBytes?: number;
  /** Connections kept to the server. Default 32. */
  readonly maxConnections?: number;
}

/** JSON over HTTP to one server, over connections that are kept open. Errors are ApiErrors. */
export interface HttpTransport {
  json(request: HttpRequest): Promise<unknown>;
  /** The answer of a watch, in pieces as they arrive. */
  stream(request: HttpRequest, signal: AbortSignal): AsyncIterable<Uint8Array>;
  close(): void;
}

/** Attempts at a request that the server asks to repeat later (429, 503 with Retry-After). */
const ATTEMPTS = 6;
const LONGEST_RETRY_AFTER_S = 30;

export const createHttpTransport = (connection: ClusterConnection, options: HttpTransportOptions): HttpTransport => {
  const maxResponseBytes = options.maxResponseBytes ?? 512 * 1024 * 1024;
  const agent = createAgent(connection, options.maxConnections ?? 32);
  const watchAgent = createAgent(connection, Number.POSITIVE_INFINITY);
  const send = sender(connection, options.userAgent ?? 'fairlead');

  const once = async (request: HttpRequest): Promise<unknown> => {
    const timeout = timeoutSignal(options.timeoutMs ?? 60_000);
    const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
    try {
      const response = await send(request, agent, signal);
      return decode(response, await readAll(response, maxResponseBytes));
    } catch (error) {
      throw asApiError(error, request, timeout);
    }
  };

  return {
    json: async (request) => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(request);
        } catch (error) {
          const retryInS = retryAfter(error, request.method, attempt);
          if (retryInS === undefined) throw error;
          await options.clock.sleep(retryInS * 1000, request.signal);
        }
      }
    },
    stream: async function* (request, signal) {
      let response: http.IncomingMessage | undefined;
      try {
        response = await send(request, watchAgent, signal);
        if (response.statusCode !== 200) decode(response, await readAll(response, 1024 * 1024));
        for await (const piece of response) yield piece as Uint8Array;
      } catch (error) {
        throw asApiError(error, request);
      } finally {
        response?.destroy();
      }
    },
    close: () => {
      agent.destroy();
      watchAgent.destroy();
    },
  };
};

/** Sends a request and resolves with the answer's head. */
const sender = (connection: ClusterConnection, userAgent: string) => {
  const base = new URL(connection.server);
  const prefix = base.pathname.replace(/\/$/, '');
  const address = {
    protocol: base.protocol,
    hostname: base.hostname.replace(/^\[|\]$/g, ''),
    port: base.port,
  };
  const { request: open } = isSecure(connection) ? https : http;
  return async (
    { method, path, accept = 'application/json', contentType = 'application/json', body }: HttpRequest,
    agent: http.Agent,
    signal: AbortSignal,
  ): Promise<http.IncomingMessage> => {
    const bytes = body === undefined ? undefined : Buffer.from(writeJson(body));
    const headers = {
      accept,
      'user-agent': userAgent,
      ...(await authorization(connection)),
      ...(bytes === undefined ? {} : { 'content-type': contentType, 'content-length': bytes.byteLength }),
    };
    return new Promise((resolve, reject) => {
      const outgoing = open({ ...address, path: prefix + path, method, headers, agent, signal }, resolve);
      outgoing.on('error', reject);
      outgoing.on('socket', (socket) => socket.setKeepAlive(true, 30_000));
      outgoing.end(bytes);
    });
  };
};

const isSecure = (connection: ClusterConnection): boolean => new URL(connection.server).protocol === 'https:';

const createAgent = (connection: ClusterConnection, maxSockets: number): http.Agent =>
  isSecure(connection)
    ? new https.Agent({
        keepAlive: true,
        maxSockets,
        ...(connection.ca === undefined ? {} : { ca: connection.ca }),
        ...(connection.insecure === true ? { rejectUnauthorized: false } : {}),
        ...(connection.serverName === undefined ? {} : { servername: connection.serverName }),
        ...(connection.clientCertificate === undefined ? {} : { cert: connection.clientCertificate }),
        ...(connection.clientKey === undefined ? {} : { key: connection.clientKey }),
      })
    : new http.Agent({ keepAlive: true, maxSockets });

const authorization = async (connection: ClusterConnection): Promise<Record<string, string>> => {
  const { token, username, password } = connection;
  if (token !== undefined) return { authorization: `Bearer ${typeof token === 'string' ? token : await token()}` };
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
};

const readAll = async (response: http.IncomingMessage, limit: number): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response) {
    const bytes = piece as Buffer;
    size += bytes.byteLength;
    if (size > limit) throw new ApiError('InternalError', `the server's answer is larger than ${limit} bytes`);
    pieces.push(bytes);
  }
  return Buffer.concat(pieces);
};

const decode = (response: http.IncomingMessage, bytes: Buffer): unknown => {
  const code = response.statusCode ?? 500;
  const text = bytes.toString('utf8');
  if (code < 400) return text === '' ? {} : parseJson(text);
  throw statusError(code, text, Number(response.headers['retry-after'] ?? Number.NaN));
};

const parseJson = (text: string): unknown => {
  try {
    return readJson(text);
  } catch (error) {
    const start = JSON.stringify(text.slice(0, 80));
    throw new ApiError('InternalError', `the server's answer is not JSON: ${start}: ${String(error)}`);
  }
};

/** Seconds after which to try again; undefined: do not. */
const retryAfter = (error: unknown, method: string, attempt: number): number | undefined => {
  if (!(error instanceof ApiError) || attempt >= ATTEMPTS) return undefined;
  const seconds = error.details.retryAfterSeconds;
  // What the server has refused without touching it may be repeated; a broken connection only for a read.
  if (error.code === 429 && seconds === undefined) return undefined;
  if (seconds !== undefined && (error.code === 429 || error.code === 503)) {
    return Math.min(seconds, LONGEST_RETRY_AFTER_S);
  }
  return method === 'GET' && attempt === 1 && isStaleConnection(error) ? 0 : undefined;
};

const isStaleConnection = (error: ApiError): boolean =>
  typeof error.cause === 'object' &&
  error.cause !== null &&
  'code' in error.cause &&
  (error.cause.code === 'ECONNRESET' || error.cause.code === 'EPIPE');

const asApiError = (error: unknown, request: HttpRequest, timeout?: AbortSignal): unknown => {
  if (error instanceof ApiError) return error;
  const what = `${request.method} ${request.path.replace(/\?.*/, '')}`;
  if (timeout?.aborted === true) return new ApiError('Timeout', `${what}: the server did not answer in time`);
  if (request.signal?.aborted === true) return error;
  const wrapped = new ApiError(
    'ServiceUnavailable',
    `${what}: ${error instanceof Error ? error.message : String(error)}`,
  );
  wrapped.cause = error;
  return wrapped;
};
