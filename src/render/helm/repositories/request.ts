import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { ChartError } from '../chart/chart-error.js';

export interface RepositoryAccess {
  readonly username?: string;
  readonly password?: string;
  /** Give the credentials to every host that the repository names, as `--pass-credentials` does. */
  readonly passCredentials?: boolean;
  /** PEM of the authorities, the client's certificate and its key. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecureSkipTlsVerify?: boolean;
  /** Use HTTP for OCI registries. */
  readonly plainHttp?: boolean;
  readonly signal?: AbortSignal;
}

export interface Response {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly url: URL;
}

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** `authorization` for the origin of the first address only. */
  readonly authorization?: string | undefined;
  readonly maxBytes: number;
}

const MAX_REDIRECTS = 10;
const TIMEOUT_MS = 120_000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export const basicAuthorization = ({ username, password }: RepositoryAccess): string | undefined =>
  username === undefined || username === ''
    ? undefined
    : `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;

/** Whether two addresses are of the same scheme, host and port: only then do they share credentials. */
export const isSameOrigin = (a: URL, b: URL): boolean => a.origin === b.origin;

/** GET with a limit on the body. Credentials are not carried to another origin. Throws ChartError. */
export const get = async (address: string, access: RepositoryAccess, options: RequestOptions): Promise<Response> => {
  const first = parseUrl(address);
  let url = first;
  for (let turn = 0; turn <= MAX_REDIRECTS; turn++) {
    const mayAuthorize = isSameOrigin(first, url) || access.passCredentials === true;
    const authorization = mayAuthorize ? options.authorization : undefined;
    const response = await getOnce(url, access, { ...options, authorization });
    const location = response.headers.location;
    if (!REDIRECTS.has(response.status) || location === undefined) return response;
    const next = new URL(location, url);
    if (url.protocol === 'https:' && next.protocol === 'http:') {
      throw new ChartError(`${url.href} redirects to an address without TLS: ${next.href}`);
    }
    url = next;
  }
  throw new ChartError(`${address}: more than ${MAX_REDIRECTS} redirects`);
};

const parseUrl = (address: string): URL => {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw new ChartError(`${address} is no address`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ChartError(`scheme ${JSON.stringify(url.protocol.slice(0, -1))} not supported`);
  }
  return url;
};

const getOnce = (url: URL, access: RepositoryAccess, options: RequestOptions): Promise<Response> =>
  new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, {
      timeout: TIMEOUT_MS,
      headers: {
        'user-agent': 'fairlead',
        ...options.headers,
        ...(options.authorization === undefined ? {} : { authorization: options.authorization }),
      },
      ...(access.signal === undefined ? {} : { signal: access.signal }),
      ...(access.ca === undefined ? {} : { ca: access.ca }),
      ...(access.cert === undefined ? {} : { cert: access.cert }),
      ...(access.key === undefined ? {} : { key: access.key }),
      rejectUnauthorized: access.insecureSkipTlsVerify !== true,
    });
    const fail = (error: Error): void =>
      reject(new ChartError(`Get "${url.origin}${url.pathname}": ${networkProblem(error, url)}`));
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', fail);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > options.maxBytes) response.destroy(new Error(`the answer has more than ${options.maxBytes} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', fail);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          statusText: response.statusMessage ?? '',
          headers: response.headers,
          body: Buffer.concat(chunks),
          url,
        }),
      );
    });
    request.end();
  });

/** What Go says of common troubles. */
const networkProblem = (error: Error & { code?: string }, { hostname, host, port, protocol }: URL): string => {
  if (error.code === 'ECONNREFUSED') {
    const address = port === '' ? `${host}:${protocol === 'https:' ? 443 : 80}` : host;
    return `dial tcp ${address}: connect: connection refused`;
  }
  if (error.code === 'ENOTFOUND') return `dial tcp: lookup ${hostname}: no such host`;
  if (error.code === 'EPROTO' && error.message.includes('wrong version number')) {
    return 'http: server gave HTTP response to HTTPS client';
  }
  return error.message;
};

/** The body, or a ChartError for every status but success. */
export const bodyOf = (response: Response): Buffer => {
  if (response.status >= 200 && response.status < 300) return response.body;
  throw new ChartError(
    `failed to fetch ${response.url.origin}${response.url.pathname} : ${response.status} ${response.statusText}`,
  );
};
