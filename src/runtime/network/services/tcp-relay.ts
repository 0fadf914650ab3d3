import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { Target } from '../service-endpoints.js';

/** An endpoint that does not take the connection within this time is passed over. */
const CONNECT_MS = 5000;
const MOST_TRIES = 6;

/** Picks the endpoint for a client's connection; undefined when none is left. */
export type PickTarget = (client: string, tried: readonly Target[]) => Target | undefined;

/** A listener that passes its connections on to endpoints. */
export interface TcpRelay {
  readonly port: number;
  close(): void;
}

/** Listens on `host:port` and passes each connection on to an endpoint that takes it. Rejects when it cannot listen. */
export const listenAndRelay = (host: string, port: number, pick: PickTarget): Promise<TcpRelay> =>
  new Promise((resolve, reject) => {
    const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      client.on('error', () => client.destroy());
      void relay(client, pick);
    });
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        // Connections that are open go on.
        close: () => server.close(),
      });
    });
  });

const relay = async (client: Socket, pick: PickTarget): Promise<void> => {
  const tried: Target[] = [];
  for (let attempt = 0; attempt < MOST_TRIES && !client.destroyed; attempt++) {
    const target = pick(client.remoteAddress ?? '', tried);
    if (target === undefined) break;
    const backend = await dial(target);
    if (backend !== undefined) {
      join(client, backend);
      return;
    }
    tried.push(target);
  }
  // As if nobody listened.
  client.resetAndDestroy();
};

const dial = (target: Target): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const backend = connect({ host: target.ip, port: target.port, allowHalfOpen: true });
    const fail = (): void => {
      backend.destroy();
      resolve(undefined);
    };
    backend.setTimeout(CONNECT_MS, fail);
    backend.once('error', fail);
    backend.once('connect', () => {
      backend.setTimeout(0);
      backend.removeListener('error', fail);
      resolve(backend);
    });
  });

const join = (client: Socket, backend: Socket): void => {
  backend.on('error', () => client.resetAndDestroy());
  client.on('close', () => backend.destroy());
  backend.on('close', () => client.destroySoon());
  client.pipe(backend);
  backend.pipe(client);
  client.resume();
};
