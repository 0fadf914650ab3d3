import { Agent, request } from 'node:https';

/** A server under load, and who asks it. */
export interface Target {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** Where the metrics of an etcd behind it are: `http://127.0.0.1:2379/metrics`. */
  readonly storeMetrics?: URL;
}

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly accept?: string;
}

const send = ({ host, port, token }: Target, agent: Agent, call: Call): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const { method = 'GET', path, body, accept } = call;
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(accept === undefined ? {} : { accept }),
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    };
    const sent = request({ host, port, path, method, agent, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('end', () =>
        (answer.statusCode ?? 500) < 300
          ? resolve(Buffer.concat(chunks))
          : reject(
              new Error(`${method} ${path}: ${answer.statusCode} ${Buffer.concat(chunks).toString('utf8', 0, 500)}`),
            ),
      );
    });
    sent.once('error', reject);
    sent.end(body);
  });

/** One request; resolves with the size of the answer. */
export const call = async (target: Target, agent: Agent, what: Call): Promise<number> =>
  (await send(target, agent, what)).byteLength;

export const newAgent = (sockets: number): Agent =>
  new Agent({ keepAlive: true, maxSockets: sockets, rejectUnauthorized: false });

export interface Usage {
  readonly cpuSeconds: number;
  readonly memory: number;
}

const usageIn = (metrics: string): Usage => {
  const value = (name: string): number => Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics)?.[1] ?? 0);
  return { cpuSeconds: value('process_cpu_seconds_total'), memory: value('process_resident_memory_bytes') };
};

/** What a server and the etcd behind it have used until now, by their own metrics. */
export const usageOf = async (target: Target): Promise<Usage> => {
  const agent = newAgent(1);
  try {
    const own = usageIn((await send(target, agent, { path: '/metrics' })).toString('utf8'));
    if (target.storeMetrics === undefined) return own;
    const store = usageIn(await (await fetch(target.storeMetrics)).text());
    return { cpuSeconds: own.cpuSeconds + store.cpuSeconds, memory: own.memory + store.memory };
  } finally {
    agent.destroy();
  }
};
