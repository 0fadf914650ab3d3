import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { findExecutable } from '../../test/components/components.js';

const PORT = 23_790;
const CLIENTS = 100;
const PUTS = 10_000;

/** Puts per second of an etcd on the same disk, through its HTTP gateway with as many clients and bytes. */
export const measureEtcd = async (folder: string): Promise<string> => {
  const etcd = findExecutable('etcd');
  if (etcd === undefined) return 'etcd: not on this machine (Debian: etcd-server), no peer measured';
  const url = `http://127.0.0.1:${PORT}`;
  const options = ['--data-dir', `${folder}/etcd`, '--listen-client-urls', url, '--advertise-client-urls', url];
  const peers = ['--listen-peer-urls', `http://127.0.0.1:${PORT + 1}`, '--log-level', 'error'];
  const child = spawn(etcd, [...options, ...peers], { stdio: 'ignore' });
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  try {
    for (let tries = 0; tries < 50; tries += 1) {
      const up = await put(agent, 'probe', 'x').then(
        () => true,
        () => false,
      );
      if (up) break;
      await delay(100);
    }
    const value = 'x'.repeat(1300);
    let next = 0;
    const start = performance.now();
    const client = async (): Promise<void> => {
      while (next < PUTS) {
        next += 1;
        await put(agent, `key-${next}`, value);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    const perSecond = Math.round(PUTS / ((performance.now() - start) / 1000));
    return `etcd, put, ${CLIENTS} clients: ${perSecond}/s (over its HTTP gateway, without TLS)`;
  } finally {
    agent.destroy();
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
};

const put = (agent: Agent, key: string, value: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const encode = (text: string): string => Buffer.from(text).toString('base64');
    const body = JSON.stringify({ key: encode(key), value: encode(value) });
    const options = { host: '127.0.0.1', port: PORT, path: '/v3/kv/put', method: 'POST', agent };
    const sent = request(options, (answer) => {
      answer.resume();
      answer.once('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`etcd: ${answer.statusCode}`)),
      );
    });
    sent.once('error', reject);
    sent.end(body);
  });
