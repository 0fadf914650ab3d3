import { request as httpsRequest, Agent } from 'node:https';
import { loadKubeconfig } from '../../../src/cluster/client/kubeconfig.js';
import { ServerUnderTest } from '../../cluster/api/server-under-test.js';

export interface Question {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly code: number;
  /** Names and values in turn, as Node gives them. */
  readonly rawHeaders: readonly string[];
  readonly text: string;
}

/** An API server that cases are run against. */
export interface Server {
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

/** The one that a kubeconfig names. */
export const serverOf = async (kubeconfig: string): Promise<Server> => {
  const { server, token, ca, insecure, clientCertificate, clientKey } = await loadKubeconfig(kubeconfig);
  const agent = new Agent({
    keepAlive: true,
    rejectUnauthorized: insecure !== true,
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
    ...(clientKey === undefined ? {} : { key: clientKey }),
  });
  const credential = typeof token === 'function' ? await token() : token;
  return {
    ask: (question) => send(server, agent, credential, question),
    stop: () => {
      agent.destroy();
      return Promise.resolve();
    },
  };
};

/** Fairlead's API in this process, over HTTPS. */
export const startFairlead = async (): Promise<Server> => {
  const served = await ServerUnderTest.start(undefined, undefined, { serviceCidr: '10.0.0.0/24' });
  return {
    ask: (question) => send(served.server.url, served.agent, served.credentials.adminToken, question),
    stop: () => served.stop(),
  };
};

const send = (
  server: string,
  agent: Agent,
  token: string | undefined,
  { method, path, headers, body }: Question,
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const outgoing = httpsRequest(
      new URL(path, server),
      {
        method,
        agent,
        headers: {
          'user-agent': 'records',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
          ...headers,
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('error', reject);
        incoming.once('end', () =>
          resolve({
            code: incoming.statusCode ?? 0,
            rawHeaders: incoming.rawHeaders,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
