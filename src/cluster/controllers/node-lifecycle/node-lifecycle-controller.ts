import { timestamp } from '../../../objects/conditions.js';
import type { Clock } from '../../../objects/clock.js';
import { Lease } from '../../../objects/kinds/coordination-k8s-io-v1.js';
import { Node, Pod } from '../../../objects/kinds/core-v1.js';
import type { ObjectKey } from '../../../objects/object.js';
import type { Client } from '../../client/client.js';
import type { Controller, Outcome, Watch } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { EventRecorder } from '../../client/event-recorder.js';
import type { Informer } from '../../client/informer.js';
import type { ControllerDeps } from '../controller-deps.js';
import { isPodReady } from '../pods/pod-state.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import {
  evictingTaintKey,
  evictionIntervalMs,
  GRACE_MS,
  isEvicting,
  legacyLabels,
  readyCondition,
  silencedConditions,
  STARTUP_GRACE_MS,
  wantedTaints,
} from './node-health.js';

/** Notices nodes that fall silent, says so on them and their pods, and taints them. */
export const createNodeLifecycleController = (deps: ControllerDeps): Controller => new NodeLifecycleController(deps);

export const NODE_INDEX = 'node';
const LEASE_NAMESPACE = 'kube-node-lease';

interface Heartbeat {
  /** The heartbeat of its status that was seen last: only that it changes matters, not what the node's clock says. */
  readonly said: string;
  readonly at: number;
}

class NodeLifecycleController implements Controller {
  readonly name = 'nodelifecycle';
  readonly watches: readonly Watch[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #nodes: Informer<Node>;
  readonly #leases: Informer<Lease>;
  readonly #pods: Informer<Pod>;
  readonly #heartbeats = new Map<string, Heartbeat>();
  #lastEviction = Number.NEGATIVE_INFINITY;

  constructor(deps: ControllerDeps) {
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#recorder = deps.recorder('node-controller');
    this.#nodes = deps.informers.informer(Node);
    this.#leases = deps.informers.informer(Lease);
    this.#pods = deps.informers.informer(Pod);
    this.#pods.addIndex(NODE_INDEX, (pod) => (pod.spec.nodeName === undefined ? [] : [pod.spec.nodeName]));
    // Leases are renewed all the time: when is noted, but the node is only looked at when it has been silent for long.
    this.#leases.onEvent(({ type, object }) => {
      if (type === 'deleted' || object.metadata.namespace !== LEASE_NAMESPACE) return;
      const { name } = object.metadata;
      this.#heartbeats.set(name, { said: this.#heartbeats.get(name)?.said ?? '', at: this.#clock.now() });
    });
    this.#nodes.onEvent(({ type, object }) => this.#tellComing(type, object));
    this.watches = [watchSelf(Node)];
  }

  async reconcile({ name }: ObjectKey): Promise<Outcome> {
    const node = this.#nodes.get({ name });
    if (node === undefined) {
      this.#heartbeats.delete(name);
      return DONE;
    }
    const now = this.#clock.now();
    const silentMs = now - this.#lastHeartbeat(node, now);
    const graceMs = readyCondition(node) === undefined ? STARTUP_GRACE_MS : GRACE_MS;
    const labelled = await this.#label(node);
    const current = silentMs >= graceMs ? await this.#silence(labelled, now) : labelled;
    // A kubelet that says that its node is not ready speaks for its pods too.
    if (readyCondition(current)?.status === 'Unknown') await this.#markPodsNotReady(current, now);
    const mayEvict = isEvicting(current) || this.#mayStartEviction(current, now);
    const taints = wantedTaints(current, mayEvict && !this.#isDisrupted(), now);
    if (!isSemanticallyEqual(taints, current.spec?.taints)) {
      await this.#client.update<Node>({ ...current, spec: { ...current.spec, taints } });
    }
    // A lost node is looked at again: it may come back, or its turn to be evicted may come.
    return { requeueAfterMs: silentMs >= graceMs ? 5000 : graceMs - silentMs };
  }

  async #label(node: Node): Promise<Node> {
    const labels = legacyLabels(node);
    if (labels === undefined) return node;
    const body = { metadata: { labels } };
    return this.#client.patch(Node, { name: node.metadata.name }, { type: 'strategic', body });
  }

  #tellComing(type: 'added' | 'modified' | 'deleted', node: Node): void {
    const { name } = node.metadata;
    if (type === 'added') {
      this.#recorder.event(
        node,
        'Normal',
        'RegisteredNode',
        `Node ${name} event: Registered Node ${name} in Controller`,
      );
    }
    if (type === 'deleted') {
      this.#recorder.event(node, 'Normal', 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
    }
  }

  /** After a start every node gets the whole time: its last words may be from before the start. */
  #lastHeartbeat(node: Node, now: number): number {
    const { name } = node.metadata;
    const said = readyCondition(node)?.lastHeartbeatTime ?? '';
    const known = this.#heartbeats.get(name);
    if (known?.said === said) return known.at;
    this.#heartbeats.set(name, { said, at: now });
    return now;
  }

  async #silence(node: Node, now: number): Promise<Node> {
    const conditions = silencedConditions(node, now);
    if (conditions === node.status?.conditions) return node;
    const { name } = node.metadata;
    this.#recorder.event(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
    return this.#client.updateStatus<Node>({ ...node, status: { ...node.status, conditions } });
  }

  /** Services must not send anything to pods of a node that is lost. */
  async #markPodsNotReady(node: Node, now: number): Promise<void> {
    for (const pod of this.#pods.byIndex(NODE_INDEX, node.metadata.name)) {
      if (!isPodReady(pod)) continue;
      const conditions = (pod.status?.conditions ?? []).map((condition) =>
        condition.type === 'Ready' ? { ...condition, status: 'False', lastTransitionTime: timestamp(now) } : condition,
      );
      await this.#client.updateStatus<Pod>({ ...pod, status: { ...pod.status, conditions } });
      this.#recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
    }
  }

  #mayStartEviction(node: Node, now: number): boolean {
    if (evictingTaintKey(node) === undefined) return false;
    const { ready, notReady } = this.#census();
    const intervalMs = evictionIntervalMs(ready, notReady);
    if (intervalMs === undefined || now - this.#lastEviction < intervalMs) return false;
    this.#lastEviction = now;
    return true;
  }

  /** Every node is lost: nobody is driven out anywhere. */
  #isDisrupted(): boolean {
    const { ready, notReady } = this.#census();
    return ready === 0 && notReady > 0;
  }

  #census(): { readonly ready: number; readonly notReady: number } {
    const nodes = this.#nodes.list();
    const ready = nodes.filter((node) => readyCondition(node)?.status === 'True').length;
    return { ready, notReady: nodes.length - ready };
  }
}
