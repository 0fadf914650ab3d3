import { ReplicaSet } from '../../../objects/kinds/apps-v1.js';
import { Pod, ReplicationController } from '../../../objects/kinds/core-v1.js';
import type { KindOf } from '../../../objects/kind.js';
import type { ObjectKey } from '../../../objects/object.js';
import { controllerOf } from '../../../objects/owner-references.js';
import type { LabelSelector } from '../../../objects/selectors/label-selector.js';
import { selectorFromObject } from '../../../objects/selectors/label-selector.js';
import type { Clock } from '../../../objects/clock.js';
import type { Client } from '../../client/client.js';
import type { Controller, Outcome, Watch } from '../../client/controller.js';
import type { Informer } from '../../client/informer.js';
import type { PodControl } from '../pods/pod-control.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { addOwnershipIndexes, claim, controlledBy, controlledByUid, watchClaimed } from '../ownership.js';
import { podsToDelete } from '../pods/deletion-order.js';
import { createPodControl, isNamespaceTerminating, podFromTemplate } from '../pods/pod-control.js';
import { isPodActive, nextAvailableInMs } from '../pods/pod-state.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { BURST, slowStart } from '../slow-start.js';
import { LAG_RECHECK_MS, WriteBarrier } from '../write-barrier.js';
import type { ReplicaFailure, Replicated } from './replica-set-status.js';
import { replicaSetStatus } from './replica-set-status.js';

/** Keeps as many pods of a template as a ReplicaSet asks for. */
export const createReplicaSetController = (deps: ControllerDeps): Controller =>
  new ReplicaController(deps, {
    name: 'replicaset',
    kind: ReplicaSet,
    selectorOf: ({ spec }) => selectorFromObject(spec.selector),
    tellsTerminating: true,
  });

/** The same for ReplicationControllers, which came before ReplicaSets and select by plain labels. */
export const createReplicationControllerController = (deps: ControllerDeps): Controller =>
  new ReplicaController<ReplicationController>(deps, {
    name: 'replication',
    kind: ReplicationController,
    selectorOf: ({ spec }) =>
      selectorFromObject(spec?.selector === undefined ? undefined : { matchLabels: spec.selector }),
    tellsTerminating: false,
  });

interface ReplicaKind<T extends Replicated> {
  readonly name: string;
  readonly kind: KindOf<T>;
  readonly selectorOf: (object: T) => LabelSelector;
  /** ReplicationControllers do not tell how many pods are terminating. */
  readonly tellsTerminating: boolean;
}

class ReplicaController<T extends Replicated> implements Controller {
  readonly name: string;
  readonly concurrency = 5;
  readonly watches: readonly Watch[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #replicaSets: Informer<T>;
  readonly #pods: Informer<Pod>;
  readonly #control: PodControl;
  readonly #barrier: WriteBarrier;

  constructor(
    deps: ControllerDeps,
    private readonly of: ReplicaKind<T>,
  ) {
    this.name = of.name;
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#replicaSets = deps.informers.informer(of.kind);
    this.#pods = deps.informers.informer(Pod);
    addOwnershipIndexes(this.#pods);
    addOwnershipIndexes(this.#replicaSets);
    this.#control = createPodControl(deps.client, deps.recorder(`${of.name}-controller`));
    this.#barrier = new WriteBarrier(this.#pods);
    this.watches = [watchSelf(of.kind), watchClaimed(Pod, of.kind, this.#replicaSets, of.selectorOf)];
  }

  async reconcile(key: ObjectKey): Promise<Outcome> {
    const replicaSet = this.#replicaSets.get(key);
    if (replicaSet === undefined) {
      this.#barrier.forget(key);
      return DONE;
    }
    // Its pods would be miscounted while the informer lags behind what was just written.
    if (!this.#barrier.isCaughtUp(key)) return { requeueAfterMs: LAG_RECHECK_MS };
    const pods = await claim(this.#client, this.#pods, this.of.kind, replicaSet, this.of.selectorOf(replicaSet));
    const isDeleted = replicaSet.metadata.deletionTimestamp !== undefined;
    const failure = isDeleted ? undefined : await this.#scale(key, replicaSet, pods.filter(isPodActive));
    const now = this.#clock.now();
    const { terminatingReplicas, ...counted } = replicaSetStatus(replicaSet, pods, failure, now);
    const status = this.of.tellsTerminating ? { ...counted, terminatingReplicas } : counted;
    if (!isSemanticallyEqual(status, replicaSet.status)) await this.#client.updateStatus({ ...replicaSet, status });
    if (failure !== undefined) throw failure.error;
    const waitMs = nextAvailableInMs(pods, replicaSet.spec?.minReadySeconds ?? 0, now);
    return waitMs === undefined ? DONE : { requeueAfterMs: waitMs };
  }

  #scale(key: ObjectKey, replicaSet: T, active: readonly Pod[]): Promise<ReplicaFailure | undefined> {
    const surplus = active.length - (replicaSet.spec?.replicas ?? 1);
    return surplus < 0 ? this.#create(key, replicaSet, -surplus) : this.#delete(key, replicaSet, active, surplus);
  }

  async #create(key: ObjectKey, replicaSet: T, count: number): Promise<ReplicaFailure | undefined> {
    const pod = podFromTemplate(replicaSet.spec?.template ?? {}, replicaSet);
    const { failure } = await slowStart(Math.min(count, BURST), async () => {
      this.#barrier.wrote(key, await this.#control.create(pod, replicaSet));
    });
    if (failure === undefined || isNamespaceTerminating(failure)) return undefined;
    return { reason: 'FailedCreate', error: failure };
  }

  async #delete(
    key: ObjectKey,
    replicaSet: T,
    active: readonly Pod[],
    surplus: number,
  ): Promise<ReplicaFailure | undefined> {
    if (surplus === 0) return undefined;
    const doomed = podsToDelete(active, this.#related(replicaSet), Math.min(surplus, BURST), this.#clock.now());
    const results = await Promise.allSettled(
      doomed.map(async (pod) => {
        await this.#control.delete(pod, replicaSet);
        this.#barrier.deleted(key, pod);
      }),
    );
    const failed = results.find((result) => result.status === 'rejected');
    return failed === undefined ? undefined : { reason: 'FailedDelete', error: failed.reason };
  }

  /** Pods of all ReplicaSets of the same Deployment: they say how crowded a node is with the application. */
  #related(replicaSet: T): readonly Pod[] {
    const owner = controllerOf(replicaSet);
    const siblings = owner === undefined ? [replicaSet] : controlledByUid(this.#replicaSets, owner.uid);
    return siblings.flatMap((sibling) => controlledBy(this.#pods, sibling)).filter(isPodActive);
  }
}
