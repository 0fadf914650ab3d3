import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Api, ApiOptions } from '../../../src/cluster/api/api.js';
import { createApi } from '../../../src/cluster/api/api.js';
import { ADMIN_USER, staticToken } from '../../../src/cluster/auth/authenticator.js';
import type { Client } from '../../../src/cluster/client/client.js';
import { createInformerSet } from '../../../src/cluster/client/informer-set.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';
import type { Clock } from '../../../src/objects/clock.js';
import { systemClock } from '../../../src/objects/clock.js';
import { Event, Pod } from '../../../src/objects/kinds/core-v1.js';
import type { KindOf } from '../../../src/objects/kind.js';
import type { KubeObject, ObjectKey } from '../../../src/objects/object.js';
import type { ContainerRuntime } from '../../../src/runtime/containers/container-runtime.js';
import { createSimulatedRuntime } from '../../../src/runtime/containers/simulated/simulated-runtime.js';
import type { Kubelet, KubeletOptions } from '../../../src/runtime/kubelet/kubelet.js';
import { startKubelet } from '../../../src/runtime/kubelet/kubelet.js';
import type { VolumeManager } from '../../../src/runtime/volumes/volume-manager.js';

export const log = pino({ level: process.env['LOG_LEVEL'] ?? 'silent' });

/** Whoever shows it over HTTP may do everything. */
export const ADMIN_TOKEN = 'the-admin-token';

/** A cluster in memory: the API and one kubelet. */
export interface TestCluster {
  readonly api: Api;
  readonly client: Client;
  readonly runtime: ContainerRuntime;
  readonly folder: string;
  kubelet: Kubelet;
  /** Creates a pod that is assigned to the node. */
  run(name: string, spec: Partial<Pod['spec']>, metadata?: Partial<Pod['metadata']>): Promise<Pod>;
  /** The pod once the condition holds. */
  until(name: string, condition: (pod: Pod) => boolean): Promise<Pod>;
  untilGone(name: string): Promise<void>;
  events(name: string): Promise<readonly string[]>;
  /** As a crash of the process does it: everything stops but the containers. */
  restartKubelet(meanwhile?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Volumes that are never there. */
const noVolumes: VolumeManager = {
  mountAll: () => Promise.resolve({ mounts: () => Promise.resolve([]) }),
  refresh: () => Promise.resolve(),
  unmountAll: () => Promise.resolve(),
  mountedPods: () => Promise.resolve([]),
  close: () => undefined,
};

export interface ClusterOptions extends Partial<Omit<KubeletOptions, 'runtime' | 'volumes'>> {
  readonly runtime?: (folder: string) => ContainerRuntime;
  readonly volumes?: (client: Client, folder: string) => VolumeManager;
  readonly clock?: Clock;
  /** How the API server speaks to the kubelet. */
  readonly kubelets?: NonNullable<ApiOptions['kubelets']>;
}

export const waitFor = async <T extends KubeObject>(
  client: Client,
  kind: KindOf<T>,
  key: ObjectKey,
  condition: (object: T | undefined) => boolean,
): Promise<T | undefined> => {
  const found = await client.get(kind, key);
  if (condition(found)) return found;
  const stop = new AbortController();
  try {
    const options = { fieldSelector: `metadata.name=${key.name}` };
    const scope = key.namespace === undefined ? {} : { namespace: key.namespace };
    for await (const event of client.watch(kind, { ...scope, ...options }, stop.signal)) {
      if (event.type === 'bookmark') {
        if (event.initialEventsEnd && condition(undefined) && (await client.get(kind, key)) === undefined)
          return undefined;
        continue;
      }
      const object = event.type === 'deleted' ? undefined : event.object;
      if (condition(object)) return object;
    }
  } finally {
    stop.abort();
  }
  throw new Error(`the watch of ${key.name} ended`);
};

export const startTestCluster = async (options: ClusterOptions = {}): Promise<TestCluster> => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-kubelet-'));
  const clock = options.clock ?? systemClock;
  const whole = new AbortController();
  const api = createApi({
    store: createMemoryStore(),
    log,
    clock,
    disabledPlugins: ['ServiceAccount', 'TaintNodesByCondition'],
    tokenChecks: [staticToken(ADMIN_TOKEN, ADMIN_USER)],
    ...(options.kubelets === undefined ? {} : { kubelets: options.kubelets }),
  });
  await api.start(whole.signal);
  const client = api.client();
  const runtime = options.runtime?.(folder) ?? createSimulatedRuntime({ clock });
  const { runtime: _runtime, volumes: _volumes, kubelets: _kubelets, ...rest } = options;
  let life = new AbortController();
  const start = (): Promise<Kubelet> => {
    life = new AbortController();
    const volumes = options.volumes?.(client, folder) ?? noVolumes;
    const informers = createInformerSet(client, { log, clock });
    const own = { client, informers, runtime, volumes, nodeName: 'n1', rootFolder: folder, clock, log };
    return startKubelet({ ...own, ...rest }, life.signal);
  };
  const key = (name: string): ObjectKey => ({ namespace: 'default', name });
  const cluster: TestCluster = {
    api,
    client,
    runtime,
    folder,
    kubelet: await start(),
    run: (name, spec, metadata) =>
      client.create<Pod>({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...metadata, name, namespace: 'default' },
        spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'busybox:1' }], ...spec },
      }),
    until: async (name, condition) => {
      const pod = await waitFor(client, Pod, key(name), (found) => found !== undefined && condition(found));
      if (pod === undefined) throw new Error(`pod ${name} is gone`);
      return pod;
    },
    untilGone: async (name) => {
      await waitFor(client, Pod, key(name), (found) => found === undefined);
    },
    events: async (name) => {
      await cluster.kubelet.context.events.flush();
      const { items } = await client.list(Event, { namespace: 'default' });
      return items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
    },
    restartKubelet: async (meanwhile) => {
      life.abort();
      await cluster.kubelet.stopped;
      await meanwhile?.();
      cluster.kubelet = await start();
    },
    stop: async () => {
      life.abort();
      await cluster.kubelet.stopped;
      whole.abort();
      await runtime.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return cluster;
};

export const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
