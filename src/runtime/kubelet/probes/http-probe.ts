import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { HTTPHeader } from '../../../objects/kinds/core-v1.js';
import type { ProbeResult } from './probe-handler.js';
import { failure, success } from './probe-handler.js';
import { timeoutSignal } from '../../../objects/timeout-signal.js';

const MOST_BODY_BYTES = 10 * 1024;
const MOST_REDIRECTS = 10;
export const PROBE_USER_AGENT = 'kube-probe/1.35';

interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly location: string | undefined;
  readonly body: string;
}

/**
 * GETs the address: 200 to 399 is a success. Redirects on the same host are followed; one to another host is a success
 * in itself. Certificates are not checked, as with every kubelet.
 */
export const probeHttp = async (
  url: URL,
  headers: readonly HTTPHeader[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeResult> => {
  const limited = AbortSignal.any([signal, timeoutSignal(timeoutMs)]);
  let target = url;
  try {
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const answer = await get(target, headers, limited);
      const next = redirectOf(answer, target);
      if (next === undefined) return judge(answer);
      if (next.hostname !== url.hostname) return success(`Probe terminated redirects, Response body: ${answer.body}`);
      target = next;
    }
    return failure(`Get "${target.href}": stopped after ${MOST_REDIRECTS} redirects`);
  } catch (error) {
    if (signal.aborted) throw error;
    return failure(`Get "${url.href}": ${limited.aborted ? timedOut : networkError(error)}`);
  }
};

const timedOut = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';

const judge = (answer: Answer): ProbeResult =>
  answer.status >= 200 && answer.status < 400
    ? success(answer.body)
    : failure(`HTTP probe failed with statuscode: ${answer.status}`);

const redirectOf = (answer: Answer, from: URL): URL | undefined => {
  if (![301, 302, 303, 307, 308].includes(answer.status) || answer.location === undefined) return undefined;
  try {
    const target = new URL(answer.location, from);
    return target.protocol === 'http:' || target.protocol === 'https:' ? target : undefined;
  } catch {
    return undefined;
  }
};

/** A failed connection in the words that users of Kubernetes know. */
export const networkError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const dial =
    address === undefined ? 'dial tcp' : `dial tcp ${address.includes(':') ? `[${address}]` : address}:${port}`;
  switch (code) {
    case 'ECONNREFUSED':
      return `${dial}: connect: connection refused`;
    case 'EHOSTUNREACH':
      return `${dial}: connect: no route to host`;
    case 'ETIMEDOUT':
      return `${dial}: i/o timeout`;
    case 'ECONNRESET':
      return 'read: connection reset by peer';
    default:
      return error.message;
  }
};

const requestHeaders = (url: URL, headers: readonly HTTPHeader[]): Record<string, string> => {
  const given = Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), value]));
  return { host: url.host, 'user-agent': PROBE_USER_AGENT, accept: '*/*', connection: 'close', ...given };
};

const get = (url: URL, headers: readonly HTTPHeader[], signal: AbortSignal): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const options = { method: 'GET', headers: requestHeaders(url, headers), signal, agent: false };
    const receive = (response: IncomingMessage): void => {
      readStart(response)
        .then((body) => {
          resolve({
            status: response.statusCode ?? 0,
            statusText: response.statusMessage ?? '',
            location: response.headers.location,
            body,
          });
        })
        .catch(reject)
        .finally(() => response.destroy());
    };
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, rejectUnauthorized: false }, receive)
        : httpRequest(url, options, receive);
    request.on('error', reject);
    request.end();
  });

/** The beginning of the body: enough to show, however much is sent. */
const readStart = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MOST_BODY_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MOST_BODY_BYTES).toString('utf8');
};
