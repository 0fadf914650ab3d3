import type { IncomingMessage, RequestOptions } from 'node:http';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { GitHttpRequest, GitHttpResponse, HttpClient } from 'isomorphic-git';
import { SourceError } from './errors.js';
import { withoutCredentials } from './repository-url.js';
import { timeoutSignal } from '../../objects/timeout-signal.js';

/** How a server's identity is checked, and ours shown. */
export interface TlsOptions {
  /** Accept any certificate. */
  readonly insecure?: boolean;
  /** PEM certificates to trust besides the system's. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface GitHttpOptions {
  readonly tls?: TlsOptions;
  /** Milliseconds without a byte until a request counts as lost. */
  readonly idleTimeoutMs: number;
  /** Milliseconds for one request altogether. */
  readonly totalTimeoutMs: number;
  /** Bytes of one response. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Told when a body ends before its time: isomorphic-git takes that for the end and complains of something else. */
  readonly onBodyFailure?: (error: SourceError) => void;
}

const MAX_REDIRECTS = 5;
const CREDENTIAL_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization']);

/**
 * The HTTP transport for isomorphic-git, with limits on time and size. A redirect to another origin loses the
 * credentials, and one from https to http is refused.
 */
export const gitHttpClient = (options: GitHttpOptions): HttpClient => ({
  request: async (wanted: GitHttpRequest): Promise<GitHttpResponse> => {
    const body = await collect(wanted.body);
    let url = new URL(wanted.url);
    let headers: Record<string, string> = { 'user-agent': 'git/fairlead', ...wanted.headers };
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await send(url, wanted.method ?? 'GET', headers, body, options);
      const status = response.statusCode ?? 0;
      const location = response.headers.location;
      if (![301, 302, 303, 307, 308].includes(status) || location === undefined) {
        return {
          url: url.toString(),
          method: wanted.method ?? 'GET',
          statusCode: status,
          statusMessage: response.statusMessage ?? '',
          headers: response.headers as Record<string, string>,
          body: limited(response, url, options) as AsyncIterableIterator<Uint8Array>,
        };
      }
      response.destroy();
      const next = new URL(location, url);
      headers = headersAfterRedirect(url, next, headers);
      url = next;
    }
    throw new SourceError('unreachable', `Cannot read ${shown(url)}: more than ${MAX_REDIRECTS} redirects`);
  },
});

/** What may be sent on to the place that a redirect names. Throws when nothing may. */
const headersAfterRedirect = (from: URL, to: URL, headers: Record<string, string>): Record<string, string> => {
  if (to.protocol !== 'https:' && to.protocol !== from.protocol) {
    throw new SourceError(
      'unreachable',
      `Cannot read ${shown(from)}: it redirects to ${to.protocol}, which is refused`,
    );
  }
  if (to.origin === from.origin) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIAL_HEADERS.has(name.toLowerCase())));
};

const shown = (url: URL): string => withoutCredentials(`${url.origin}${url.pathname}`);

const send = (
  url: URL,
  method: string,
  headers: Record<string, string>,
  body: Buffer | undefined,
  options: GitHttpOptions,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const { insecure, ca, cert, key } = options.tls ?? {};
    const wanted: RequestOptions = {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-length': String(body.length) },
      agent: secure
        ? new HttpsAgent({
            rejectUnauthorized: insecure !== true,
            ...(ca === undefined ? {} : { ca }),
            ...(cert === undefined ? {} : { cert }),
            ...(key === undefined ? {} : { key }),
          })
        : new HttpAgent(),
      signal: AbortSignal.any([options.signal, timeoutSignal(options.totalTimeoutMs)]),
    };
    const request = (secure ? httpsRequest : httpRequest)(url, wanted, (response) => {
      response.setTimeout(options.idleTimeoutMs, () => response.destroy(timedOut(url, options.idleTimeoutMs)));
      resolve(response);
    });
    request.setTimeout(options.idleTimeoutMs, () => request.destroy(timedOut(url, options.idleTimeoutMs)));
    request.on('error', (error) => {
      reject(sourceErrorOf(error, url, options));
    });
    request.end(body);
  });

const timedOut = (url: URL, ms: number): SourceError =>
  new SourceError('timeout', `Cannot read ${shown(url)}: no answer within ${ms / 1000} s`);

const sourceErrorOf = (error: Error & { code?: string }, url: URL, options: GitHttpOptions): Error => {
  if (error instanceof SourceError) return error;
  if (options.signal.aborted) return error;
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return timedOut(url, options.totalTimeoutMs);
  const reason = error.message === '' ? (error.code ?? 'no connection') : error.message;
  return new SourceError('unreachable', `Cannot read ${shown(url)}: ${reason}`, { cause: error });
};

async function* limited(response: IncomingMessage, url: URL, options: GitHttpOptions): AsyncGenerator<Uint8Array> {
  const { maxBytes, totalTimeoutMs } = options;
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        throw new SourceError('too-large', `Cannot read ${shown(url)}: the answer is larger than ${maxBytes} bytes`);
      }
      yield chunk;
    }
  } catch (error) {
    const { name, message } = error as Error;
    const late = name === 'AbortError' || name === 'TimeoutError';
    const failure =
      error instanceof SourceError
        ? error
        : late
          ? timedOut(url, totalTimeoutMs)
          : new SourceError('unreachable', `Cannot read ${shown(url)}: ${message}`, { cause: error });
    options.onBodyFailure?.(failure);
    throw failure;
  } finally {
    response.destroy();
  }
}

const collect = async (body: GitHttpRequest['body']): Promise<Buffer | undefined> => {
  if (body === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
};
