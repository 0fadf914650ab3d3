import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import { ApiError } from '../../../objects/api-error.js';
import type { KeyedCertificate } from '../../auth/certificates.js';
import type { Api } from '../api.js';
import { internal } from '../status-errors.js';
import { errorAnswer } from './error-answer.js';
import { createMultiplexer, hasBody, type Multiplexer } from './multiplexer.js';
import { createRequestHandler, type RequestHandler } from './request-handler.js';
import type { Traffic } from './traffic/traffic.js';

export interface ApiServerOptions {
  readonly api: Api;
  readonly log: Logger;
  /** PEM. Client certificates that it signed are believed. */
  readonly authority: string;
  /** PEM, of authorities whose client certificates are believed as well. */
  readonly clientAuthorities?: string;
  readonly certificate: KeyedCertificate;
  /** Addresses of pods that the proxy may lead to although they are the machine's own. Default: none. */
  readonly isPodAddress?: (address: string) => boolean;
  /** Counts and limits requests. Default: by itself; listeners of one server share theirs. */
  readonly traffic?: Traffic;
}

/** The API over HTTPS. */
export interface ApiServer {
  /** `https://127.0.0.1:6443` */
  readonly url: string;
  readonly port: number;
  /** Ends watches, waits for other requests under way, and releases the port. */
  close(): Promise<void>;
}

/** Idle connections are kept for long: clients come back. */
const KEEP_ALIVE_MS = 120_000;
const HEADERS_MS = 32_000;
/** As Kubernetes allows; certificates and tokens with many groups are long. */
const HEADER_BYTES = 1024 * 1024;
/** What streams have to end by themselves when the server closes, and what ordinary requests have. */
const STREAMS_END_MS = 1000;
const REQUESTS_END_MS = 10_000;
/** How long a request is still read that nobody wants. */
const UNWANTED_MS = 500;

/** Listens on an address; port 0 takes a free one. */
export const startApiServer = async (
  options: ApiServerOptions,
  listen: { readonly host: string; readonly port: number },
): Promise<ApiServer> => {
  const closing = new AbortController();
  EventEmitter.setMaxListeners(0, closing.signal);
  const handler = createRequestHandler(options, closing.signal);
  const server = createServer({
    cert: options.certificate.certificate,
    key: options.certificate.key,
    ca: [options.authority, ...(options.clientAuthorities === undefined ? [] : [options.clientAuthorities])],
    requestCert: true,
    // A request without a certificate may still show a token.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['h2', 'http/1.1'],
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: HEADERS_MS,
    // Watches and followed logs last for hours.
    requestTimeout: 0,
    maxHeaderSize: HEADER_BYTES,
  });
  const multiplexer = createMultiplexer((request, response) => {
    void answer(handler, options.log, request, response);
  }, HEADER_BYTES);
  serveByProtocol(server, multiplexer);
  const sockets = trackSockets(server);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void answer(handler, options.log, request, response);
    response.once('finish', () => {
      if (closing.signal.aborted) server.closeIdleConnections();
    });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    handler.upgrade(request, socket, head).catch((error: unknown) => refuseUpgrade(socket, error, options.log));
  });
  server.on('clientError', refuseUnread);
  server.listen(listen.port, listen.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `https://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`,
    close: async () => {
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      multiplexer.close();
      const timers = [
        setTimeout(() => destroyAll([...sockets].filter((socket) => !handler.busy.has(socket))), STREAMS_END_MS),
        setTimeout(() => destroyAll(sockets), REQUESTS_END_MS),
      ];
      for (const timer of timers) timer.unref();
      await closed;
      timers.forEach(clearTimeout);
    },
  };
};

/** What cannot be read as a request is answered in the words of Go's HTTP server. */
const refuseUnread = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  // More of what was refused already.
  if (socket.writableEnded) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`);
  // The rest of it goes by unread; closing at once would take the answer away with it.
  socket.removeAllListeners('data').on('data', () => undefined);
  setTimeout(() => socket.destroy(), UNWANTED_MS).unref();
};

/** Connections whose clients have chosen HTTP/2 go to the multiplexer, the others to Node's own listener. */
const serveByProtocol = (server: Server, multiplexer: Multiplexer): void => {
  const listeners = server.listeners('secureConnection') as ((socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') multiplexer.serve(socket);
    else for (const listener of listeners) listener.call(server, socket);
  });
};

/** Upgraded connections are no longer the server's; they are ended with it all the same. */
const trackSockets = (server: Server): ReadonlySet<Duplex> => {
  const sockets = new Set<Duplex>();
  server.on('secureConnection', (socket: Duplex) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
};

const destroyAll = (sockets: Iterable<Duplex>): void => {
  for (const socket of sockets) socket.destroy();
};

const answer = async (
  handler: RequestHandler,
  log: Logger,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  try {
    await handler.request(request, response);
  } catch (error) {
    sendError(response, error, log, request);
  }
};

/** Writes an error as a Status. What is no ApiError is a bug: it is logged whole, and the client learns that much. */
const sendError = (response: ServerResponse, error: unknown, log: Logger, request: IncomingMessage): void => {
  if (response.destroyed) return;
  if (!(error instanceof ApiError))
    log.error({ err: error, method: request.method, url: pathOf(request) }, 'request failed');
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = error instanceof ApiError ? error : internal('the request could not be served');
  const { headers, body } = errorAnswer(status, request);
  const isUnread = hasBody(request) && !request.complete;
  // What is left of its body would be taken for the next request.
  if (isUnread && request.httpVersionMajor === 1) response.setHeader('Connection', 'close');
  response.writeHead(status.code, { ...headers, 'content-length': body.byteLength });
  if (isUnread) endWhenRead(request, response, body);
  else response.end(body);
};

/**
 * Closing a connection with something unread on it resets it, and the client would lose the answer over what it is still
 * sending: that is read for a moment first.
 */
const endWhenRead = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
  response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, UNWANTED_MS).unref();
  request.once('end', end).once('close', end).resume();
};

/** The path without its query, which may hold what logs should not. */
const pathOf = ({ url = '' }: IncomingMessage): string => url.split('?', 1)[0] ?? '';

/** A failed upgrade is answered and closed: no connection stays open behind it. */
const refuseUpgrade = (socket: Duplex, error: unknown, log: Logger): void => {
  if (!(error instanceof ApiError)) log.error({ err: error }, 'upgrade failed');
  const status = error instanceof ApiError ? error : internal('the request could not be served');
  const body = JSON.stringify(status.toStatus());
  const head = [
    `HTTP/1.1 ${status.code} ${status.reason}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
};
