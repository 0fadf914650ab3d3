import { connect, type ClientHttp2Session } from 'node:http2';
import { Agent, request } from 'node:https';
import type { Target } from './target.js';

/** Many watches of one client. */
export interface WatchClient {
  /** Opens a watch; calls back when something arrives. Resolves when the server has answered. */
  watch(path: string, onData: () => void): Promise<void>;
  /** Ends all watches. */
  close(): void;
}

/** A connection for every watch. */
export const singly = ({ host, port, token }: Target): WatchClient => {
  const agent = new Agent({ rejectUnauthorized: false, maxSockets: Number.POSITIVE_INFINITY });
  const headers = { authorization: `Bearer ${token}` };
  return {
    watch: (path, onData) =>
      new Promise((resolve, reject) => {
        const sent = request({ host, port, path, agent, headers }, (answer) => {
          answer.on('data', onData);
          // Closed from this side.
          answer.on('error', () => undefined);
          resolve();
        });
        sent.once('error', reject);
        sent.end();
      }),
    close: () => agent.destroy(),
  };
};

/** What servers allow of requests on one connection. */
const STREAMS = 100;

/** A hundred watches on a connection, as the informers of client-go have them. */
export const together = ({ host, port, token }: Target): WatchClient => {
  const sessions: ClientHttp2Session[] = [];
  let streams = 0;
  return {
    watch: (path, onData) => {
      if (streams % STREAMS === 0) sessions.push(connect(`https://${host}:${port}`, { rejectUnauthorized: false }));
      streams += 1;
      const session = sessions.at(-1);
      return new Promise((resolve, reject) => {
        const stream = session?.request({ ':path': path, authorization: `Bearer ${token}` });
        stream?.once('error', reject).once('response', () => resolve());
        stream?.on('data', onData);
      });
    },
    close: () => sessions.forEach((session) => session.destroy()),
  };
};
