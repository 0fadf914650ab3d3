import type { Logger } from 'pino';
import type { Clock } from '../../objects/clock.js';
import { Node, Pod } from '../../objects/kinds/core-v1.js';
import { writeJson } from '../../objects/lossless-json.js';
import { keyOf, keyText } from '../../objects/object.js';
import { isApiError } from '../../objects/api-error.js';
import { findCondition, timestamp } from '../../objects/conditions.js';
import type { Client } from '../client/client.js';
import type { EventRecorder } from '../client/event-recorder.js';
import type { InformerEvent, InformerSet } from '../client/informer.js';
import type { PodInfo } from './cluster-snapshot.js';
import { ClusterSnapshot, isFinished, podInfo } from './cluster-snapshot.js';
import { placePod } from './place-pod.js';
import type { SchedulingPlugin } from './plugin.js';
import { defaultPlugins } from './plugins/default-plugins.js';
import { SchedulingQueue } from './scheduling-queue.js';

export interface SchedulerDeps {
  readonly client: Client;
  readonly informers: InformerSet;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default: those of Kubernetes that Fairlead has. */
  readonly plugins?: readonly SchedulingPlugin[];
  /** `spec.schedulerName` of the pods that it places. Default `default-scheduler`. */
  readonly name?: string;
}

/** Bindings and status writes under way at once. */
const MAX_WRITES = 64;
/** Placements before other work of the process gets its turn. */
const PLACEMENTS_A_TURN = 50;

/** Places pods on nodes until the signal fires. */
export const runScheduler = async (deps: SchedulerDeps, signal: AbortSignal): Promise<void> => {
  const scheduler = new Scheduler(deps);
  await scheduler.run(signal);
};

class Scheduler {
  readonly #cluster = new ClusterSnapshot();
  readonly #queue = new SchedulingQueue();
  readonly #plugins: readonly SchedulingPlugin[];
  readonly #name: string;
  readonly #writes = new Set<Promise<void>>();
  #wake: () => void = () => undefined;
  #start = 0;

  constructor(private readonly deps: SchedulerDeps) {
    this.#plugins = deps.plugins ?? defaultPlugins;
    this.#name = deps.name ?? 'default-scheduler';
  }

  async run(signal: AbortSignal): Promise<void> {
    const { informers } = this.deps;
    const nodes = informers.informer(Node);
    const pods = informers.informer(Pod);
    const subscriptions = [nodes.onEvent((event) => this.#onNode(event)), pods.onEvent((event) => this.#onPod(event))];
    try {
      await informers.start(signal);
      while (!signal.aborted) {
        const placed = this.#placeSome(signal);
        if (placed) await new Promise((resolve) => setImmediate(resolve));
        else await this.#sleep(signal);
        while (this.#writes.size >= MAX_WRITES) await Promise.race(this.#writes);
      }
      await Promise.all(this.#writes);
    } finally {
      for (const unsubscribe of subscriptions) unsubscribe();
    }
  }

  #onNode({ type, object, previous }: InformerEvent<Node>): void {
    if (type === 'deleted') this.#cluster.removeNode(object.metadata.name);
    else if (previous !== undefined && isHeartbeat(previous, object)) return;
    else this.#cluster.setNode(object);
    this.#somethingChanged();
  }

  #onPod({ type, object: pod }: InformerEvent<Pod>): void {
    const key = keyText(keyOf(pod));
    const isPlaced = (pod.spec.nodeName ?? '') !== '';
    if (type === 'deleted') {
      this.#cluster.removePod(pod);
      this.#queue.remove(key);
      this.#somethingChanged();
      return;
    }
    if (isPlaced) {
      const hadPlace = this.#cluster.nodeOf(key) !== undefined;
      this.#cluster.setPod(pod);
      this.#queue.remove(key);
      if (hadPlace !== (this.#cluster.nodeOf(key) !== undefined)) this.#somethingChanged();
      return;
    }
    if (
      (pod.spec.schedulerName ?? 'default-scheduler') !== this.#name ||
      pod.metadata.deletionTimestamp !== undefined ||
      isFinished(pod)
    ) {
      this.#queue.remove(key);
      return;
    }
    if (this.#cluster.nodeOf(key) !== undefined) return;
    this.#queue.add(podInfo(pod));
    this.#wake();
  }

  #somethingChanged(): void {
    this.#queue.wake();
    this.#wake();
  }

  /** Whether there was something to place. */
  #placeSome(signal: AbortSignal): boolean {
    for (let count = 0; count < PLACEMENTS_A_TURN && this.#writes.size < MAX_WRITES; count += 1) {
      const info = this.#queue.take(this.deps.clock.now());
      if (info === undefined) return count > 0;
      this.#place(info, signal);
    }
    return true;
  }

  #place(info: PodInfo, signal: AbortSignal): void {
    if ((info.pod.spec.schedulingGates ?? []).length > 0) {
      this.#queue.refused(info.key, this.deps.clock.now(), false);
      this.#write(this.#refuse(info, 'SchedulingGated', 'Scheduling is blocked due to non-empty scheduling gates'));
      return;
    }
    const placement = placePod(info, this.#cluster, this.#plugins, this.#start);
    this.#start += placement.asked;
    if (placement.node === undefined) {
      this.#queue.refused(info.key, this.deps.clock.now(), false);
      this.deps.recorder.event(info.pod, 'Warning', 'FailedScheduling', placement.message);
      this.#write(this.#refuse(info, 'Unschedulable', placement.message));
      return;
    }
    this.#cluster.assume(info, placement.node);
    this.#write(this.#bind(info, placement.node, signal));
  }

  #write(work: Promise<void>): void {
    const write = work
      .catch((error: unknown) => this.deps.log.warn({ err: error }, 'scheduler write failed'))
      .finally(() => this.#writes.delete(write));
    this.#writes.add(write);
  }

  async #bind(info: PodInfo, nodeName: string, signal: AbortSignal): Promise<void> {
    const { client, recorder, clock } = this.deps;
    const { namespace, name, uid } = info.pod.metadata;
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, ...(namespace !== undefined && { namespace }), ...(uid !== undefined && { uid }) },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    };
    try {
      await client.subresource(Pod, keyOf(info.pod), 'binding', binding);
      this.#queue.remove(info.key);
      recorder.event(info.pod, 'Normal', 'Scheduled', `Successfully assigned ${info.key} to ${nodeName}`);
    } catch (error) {
      if (signal.aborted) return;
      this.#cluster.removePod(info.pod);
      if (isApiError(error, 'NotFound')) {
        this.#queue.remove(info.key);
        return;
      }
      // Somebody else placed it or changed it: its next event decides.
      this.#queue.refused(info.key, clock.now(), true);
      this.#wake();
      if (!isApiError(error, 'Conflict')) throw error;
    }
  }

  /** Says in the pod's status why it has no node; nothing is written when it says so already. */
  async #refuse(info: PodInfo, reason: string, message: string): Promise<void> {
    const known = findCondition(info.pod.status?.conditions, 'PodScheduled');
    if (known?.status === 'False' && known.reason === reason && known.message === message) return;
    const now = timestamp(this.deps.clock.now());
    const lastTransitionTime = known?.status === 'False' ? (known.lastTransitionTime ?? now) : now;
    const condition = { type: 'PodScheduled', status: 'False', reason, message, lastTransitionTime };
    try {
      await this.deps.client.patch(
        Pod,
        keyOf(info.pod),
        { type: 'strategic', body: { status: { conditions: [condition] } } },
        { subresource: 'status' },
      );
    } catch (error) {
      if (!isApiError(error, 'NotFound')) throw error;
    }
  }

  /** Until a pod is due, something changes, a write ends or the signal fires. */
  async #sleep(signal: AbortSignal): Promise<void> {
    const { clock } = this.deps;
    const due = this.#queue.nextDue(clock.now());
    if (due !== undefined && due <= clock.now()) return;
    const waiting = new AbortController();
    const stop = (): void => waiting.abort();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        waiting.signal.addEventListener('abort', () => resolve(), { once: true });
        if (signal.aborted) resolve();
        if (due !== undefined) {
          clock.sleep(due - clock.now(), waiting.signal).then(resolve, () => undefined);
        }
      });
    } finally {
      this.#wake = () => undefined;
      waiting.abort();
      signal.removeEventListener('abort', stop);
    }
  }
}

/** A change of a node that cannot let a pod in: its kubelet reported, nothing else. */
const isHeartbeat = (before: Node, after: Node): boolean =>
  writeJson([before.spec, before.metadata.labels, before.status?.allocatable]) ===
  writeJson([after.spec, after.metadata.labels, after.status?.allocatable]);
