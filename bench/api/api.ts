/**
 * The API server under load, over HTTPS and with a durable store: writes per second with 1, 10 and 100 clients beside
 * the puts of an etcd on the same disk, lists of 10,000 pods, fan-out to 1,000 watches, and the start with many objects.
 *
 *     node --import tsx bench/api/api.ts [--objects 100000]
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv, execPath, stdout } from 'node:process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { measureEtcd } from './etcd-peer.js';

interface Target {
  readonly port: number;
  readonly token: string;
  readonly startMs: number;
  readonly objects: number;
}

interface Running extends Target {
  readonly process: ChildProcess;
  readonly lines: Interface;
}

const SERVER = fileURLToPath(new URL('api-under-load.ts', import.meta.url));

const startServer = async (folder: string): Promise<Running> => {
  const child = spawn(execPath, ['--import', 'tsx', SERVER, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  return { ...(JSON.parse(line) as Target), process: child, lines };
};

const stopServer = async ({ process }: Running): Promise<void> => {
  const ended = once(process, 'exit');
  process.kill('SIGTERM');
  await ended;
};

interface Call {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly accept?: string;
}

/** One request; resolves with the size of the answer. */
const call = ({ port, token }: Target, agent: Agent, { method = 'GET', path, body, accept }: Call): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(accept === undefined ? {} : { accept }),
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    };
    const sent = request({ host: '127.0.0.1', port, path, method, agent, headers }, (answer) => {
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
      });
      answer.once('end', () =>
        (answer.statusCode ?? 500) < 300 ? resolve(size) : reject(new Error(`${method} ${path}: ${answer.statusCode}`)),
      );
    });
    sent.once('error', reject);
    sent.end(body);
  });

const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;

const newAgent = (sockets: number): Agent =>
  new Agent({ keepAlive: true, maxSockets: sockets, rejectUnauthorized: false });

/** Runs `work` for every index with so many at once; says how many a second, and how long each took. */
const load = async (clients: number, total: number, work: (index: number) => Promise<unknown>) => {
  const times: number[] = [];
  let next = 0;
  const start = performance.now();
  const client = async (): Promise<void> => {
    while (next < total) {
      const index = next;
      next += 1;
      const before = performance.now();
      await work(index);
      times.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - start) / 1000;
  times.sort((a, b) => a - b);
  return { perSecond: Math.round(total / seconds), p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
};

const say = (text: string): void => {
  stdout.write(`${text}\n`);
};

const row = (what: string, { perSecond, p50, p99 }: { perSecond: number; p50: number; p99: number }): void =>
  say(`${what.padEnd(34)} ${String(perSecond).padStart(7)}/s   p50 ${p50.toFixed(1)} ms   p99 ${p99.toFixed(1)} ms`);

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

const configMap = (name: string, data: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { data } });

const writes = async (target: Target): Promise<void> => {
  for (const clients of [1, 10, 100]) {
    const agent = newAgent(clients);
    const total = clients === 1 ? 1000 : clients * 100;
    const name = (index: number): string => `c${clients}-${index}`;
    // Connections are made before the clock starts.
    await load(clients, clients, () => call(target, agent, { path: '/version' }));
    row(
      `create, ${clients} clients`,
      await load(clients, total, (index) =>
        call(target, agent, { method: 'POST', path: CONFIG_MAPS, body: configMap(name(index), 'x'.repeat(1000)) }),
      ),
    );
    row(
      `update, ${clients} clients`,
      await load(clients, total, (index) =>
        call(target, agent, {
          method: 'PUT',
          path: `${CONFIG_MAPS}/${name(index)}`,
          body: configMap(name(index), 'y'.repeat(1000)),
        }),
      ),
    );
    row(
      `delete, ${clients} clients`,
      await load(clients, total, (index) =>
        call(target, agent, { method: 'DELETE', path: `${CONFIG_MAPS}/${name(index)}` }),
      ),
    );
    agent.destroy();
  }
};

const pod = (name: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'web', tier: 'front' } },
    spec: {
      containers: [
        {
          name: 'web',
          image: 'example.com/web:1.2.3',
          ports: [{ containerPort: 8080 }],
          env: [{ name: 'MODE', value: 'production' }],
          resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
        },
      ],
    },
  });

const PODS = '/api/v1/namespaces/default/pods';

const lists = async (target: Target): Promise<void> => {
  const agent = newAgent(50);
  const filled = await load(50, 10_000, (index) =>
    call(target, agent, { method: 'POST', path: PODS, body: pod(`p${index}`) }),
  );
  row('create of pods, 50 clients', filled);
  const forms: readonly (readonly [string, string])[] = [
    ['JSON', 'application/json'],
    ['Table', 'application/json;as=Table;v=v1;g=meta.k8s.io'],
    ['metadata', 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'],
  ];
  for (const [form, accept] of forms) {
    const { p50 } = await load(1, 5, () => call(target, agent, { path: PODS, accept }));
    const size = await call(target, agent, { path: PODS, accept });
    say(`list of 10,000 pods as ${form.padEnd(10)} ${p50.toFixed(0).padStart(7)} ms   ${(size / 1e6).toFixed(1)} MB`);
  }
  agent.destroy();
};

/** Opens a watch on ConfigMaps; calls back with the time at which each line arrived. */
const openWatch = (target: Target, agent: Agent, onLine: () => void): Promise<() => void> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${target.token}` };
    const path = `${CONFIG_MAPS}?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dfan`;
    const sent = request({ host: '127.0.0.1', port: target.port, path, agent, headers }, (answer) => {
      answer.on('data', onLine);
      resolve(() => sent.destroy());
    });
    sent.once('error', reject);
    sent.end();
  });

const fanOut = async (target: Target, watches: number): Promise<void> => {
  const agent = new Agent({ rejectUnauthorized: false, maxSockets: Number.POSITIVE_INFINITY });
  let arrivals: number[] = [];
  let wake = (): void => undefined;
  const closers: (() => void)[] = [];
  for (let opened = 0; opened < watches; opened += 50) {
    const batch = Array.from({ length: Math.min(50, watches - opened) }, () =>
      openWatch(target, agent, () => {
        arrivals.push(performance.now());
        if (arrivals.length >= watches) wake();
      }),
    );
    closers.push(...(await Promise.all(batch)));
  }
  const writer = newAgent(1);
  const worst: number[] = [];
  const all: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    arrivals = [];
    const done = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const method = round === 0 ? 'POST' : 'PUT';
    const path = round === 0 ? CONFIG_MAPS : `${CONFIG_MAPS}/fan`;
    const before = performance.now();
    await call(target, writer, { method, path, body: configMap('fan', String(round)) });
    await done;
    worst.push(Math.max(...arrivals) - before);
    all.push(...arrivals.map((at) => at - before));
  }
  for (const close of closers) close();
  writer.destroy();
  agent.destroy();
  all.sort((a, b) => a - b);
  say(
    `one change to ${watches} watches: p50 ${percentile(all, 0.5).toFixed(0)} ms, p99 ${percentile(all, 0.99).toFixed(0)} ms, ` +
      `last ${Math.max(...worst).toFixed(0)} ms after the request began`,
  );
};

const memoryOf = async ({ process, lines }: Running): Promise<number> => {
  process.kill('SIGUSR2');
  const [line] = (await once(lines, 'line')) as [string];
  return (JSON.parse(line) as { memory: number }).memory;
};

const main = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const objects = Number(argv[argv.indexOf('--objects') + 1]) || 100_000;
  try {
    const first = await startServer(folder);
    say(`start, empty: ${first.startMs.toFixed(0)} ms`);
    const before = await memoryOf(first);
    await writes(first);
    say(await measureEtcd(folder));
    await lists(first);
    await fanOut(first, 1000);
    const agent = newAgent(100);
    const present = 10_000;
    await load(100, objects - present, (index) =>
      call(first, agent, { method: 'POST', path: CONFIG_MAPS, body: configMap(`m${index}`, 'z'.repeat(500)) }),
    );
    agent.destroy();
    const after = await memoryOf(first);
    say(`memory: ${(before / 1e6).toFixed(0)} MB empty, ${(after / 1e6).toFixed(0)} MB with ${objects} objects`);
    await stopServer(first);
    const second = await startServer(folder);
    say(`start with ${second.objects} objects: ${second.startMs.toFixed(0)} ms`);
    await stopServer(second);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

await main();
