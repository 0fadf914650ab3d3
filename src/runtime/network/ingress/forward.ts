import type { Agent, IncomingMessage, RequestOptions, ServerResponse } from 'node:http';
import { request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import type { Target } from '../service-endpoints.js';
import { endToEndHeaders } from './headers.js';

/** A backend that does not take the connection within this time is passed over. */
const CONNECT_MS = 5000;
/** Tries for one request, however many endpoints there are. */
const MOST_TRIES = 6;
/** Repeating these changes nothing (RFC 9110, section 9.2.2), so they may be sent again when a connection broke. */
const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface Forward {
  readonly path: string;
  readonly headers: string[];
  /** Keeps connections to backends for requests that may be repeated. */
  readonly agent: Agent;
  /** The next endpoint to try; undefined when none is left that has not been tried. */
  next(tried: readonly Target[]): Target | undefined;
}

/** `sent`: the answer went out, whole or as far as it came. Otherwise nothing has been sent to the client. */
export type Outcome = { readonly result: 'sent' } | { readonly result: 'failed'; readonly error: Error | undefined };

type Attempt = Outcome | { readonly result: 'again'; readonly error: Error };

const hasBody = (request: IncomingMessage): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

/**
 * Passes a request on to one endpoint after the other until one takes it. A request is sent a second time only when
 * nothing of it can have been acted on: the connection was never made, or it may be repeated and has no body.
 */
export const forwardRequest = async (
  request: IncomingMessage,
  response: ServerResponse,
  forward: Forward,
): Promise<Outcome> => {
  const repeatable = REPEATABLE.has(request.method ?? '') && !hasBody(request);
  const tried: Target[] = [];
  let error: Error | undefined;
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    // When all have been tried, the one whose kept connection broke may still take a new one.
    const target = forward.next(tried) ?? (repeatable ? forward.next([]) : undefined);
    if (target === undefined) break;
    // After a failure a kept connection is not trusted.
    const agent = repeatable && attempt === 0 ? forward.agent : false;
    const outcome = await attemptOnce(request, response, target, forward, agent, repeatable);
    if (outcome.result !== 'again') return outcome;
    tried.push(target);
    error = outcome.error;
  }
  return { result: 'failed', error };
};

const optionsFor = (
  request: IncomingMessage,
  target: Target,
  forward: Forward,
  agent: Agent | false,
): RequestOptions => ({
  host: target.ip,
  port: target.port,
  method: request.method,
  path: forward.path,
  // Node takes a flat list, though its types do not say so.
  headers: forward.headers as unknown as Record<string, string>,
  agent,
  setHost: false,
});

const attemptOnce = (
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
  forward: Forward,
  agent: Agent | false,
  repeatable: boolean,
): Promise<Attempt> =>
  new Promise((resolve) => {
    let connected = false;
    const upstream = httpRequest(optionsFor(request, target, forward, agent));
    const timer = setTimeout(() => upstream.destroy(new Error('it does not take the connection')), CONNECT_MS);
    const onClientGone = (): void => {
      upstream.destroy();
    };
    const settle = (attempt: Attempt): void => {
      clearTimeout(timer);
      if (attempt.result === 'again') response.removeListener('close', onClientGone);
      resolve(attempt);
    };
    const onConnected = (): void => {
      connected = true;
      clearTimeout(timer);
      // Only now: a body that has been read cannot be sent to another endpoint.
      if (hasBody(request)) request.pipe(upstream);
      else upstream.end();
    };
    response.once('close', onClientGone);
    upstream.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', onConnected);
      else onConnected();
    });
    upstream.once('response', (answer) => {
      sendAnswer(answer, response);
      settle({ result: 'sent' });
    });
    upstream.on('error', (error) => {
      if (response.headersSent || response.destroyed) settle({ result: 'sent' });
      else settle(connected && !repeatable ? { result: 'failed', error } : { result: 'again', error });
    });
  });

const sendAnswer = (answer: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEndHeaders(answer));
  response.flushHeaders();
  // An answer that breaks off breaks the client's connection too: it must not look complete.
  pipeline(answer, response, (error) => {
    if (error !== undefined && error !== null) response.destroy();
  });
};

/**
 * Passes a request for another protocol (websockets) on to the first endpoint that takes the connection; then both
 * sides talk to each other. Resolves with whether one did.
 */
export const forwardUpgrade = async (
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  forward: Forward,
): Promise<boolean> => {
  const tried: Target[] = [];
  for (let attempt = 0; attempt < MOST_TRIES; attempt++) {
    const target = forward.next(tried);
    if (target === undefined) return false;
    if (await upgradeOnce(request, client, head, target, forward)) return true;
    tried.push(target);
  }
  return false;
};

const upgradeOnce = (
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  target: Target,
  forward: Forward,
): Promise<boolean> =>
  new Promise((resolve) => {
    const upstream = httpRequest(optionsFor(request, target, forward, false));
    const timer = setTimeout(() => upstream.destroy(new Error('it does not take the connection')), CONNECT_MS);
    upstream.once('upgrade', (answer, backend, backendHead) => {
      clearTimeout(timer);
      client.write(headText(answer, answer.rawHeaders));
      if (backendHead.length > 0) client.write(backendHead);
      if (head.length > 0) backend.write(head);
      pipeline(client, backend, () => backend.destroy());
      pipeline(backend, client, () => client.destroy());
      resolve(true);
    });
    upstream.once('response', (answer) => {
      clearTimeout(timer);
      // The backend wants no other protocol: its answer, then the end of the connection.
      client.write(headText(answer, [...endToEndHeaders(answer), 'Connection', 'close']));
      pipeline(answer, client, () => client.destroy());
      resolve(true);
    });
    upstream.once('error', () => {
      clearTimeout(timer);
      resolve(false);
    });
    client.once('close', () => upstream.destroy());
    upstream.end();
  });

const headText = (answer: IncomingMessage, headers: readonly string[]): string => {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  for (let index = 0; index + 1 < headers.length; index += 2) lines.push(`${headers[index]}: ${headers[index + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
};
