import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Http2ServerRequest, type ServerHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';

/** Requests that may be under way on one connection, as in Kubernetes; clients open another for more. */
const MOST_STREAMS = 100;
/** Bytes of a body that a client sends before it waits to hear that they were read. */
const WINDOW_BYTES = 256 * 1024;
/** Megabytes that the answers of one connection may wait in; beyond that Node refuses streams. */
const MOST_WAITING = 1000;
/** Lines of headers, and bytes of them in `settings`. */
const MOST_HEADERS = 1000;

/** HTTP/2: many requests at once on one connection, as client-go sends them. */
export interface Multiplexer {
  /** Serves a connection whose client has chosen the protocol. */
  serve(socket: Duplex): void;
  /** Takes no more requests; connections end with those that are under way. */
  close(): void;
}

/** Node's HTTP/2 requests and responses do for us what those of HTTP/1 do; `isGone` and `connectionOf` know the rest. */
export const createMultiplexer = (
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  headerBytes: number,
): Multiplexer => {
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer({
    settings: { maxConcurrentStreams: MOST_STREAMS, initialWindowSize: WINDOW_BYTES, maxHeaderListSize: headerBytes },
    maxSessionMemory: MOST_WAITING,
    maxHeaderListPairs: MOST_HEADERS,
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.setLocalWindowSize(WINDOW_BYTES * MOST_STREAMS);
    session.once('close', () => sessions.delete(session));
  });
  // A connection that breaks ends its requests, and concerns nobody else.
  server.on('sessionError', () => undefined);
  server.on('request', (request, response) =>
    handle(request as unknown as IncomingMessage, response as unknown as ServerResponse),
  );
  return {
    serve: (socket) => {
      server.once('session', (session) => sockets.set(session, socket));
      server.emit('connection', socket);
    },
    close: () => sessions.forEach((session) => session.close()),
  };
};

/** The connections of sessions: what Node shows of them is only a stand-in. */
const sockets = new WeakMap<ServerHttp2Session, Duplex>();

type Streamed = Partial<Pick<Http2ServerRequest, 'stream'>>;

/** The connection that a request came on, with others perhaps. */
export const connectionOf = (request: IncomingMessage): Duplex => {
  const session = (request as Streamed).stream?.session as ServerHttp2Session | undefined;
  return (session && sockets.get(session)) ?? request.socket;
};

/** Whether the client gave up in the middle of its body, which then merely ends. */
export const wasCutOff = (request: IncomingMessage): boolean => (request as Streamed).stream?.aborted === true;

/** Whether a body follows the headers. */
export const hasBody = (request: IncomingMessage): boolean =>
  (request as Streamed).stream === undefined
    ? request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
    : (request as Streamed).stream?.endAfterHeaders === false;

/** Whether nobody reads the answer any more. */
export const isGone = (response: ServerResponse): boolean =>
  response.destroyed || response.closed || (response as Streamed).stream?.destroyed === true;
