import assert from 'node:assert/strict';
import pino from 'pino';
import type { Api } from '../../../src/cluster/api/api.js';
import { createApi } from '../../../src/cluster/api/api.js';
import type { Client } from '../../../src/cluster/client/client.js';
import type { Controller } from '../../../src/cluster/client/controller.js';
import { runControllers } from '../../../src/cluster/client/controller-runner.js';
import type { EventRecorder } from '../../../src/cluster/client/event-recorder.js';
import { createEventRecorder } from '../../../src/cluster/client/event-recorder.js';
import { createInformerSet } from '../../../src/cluster/client/informer-set.js';
import type { ControllerDeps } from '../../../src/cluster/controllers/controller-deps.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';
import { isApiError } from '../../../src/objects/api-error.js';
import type { Store } from '../../../src/cluster/store/store.js';
import { timestamp } from '../../../src/objects/conditions.js';
import type { KindOf } from '../../../src/objects/kind.js';
import type { Namespace, PodStatus } from '../../../src/objects/kinds/core-v1.js';
import { Event, Pod } from '../../../src/objects/kinds/core-v1.js';
import type { KubeObject } from '../../../src/objects/object.js';
import { keyOf } from '../../../src/objects/object.js';
import { ManualClock, settled } from '../client/manual-clock.js';

export const NAMESPACE = 'shop';

export interface ClusterOptions {
  /** Wraps the client that the controllers use: to make calls fail. */
  readonly wrap?: (client: Client) => Client;
  readonly plugins?: boolean;
  readonly api?: Api;
  readonly clock?: ManualClock;
}

/** Our own API server in memory with controllers that run over it, under a clock that the test moves. */
export class ClusterUnderTest {
  readonly client: Client;
  readonly stop = new AbortController();
  readonly #recorders: EventRecorder[] = [];
  #running: Promise<void> = Promise.resolve();

  private constructor(
    readonly api: Api,
    readonly clock: ManualClock,
    private readonly store: Store,
  ) {
    this.client = api.client();
  }

  static async start(
    make: (deps: ControllerDeps) => readonly Controller[],
    options: ClusterOptions = {},
  ): Promise<ClusterUnderTest> {
    const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });
    const clock = options.clock ?? new ManualClock();
    const disabledPlugins =
      options.plugins === true
        ? []
        : (['ServiceAccount', 'DefaultTolerationSeconds', 'TaintNodesByCondition'] as const);
    const store = createMemoryStore();
    const api = options.api ?? createApi({ store, log, clock, disabledPlugins });
    const cluster = new ClusterUnderTest(api, clock, store);
    if (options.api === undefined) {
      await api.start(cluster.stop.signal);
      await cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    }
    const client = options.wrap === undefined ? api.client() : options.wrap(api.client());
    const informers = createInformerSet(client, { log, clock });
    const recorder = (component: string): EventRecorder => {
      const made = createEventRecorder(cluster.client, { component, clock, log });
      cluster.#recorders.push(made);
      return made;
    };
    const controllers = make({ client, informers, clock, log, recorder });
    cluster.#running = runControllers(controllers, { informers, clock, log }, cluster.stop.signal);
    await settled();
    return cluster;
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.#running;
    for (const recorder of this.#recorders) await recorder.flush();
  }

  /** Waits until it holds, letting time pass in steps. Fails with what the last check threw or returned. */
  async until(what: string, check: () => Promise<boolean> | boolean, stepMs = 50): Promise<void> {
    for (let step = 0; step < 300; step++) {
      await settled(2);
      if (await check()) return;
      await this.clock.advance(stepMs);
    }
    assert.fail(`never: ${what}`);
  }

  /** Lets everything happen that is due soon. */
  async quiet(): Promise<void> {
    for (let step = 0; step < 10; step++) await this.clock.advance(20);
  }

  async list<T extends KubeObject>(kind: KindOf<T>, namespace: string | undefined = NAMESPACE): Promise<readonly T[]> {
    return (await this.client.list(kind, { namespace })).items;
  }

  async get<T extends KubeObject>(kind: KindOf<T>, name: string): Promise<T> {
    const found = await this.client.get(kind, { namespace: NAMESPACE, name });
    assert.ok(found, `${kind.kind} ${name} is not there`);
    return found;
  }

  /** Changes the newest state of an object, as often as somebody else is faster. */
  async change<T extends KubeObject>(kind: KindOf<T>, name: string, edit: (object: T) => T): Promise<T> {
    for (;;) {
      try {
        return await this.client.update(edit(await this.get(kind, name)));
      } catch (error) {
        if (!isApiError(error, 'Conflict')) throw error;
      }
    }
  }

  /** What a kubelet does first: the pods get a status. */
  async setPods(select: (pod: Pod) => boolean, status: PodStatus): Promise<void> {
    for (const pod of await this.list(Pod)) {
      if (select(pod)) await this.client.updateStatus({ ...pod, status: { ...pod.status, ...status } });
    }
  }

  readyStatus(): PodStatus {
    const lastTransitionTime = timestamp(this.clock.now());
    return { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] };
  }

  async makeReady(select: (pod: Pod) => boolean = () => true): Promise<void> {
    const isPending = (pod: Pod): boolean => (pod.status?.phase ?? 'Pending') === 'Pending';
    await this.setPods((pod) => isPending(pod) && select(pod), this.readyStatus());
  }

  async delete(object: KubeObject, options = {}): Promise<void> {
    await this.client.delete({ apiVersion: object.apiVersion, kind: object.kind }, keyOf(object), options);
  }

  /** `reason message` of all events, oldest first. */
  async events(): Promise<readonly string[]> {
    for (const recorder of this.#recorders) await recorder.flush();
    return (await this.list(Event)).map((event) => `${event.reason} ${event.message}`);
  }

  /** Puts an object into the store past all checks, as one of an older version could be there. */
  async smuggle(object: KubeObject, resource: string): Promise<void> {
    const [group = ''] = object.apiVersion.split('/');
    const { namespace, name } = object.metadata;
    const metadata = { ...object.metadata, uid: `uid-${name}`, creationTimestamp: timestamp(this.clock.now()) };
    const key = `/registry/${group}/${resource}/${namespace}/${name}`;
    await this.store.commit({ type: 'create', key, object: { ...object, metadata } });
  }

  async createNamespace(name: string): Promise<Namespace> {
    return this.client.create<Namespace>({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} });
  }
}
