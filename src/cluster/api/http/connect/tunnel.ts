import type {
  ClientRequest,
  IncomingHttpHeaders,
  IncomingMessage,
  OutgoingHttpHeaders,
  ServerResponse,
} from 'node:http';
import { request as httpRequest, STATUS_CODES } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline, type Duplex } from 'node:stream';
import { ApiError } from '../../../../objects/api-error.js';

/** Where a request is passed on to. */
export interface Destination {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** With its query. */
  readonly path: string;
  /** Added to the headers of the request: credentials of the server's own. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** PEM: who must have signed the certificate; anybody when absent. */
  readonly authority?: string;
  /** Instead of that: how the other side is told by its name, and this one by its certificate. */
  readonly tls?: PeerTls;
}

export interface PeerTls {
  readonly servername: string;
  readonly rejectUnauthorized: boolean;
  /** PEM; the machine's authorities when absent. */
  readonly ca?: Buffer;
  readonly cert?: string;
  readonly key?: string;
}

/** Headers of an answer that say how it comes to us, not what it is. HTTP/2 knows none of them. */
const OF_ONE_CONNECTION = /^(?:connection|keep-alive|proxy-connection|te|transfer-encoding|upgrade|http2-settings)$/;

/** Headers of one connection, and those that are the client's secrets. */
const DROPPED =
  /^(?::.*|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|authorization|cookie|impersonate-.*|x-remote-.*|host|content-length)$/;
const BEARER_PROTOCOL = /base64url\.bearer\.authorization\.k8s\.io\.[\w-]+,?\s*/g;

const passedHeaders = (headers: IncomingHttpHeaders): Record<string, string | string[]> => {
  const passed: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || DROPPED.test(name)) continue;
    passed[name] = name === 'sec-websocket-protocol' ? String(value).replaceAll(BEARER_PROTOCOL, '') : value;
  }
  return passed;
};

const open = (request: IncomingMessage, to: Destination, more: Record<string, string>): ClientRequest => {
  const options = {
    host: to.host,
    port: to.port,
    path: to.path,
    method: request.method ?? 'GET',
    headers: { ...passedHeaders(request.headers), ...more, ...to.headers } as OutgoingHttpHeaders,
    agent: false as const,
  };
  if (!to.secure) return httpRequest(options);
  const { authority, tls } = to;
  if (tls !== undefined) return httpsRequest({ ...options, ...tls });
  // The address comes from the object of the node, not from a name that a certificate could hold.
  return httpsRequest({
    ...options,
    rejectUnauthorized: authority !== undefined,
    checkServerIdentity: () => undefined,
    ...(authority === undefined ? {} : { ca: authority }),
  });
};

const unreachable = (error: Error): ApiError =>
  new ApiError('ServiceUnavailable', `error trying to reach service: ${error.message}`);

/** Passes a request on and its answer back, both as streams. Rejects when nothing answers. */
export const forward = (request: IncomingMessage, response: ServerResponse, to: Destination): Promise<void> =>
  new Promise((resolve, reject) => {
    const length = request.headers['content-length'];
    const upstream = open(request, to, length === undefined ? {} : { 'content-length': length });
    upstream.once('error', (error) => (response.headersSent ? response.destroy() : reject(unreachable(error))));
    upstream.once('response', (answer) => {
      const headers = Object.entries(answer.headers).filter(([name]) => !OF_ONE_CONNECTION.test(name));
      response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
      response.flushHeaders();
      pipeline(answer, response, () => resolve());
    });
    response.once('close', () => {
      upstream.destroy();
      resolve();
    });
    request.pipe(upstream);
  });

/**
 * Passes an upgrade on. When the other side agrees, both connections become one pipe; when it does not, its answer goes
 * back and both are closed: nothing stays open behind a failed upgrade. Rejects when nothing answers.
 */
export const forwardUpgrade = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  to: Destination,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const upstream = open(request, to, { connection: 'Upgrade', upgrade: request.headers.upgrade ?? '' });
    let isAnswered = false;
    socket.once('close', () => {
      upstream.destroy();
      resolve();
    });
    upstream.once('error', (error) => (isAnswered ? socket.destroy() : reject(unreachable(error))));
    upstream.once('response', (answer) => {
      isAnswered = true;
      refuse(socket, answer);
      resolve();
    });
    upstream.once('upgrade', (answer, remote, remoteHead) => {
      isAnswered = true;
      if (socket.destroyed) {
        remote.destroy();
        resolve();
        return;
      }
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${rawHeaders(answer)}\r\n`);
      if (remoteHead.length > 0) socket.write(remoteHead);
      if (head.length > 0) remote.write(head);
      join(socket, remote);
      resolve();
    });
    upstream.end();
  });

const join = (one: Duplex, other: Duplex): void => {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.once('error', () => to.destroy());
    // What came before an orderly end is still on its way.
    from.once('close', () => (from.readableEnded ? destroyWhenSent(to) : to.destroy()));
    from.pipe(to);
  }
};

const destroyWhenSent = (stream: Duplex): void => {
  if (stream.writableFinished) stream.destroy();
  else stream.once('finish', () => stream.destroy());
};

const rawHeaders = ({ rawHeaders: raw }: IncomingMessage): string => {
  let text = '';
  for (let index = 0; index + 1 < raw.length; index += 2) text += `${raw[index]}: ${raw[index + 1]}\r\n`;
  return text;
};

/** Answers of a refusal beyond this are cut off. */
const REFUSAL_LIMIT = 64 * 1024;

const refuse = (socket: Duplex, answer: IncomingMessage): void => {
  const chunks: Buffer[] = [];
  let size = 0;
  answer.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= REFUSAL_LIMIT) chunks.push(chunk);
    else answer.destroy();
  });
  answer.once('close', () => {
    const body = Buffer.concat(chunks);
    const code = answer.statusCode ?? 502;
    const type = answer.headers['content-type'] ?? 'text/plain';
    const top = `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? 'Error'}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    socket.end(Buffer.concat([Buffer.from(top), body]));
  });
};
