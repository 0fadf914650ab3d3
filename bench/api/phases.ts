import { load, percentile, type Load } from './load.js';
import { call, newAgent, usageOf, type Target } from './target.js';
import type { WatchClient } from './watches.js';

/** What a phase found out of one server: numbers by what they are, in the unit of their name. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: '/s' | 'ms' | 's' | 'MB' | 'kB';
}

/** The same work for each server. */
export interface Phase {
  readonly name: string;
  run(target: Target): Promise<readonly Figure[]>;
}

const figuresOf = (what: string, { perSecond, p50, p99 }: Load): readonly Figure[] => [
  { what, value: perSecond, unit: '/s' },
  { what: `${what}, p50`, value: p50, unit: 'ms' },
  { what: `${what}, p99`, value: p99, unit: 'ms' },
];

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';

const configMap = (name: string, data: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { data } });

export const writes = (clients: number): Phase => ({
  name: `${clients} ${clients === 1 ? 'client' : 'clients'}`,
  run: async (target) => {
    const agent = newAgent(clients);
    const total = clients === 1 ? 1000 : clients * 100;
    const name = (index: number): string => `c${clients}-${index}`;
    // Connections are made before the clock starts.
    await load(clients, clients, () => call(target, agent, { path: '/version' }));
    const create = await load(clients, total, (index) =>
      call(target, agent, { method: 'POST', path: CONFIG_MAPS, body: configMap(name(index), 'x'.repeat(1000)) }),
    );
    const update = await load(clients, total, (index) =>
      call(target, agent, {
        method: 'PUT',
        path: `${CONFIG_MAPS}/${name(index)}`,
        body: configMap(name(index), 'y'.repeat(1000)),
      }),
    );
    const remove = await load(clients, total, (index) =>
      call(target, agent, { method: 'DELETE', path: `${CONFIG_MAPS}/${name(index)}` }),
    );
    agent.destroy();
    return [...figuresOf('create', create), ...figuresOf('update', update), ...figuresOf('delete', remove)];
  },
});

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

export const PODS_MADE = 10_000;

export const fillWithPods: Phase = {
  name: 'pods, 50 clients',
  run: async (target) => {
    const agent = newAgent(50);
    const filled = await load(50, PODS_MADE, (index) =>
      call(target, agent, { method: 'POST', path: PODS, body: pod(`p${index}`) }),
    );
    agent.destroy();
    return figuresOf('create', filled);
  },
};

const FORMS: readonly (readonly [string, string])[] = [
  ['JSON', 'application/json'],
  ['Table', 'application/json;as=Table;v=v1;g=meta.k8s.io'],
  ['metadata', 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'],
];

export const lists: Phase = {
  name: 'list of 10,000 pods',
  run: async (target) => {
    const agent = newAgent(1);
    const figures: Figure[] = [];
    for (const [form, accept] of FORMS) {
      const { p50 } = await load(1, 5, () => call(target, agent, { path: PODS, accept }));
      const size = await call(target, agent, { path: PODS, accept });
      figures.push({ what: form, value: p50, unit: 'ms' }, { what: `${form}, size`, value: size / 1e6, unit: 'MB' });
    }
    agent.destroy();
    return figures;
  },
};

/** Changes that are told before the clock starts, and those that count. */
const WARM_ROUNDS = 5;
const ROUNDS = 20;

const WATCHED = `${CONFIG_MAPS}?watch=true&resourceVersion=0&fieldSelector=metadata.name%3Dfan`;

export const fanOut = (watches: number, clientOf: (target: Target) => WatchClient, protocol: string): Phase => ({
  name: `one change to ${watches} watches over ${protocol}`,
  run: async (target) => {
    const client = clientOf(target);
    const before = await usageOf(target);
    let arrivals: number[] = [];
    let wake = (): void => undefined;
    for (let opened = 0; opened < watches; opened += 50) {
      const batch = Array.from({ length: Math.min(50, watches - opened) }, () =>
        client.watch(WATCHED, () => {
          arrivals.push(performance.now());
          if (arrivals.length >= watches) wake();
        }),
      );
      await Promise.all(batch);
    }
    const opened = await usageOf(target);
    const writer = newAgent(1);
    const change = async (round: number): Promise<readonly number[]> => {
      arrivals = [];
      const done = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const [method, path] = round === 0 ? ['POST', CONFIG_MAPS] : ['PUT', `${CONFIG_MAPS}/fan`];
      const began = performance.now();
      await call(target, writer, { method, path, body: configMap('fan', String(round)) });
      await done;
      return arrivals.map((at) => at - began);
    };
    for (let round = 0; round < WARM_ROUNDS; round += 1) await change(round);
    const warm = await usageOf(target);
    const all: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) all.push(...(await change(WARM_ROUNDS + round)));
    const told = await usageOf(target);
    client.close();
    await call(target, writer, { method: 'DELETE', path: `${CONFIG_MAPS}/fan` });
    writer.destroy();
    all.sort((a, b) => a - b);
    return [
      { what: 'p50', value: percentile(all, 0.5), unit: 'ms' },
      { what: 'p99', value: percentile(all, 0.99), unit: 'ms' },
      { what: 'CPU of a change', value: ((told.cpuSeconds - warm.cpuSeconds) / ROUNDS) * 1000, unit: 'ms' },
      { what: 'CPU of opening a watch', value: ((opened.cpuSeconds - before.cpuSeconds) / watches) * 1000, unit: 'ms' },
      { what: 'memory of a watch', value: (opened.memory - before.memory) / watches / 1e3, unit: 'kB' },
    ];
  },
});

/** Fills the server up with ConfigMaps until it has so many objects, the pods of the lists included. */
export const fill = (objects: number): Phase => ({
  name: `filled up to ${objects} objects`,
  run: async (target) => {
    const before = (await usageOf(target)).memory;
    const agent = newAgent(100);
    const missing = objects - PODS_MADE;
    const filled = await load(100, missing, (index) =>
      call(target, agent, { method: 'POST', path: CONFIG_MAPS, body: configMap(`m${index}`, 'z'.repeat(500)) }),
    );
    agent.destroy();
    const after = (await usageOf(target)).memory;
    return [
      { what: 'create', value: filled.perSecond, unit: '/s' },
      { what: 'resident memory', value: after / 1e6, unit: 'MB' },
      { what: 'resident memory of an object', value: (after - before) / missing / 1e3, unit: 'kB' },
    ];
  },
});

/** Runs a phase and adds the CPU time that the server took for it. */
export const measured = async (phase: Phase, target: Target): Promise<readonly Figure[]> => {
  const before = await usageOf(target);
  const figures = await phase.run(target);
  const { cpuSeconds } = await usageOf(target);
  return [...figures, { what: 'CPU of the server', value: cpuSeconds - before.cpuSeconds, unit: 's' }];
};
