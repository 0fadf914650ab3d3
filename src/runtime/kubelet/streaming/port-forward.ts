import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../errors.js';
import type { SpdyStream } from './spdy/spdy-connection.js';
import { SpdyConnection } from './spdy/spdy-connection.js';

export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io';
/** Subprotocol of a WebSocket whose messages carry SPDY frames. */
export const TUNNEL_PROTOCOL = 'SPDY/3.1+portforward.k8s.io';

interface Pair {
  error?: SpdyStream;
  data?: SpdyStream;
}

/**
 * Forwards connections of a client to ports of a pod. The client opens two streams for each connection, told by the
 * headers `streamType`, `port` and `requestID`. Resolves when the client is gone.
 */
export const servePortForward = (
  transport: Duplex,
  dial: (port: number) => Promise<Duplex>,
  signal: AbortSignal,
): Promise<void> =>
  new Promise((resolve) => {
    const pairs = new Map<string, Pair>();
    const connection = new SpdyConnection(transport, (stream) => {
      const type = stream.headers.get('streamtype');
      const port = Number(stream.headers.get('port'));
      if ((type !== 'error' && type !== 'data') || !Number.isInteger(port) || port < 1 || port > 65_535) return false;
      // Old clients send no requestID; the streams of a connection then follow each other.
      const id = stream.headers.get('requestid') ?? String(type === 'error' ? stream.id : stream.id - 2);
      const pair = pairs.get(id) ?? {};
      pairs.set(id, pair);
      pair[type] = stream;
      if (pair.error !== undefined && pair.data !== undefined) {
        pairs.delete(id);
        void forward(pair.data, pair.error, port, dial);
      }
      return true;
    });
    const stop = (): void => connection.close();
    signal.addEventListener('abort', stop, { once: true });
    transport.once('close', () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
  });

const forward = async (
  data: SpdyStream,
  error: SpdyStream,
  port: number,
  dial: (port: number) => Promise<Duplex>,
): Promise<void> => {
  try {
    const target = await dial(port);
    target.on('error', () => undefined);
    const toPod = pipeline(data, target, { end: true });
    const toClient = pipeline(target, data, { end: true });
    await Promise.allSettled([toPod, toClient]);
    target.destroy();
    error.end();
  } catch (failure) {
    error.end(`an error occurred forwarding port ${port}: ${messageOf(failure)}`);
    data.destroy();
  }
};
