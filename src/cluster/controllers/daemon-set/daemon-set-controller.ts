import type { Clock } from '../../../objects/clock.js';
import { ControllerRevision, DaemonSet } from '../../../objects/kinds/apps-v1.js';
import { Node, Pod } from '../../../objects/kinds/core-v1.js';
import { labelsOf } from '../../../objects/labels.js';
import type { KubeObject, ObjectKey } from '../../../objects/object.js';
import { keyOf } from '../../../objects/object.js';
import { selectorFromObject } from '../../../objects/selectors/label-selector.js';
import type { Client } from '../../client/client.js';
import type { Controller, Outcome, Watch } from '../../client/controller.js';
import { DONE, watchOwned, watchSelf } from '../../client/controller.js';
import type { EventRecorder } from '../../client/event-recorder.js';
import type { Informer } from '../../client/informer.js';
import type { ControllerDeps } from '../controller-deps.js';
import { ensureRevision } from '../history/revision-store.js';
import { byNumber, REVISION_LABEL } from '../history/revisions.js';
import { addOwnershipIndexes, claim, controlledBy, watchClaimed } from '../ownership.js';
import type { PodControl } from '../pods/pod-control.js';
import { createPodControl, isNamespaceTerminating } from '../pods/pod-control.js';
import { nextAvailableInMs } from '../pods/pod-state.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { BURST, slowStart } from '../slow-start.js';
import { LAG_RECHECK_MS, WriteBarrier } from '../write-barrier.js';
import { daemonPod, nodeNameOf } from './daemon-pod.js';
import type { DaemonPlan } from './plan-daemon-set.js';
import { daemonSetStatus, planDaemonSet } from './plan-daemon-set.js';

/** Runs a pod on every node that fits. */
export const createDaemonSetController = (deps: ControllerDeps): Controller => new DaemonSetController(deps);

/** A pod that failed on a node is replaced after a second, then two, up to a quarter of an hour. */
const FIRST_BACKOFF_MS = 1000;
const LONGEST_BACKOFF_MS = 900_000;

interface Backoff {
  readonly delayMs: number;
  readonly since: number;
}

class DaemonSetController implements Controller {
  readonly name = 'daemonset';
  readonly concurrency = 2;
  readonly watches: readonly Watch[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #control: PodControl;
  readonly #sets: Informer<DaemonSet>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #revisions: Informer<ControllerRevision>;
  readonly #barriers: { readonly pods: WriteBarrier; readonly revisions: WriteBarrier };
  /** By set and node. Forgotten after twice the longest backoff. */
  readonly #backoffs = new Map<string, Backoff>();

  constructor(deps: ControllerDeps) {
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#recorder = deps.recorder('daemonset-controller');
    this.#control = createPodControl(deps.client, this.#recorder);
    this.#sets = deps.informers.informer(DaemonSet);
    this.#pods = deps.informers.informer(Pod);
    this.#nodes = deps.informers.informer(Node);
    this.#revisions = deps.informers.informer(ControllerRevision);
    addOwnershipIndexes(this.#pods);
    addOwnershipIndexes(this.#revisions);
    this.#barriers = { pods: new WriteBarrier(this.#pods), revisions: new WriteBarrier(this.#revisions) };
    this.watches = [
      watchSelf(DaemonSet),
      watchClaimed(Pod, DaemonSet, this.#sets, (each) => selectorFromObject(each.spec.selector)),
      watchOwned(ControllerRevision, DaemonSet),
      { kind: Node, keys: (node, previous) => this.#onNode(node as Node, previous as Node | undefined) },
    ];
  }

  async reconcile(key: ObjectKey): Promise<Outcome> {
    const set = this.#sets.get(key);
    const barriers = Object.values(this.#barriers);
    if (set === undefined) {
      for (const barrier of barriers) barrier.forget(key);
      return DONE;
    }
    if (set.metadata.deletionTimestamp !== undefined) return DONE;
    if (!barriers.every((barrier) => barrier.isCaughtUp(key))) return { requeueAfterMs: LAG_RECHECK_MS };
    const pods = await claim(this.#client, this.#pods, DaemonSet, set, selectorFromObject(set.spec.selector));
    const history = controlledBy(this.#revisions, set);
    const { revision, collisionCount } = await ensureRevision(
      this.#client,
      set,
      history,
      set.status?.collisionCount,
      REVISION_LABEL,
    );
    if (!history.includes(revision)) this.#barriers.revisions.wrote(key, revision);
    const hash = labelsOf(revision)[REVISION_LABEL] ?? revision.metadata.name;
    const now = this.#clock.now();
    const nodes = this.#nodes.list();
    const waitMs = await this.#carryOut(key, set, planDaemonSet(set, nodes, pods, hash, now), hash);
    const status = daemonSetStatus(set, nodes, pods, hash, collisionCount, now);
    if (!isSemanticallyEqual(status, set.status)) await this.#client.updateStatus({ ...set, status });
    await this.#truncate(set, history, revision, pods);
    const waits = [waitMs, nextAvailableInMs(pods, set.spec.minReadySeconds ?? 0, now)].filter(
      (ms) => ms !== undefined,
    );
    return waits.length === 0 ? DONE : { requeueAfterMs: Math.min(...waits) };
  }

  /** Returns when the replacement of a failed pod is due. */
  async #carryOut(key: ObjectKey, set: DaemonSet, plan: DaemonPlan, hash: string): Promise<number | undefined> {
    let waitMs: number | undefined;
    for (const pod of plan.remove.slice(0, BURST)) {
      const leftMs = plan.failed.includes(pod) ? this.#backoffLeft(set, pod) : 0;
      if (leftMs > 0) {
        waitMs = Math.min(waitMs ?? leftMs, leftMs);
        continue;
      }
      await this.#control.delete(pod, set);
      this.#barriers.pods.deleted(key, pod);
    }
    const { failure } = await slowStart(Math.min(plan.create.length, BURST), async (index) => {
      const pod = daemonPod(set, hash, plan.create[index] ?? '');
      this.#barriers.pods.wrote(key, await this.#control.create(pod, set));
    });
    if (failure !== undefined && !isNamespaceTerminating(failure)) throw failure;
    return waitMs;
  }

  #backoffLeft(set: DaemonSet, pod: Pod): number {
    const now = this.#clock.now();
    const node = nodeNameOf(pod) ?? '';
    const id = `${set.metadata.uid}/${node}`;
    const known = this.#backoffs.get(id);
    if (known !== undefined && now - known.since < known.delayMs) return known.delayMs - (now - known.since);
    const isFresh = known !== undefined && now - known.since < 2 * LONGEST_BACKOFF_MS;
    this.#backoffs.set(id, {
      delayMs: isFresh ? Math.min(known.delayMs * 2, LONGEST_BACKOFF_MS) : FIRST_BACKOFF_MS,
      since: now,
    });
    for (const [other, { since }] of this.#backoffs)
      if (now - since > 2 * LONGEST_BACKOFF_MS) this.#backoffs.delete(other);
    const message = `Found failed daemon pod ${pod.metadata.namespace}/${pod.metadata.name} on node ${node}, will try to kill it`;
    this.#recorder.event(set, 'Warning', 'FailedDaemonPod', message);
    return 0;
  }

  async #truncate(
    set: DaemonSet,
    history: readonly ControllerRevision[],
    current: ControllerRevision,
    pods: readonly Pod[],
  ): Promise<void> {
    const hashes = new Set(pods.map((pod) => labelsOf(pod)[REVISION_LABEL]));
    const isOld = ({ metadata }: ControllerRevision): boolean => metadata.name !== current.metadata.name;
    const old = history.filter(isOld);
    const unused = old.filter((revision) => !hashes.has(labelsOf(revision)[REVISION_LABEL])).toSorted(byNumber);
    // Those in use count, though they stay.
    const surplus = unused.slice(0, Math.max(0, old.length - (set.spec.revisionHistoryLimit ?? 10)));
    for (const revision of surplus) await this.#client.delete<KubeObject>(ControllerRevision, keyOf(revision));
  }

  /** Only labels, taints and the node itself decide where daemons run; heartbeats do not. */
  #onNode(node: Node, previous: Node | undefined): readonly ObjectKey[] {
    const isSame =
      previous !== undefined &&
      isSemanticallyEqual(node.metadata.labels, previous.metadata.labels) &&
      isSemanticallyEqual(node.spec, previous.spec) &&
      this.#nodes.get(keyOf(node)) !== undefined;
    return isSame ? [] : this.#sets.list().map(keyOf);
  }
}
