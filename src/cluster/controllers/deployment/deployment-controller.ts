import { isApiError } from '../../../objects/api-error.js';
import { Deployment, ReplicaSet } from '../../../objects/kinds/apps-v1.js';
import { Pod } from '../../../objects/kinds/core-v1.js';
import { annotationOf } from '../../../objects/labels.js';
import type { KubeObject, ObjectKey } from '../../../objects/object.js';
import { keyOf } from '../../../objects/object.js';
import { isControlledBy } from '../../../objects/owner-references.js';
import { selectorFromObject } from '../../../objects/selectors/label-selector.js';
import type { Clock } from '../../../objects/clock.js';
import type { Client } from '../../client/client.js';
import type { Controller, Outcome, Watch } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { EventRecorder } from '../../client/event-recorder.js';
import type { Informer } from '../../client/informer.js';
import type { ControllerDeps } from '../controller-deps.js';
import { addOwnershipIndexes, claim, controlledBy, controllerKey, watchClaimed } from '../ownership.js';
import { isNamespaceTerminating, messageOf } from '../pods/pod-control.js';
import { isPodFinished } from '../pods/pod-state.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { LAG_RECHECK_MS, WriteBarrier } from '../write-barrier.js';
import {
  createErrorStatus,
  deploymentStatus,
  isComplete,
  pauseStatus,
  progressCheckInMs,
  replicaSetFoundStatus,
  rolloutStatus,
} from './deployment-status.js';
import type { Scale } from './plan-rollout.js';
import {
  currentSize,
  isScaled,
  planCleanup,
  planRollingUpdate,
  planScaleDownOld,
  planScaling,
} from './plan-rollout.js';
import type { Revisions } from './revision.js';
import { REVISION, hasTemplate, newReplicaSet, refreshedReplicaSet, revisionsOf, sizeAnnotations } from './revision.js';
import { isRollingUpdate, progressDeadlineSeconds } from './rollout-limits.js';

/** Rolls a Deployment's pods over to its template through one ReplicaSet a revision. */
export const createDeploymentController = (deps: ControllerDeps): Controller => new DeploymentController(deps);

/** One reconcile: the Deployment as it is stored. What becomes of it is written once, at the end. */
interface Work {
  readonly key: ObjectKey;
  readonly stored: Deployment;
}

/** A Deployment as it is to be written, with its ReplicaSets. */
interface Ensured {
  readonly deployment: Deployment;
  readonly revisions: Revisions;
}

/** Soon enough to go on after a hash collision. */
const AGAIN: Outcome = { requeueAfterMs: 100 };

class DeploymentController implements Controller {
  readonly name = 'deployment';
  readonly concurrency = 5;
  readonly watches: readonly Watch[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #deployments: Informer<Deployment>;
  readonly #replicaSets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #barrier: WriteBarrier;

  constructor(deps: ControllerDeps) {
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#recorder = deps.recorder('deployment-controller');
    this.#deployments = deps.informers.informer(Deployment);
    this.#replicaSets = deps.informers.informer(ReplicaSet);
    this.#pods = deps.informers.informer(Pod);
    addOwnershipIndexes(this.#replicaSets);
    addOwnershipIndexes(this.#pods);
    this.#barrier = new WriteBarrier(this.#replicaSets);
    this.watches = [
      watchSelf(Deployment),
      watchClaimed(ReplicaSet, Deployment, this.#deployments, (each) => selectorFromObject(each.spec.selector)),
      // Recreate waits until the old pods are gone.
      { kind: Pod, keys: (pod) => this.#recreatingOwner(pod) },
    ];
  }

  async reconcile(key: ObjectKey): Promise<Outcome> {
    const stored = this.#deployments.get(key);
    if (stored === undefined) {
      this.#barrier.forget(key);
      return DONE;
    }
    if (!this.#barrier.isCaughtUp(key)) return { requeueAfterMs: LAG_RECHECK_MS };
    const selector = selectorFromObject(stored.spec.selector);
    if (selector !== 'nothing' && selector.length === 0) {
      const message = 'This deployment is selecting all pods. A non-empty selector is required.';
      this.#recorder.event(stored, 'Warning', 'SelectingAll', message);
      return DONE;
    }
    const owned = await claim(this.#client, this.#replicaSets, Deployment, stored, selector);
    const revisions = revisionsOf(stored, owned);
    const work: Work = { key, stored };
    if (stored.metadata.deletionTimestamp !== undefined) {
      await this.#commit(work, { ...stored, status: deploymentStatus(stored, revisions, this.#clock.now()) });
      return DONE;
    }
    const pause = pauseStatus(stored, this.#clock.now());
    const deployment = pause === undefined ? stored : { ...stored, status: pause };
    if (deployment.spec.paused === true || isScaled(deployment, revisions)) {
      return this.#resize(work, deployment, revisions);
    }
    return isRollingUpdate(deployment)
      ? this.#roll(work, deployment, revisions)
      : this.#recreate(work, deployment, revisions);
  }

  async #resize(work: Work, found: Deployment, { current: known, old }: Revisions): Promise<Outcome> {
    // A ReplicaSet of the template that is there already is the current revision, also while nothing is rolled out.
    const current = known === undefined ? undefined : await this.#refreshCurrent(found, known, old);
    if (current !== undefined && current !== known) this.#barrier.wrote(work.key, current);
    const deployment = current === undefined ? found : withRevision(found, current);
    const revisions = { current, old };
    await this.#scaleAll(work, planScaling(deployment, revisions));
    if (deployment.spec.paused === true) await this.#cleanUp(deployment, revisions);
    await this.#commit(work, { ...deployment, status: deploymentStatus(deployment, revisions, this.#clock.now()) });
    return DONE;
  }

  async #roll(work: Work, found: Deployment, replicaSets: Revisions): Promise<Outcome> {
    const ensured = await this.#ensureCurrent(work, found, replicaSets);
    if (ensured === undefined) return AGAIN;
    const { deployment, revisions } = ensured;
    await this.#scaleAll(work, planRollingUpdate(deployment, revisions));
    return this.#finish(work, deployment, revisions);
  }

  async #recreate(work: Work, found: Deployment, replicaSets: Revisions): Promise<Outcome> {
    const scaledDown = await this.#scaleAll(work, planScaleDownOld(replicaSets));
    if (scaledDown || replicaSets.old.some((replicaSet) => this.#hasRunningPods(replicaSet))) {
      return this.#finish(work, found, replicaSets);
    }
    const ensured = await this.#ensureCurrent(work, found, replicaSets);
    if (ensured === undefined) return AGAIN;
    const { deployment, revisions } = ensured;
    await this.#scaleAll(work, planScaling(deployment, revisions));
    return this.#finish(work, deployment, revisions);
  }

  /** Makes sure that the current ReplicaSet exists and is annotated; undefined: the next reconcile goes on. */
  async #ensureCurrent(work: Work, deployment: Deployment, revisions: Revisions): Promise<Ensured | undefined> {
    const { old } = revisions;
    const current =
      revisions.current === undefined
        ? await this.#createCurrent(work, deployment, old)
        : await this.#refreshCurrent(deployment, revisions.current, old);
    if (current === undefined) return undefined;
    if (current !== revisions.current) this.#barrier.wrote(work.key, current);
    const annotated = withRevision(deployment, current);
    const status = replicaSetFoundStatus(annotated, current, revisions.current === undefined, this.#clock.now());
    return {
      deployment: status === undefined ? annotated : { ...annotated, status },
      revisions: { current, old },
    };
  }

  async #refreshCurrent(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Promise<ReplicaSet> {
    const refreshed = refreshedReplicaSet(deployment, current, old);
    return refreshed === current ? current : this.#client.update(refreshed);
  }

  /** Creates the ReplicaSet of the template, or takes the one of that name that an unfinished reconcile left. */
  async #createCurrent(
    work: Work,
    deployment: Deployment,
    old: readonly ReplicaSet[],
  ): Promise<ReplicaSet | undefined> {
    const wanted = newReplicaSet(deployment, old, currentSize(deployment, old, 0));
    const replicas = wanted.spec.replicas ?? 0;
    try {
      const created = await this.#client.create(wanted);
      if (replicas > 0) this.#tellScaled(deployment, created, 0, replicas);
      return created;
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      if (isApiError(error, 'AlreadyExists')) return this.#takeExisting(work, deployment, wanted);
      const message = `Failed to create new replica set "${wanted.metadata.name}": ${messageOf(error)}`;
      this.#recorder.event(deployment, 'Warning', 'ReplicaSetCreateError', message);
      if (progressDeadlineSeconds(deployment) !== undefined) {
        await this.#commit(work, { ...deployment, status: createErrorStatus(deployment, message, this.#clock.now()) });
      }
      throw error;
    }
  }

  async #takeExisting(work: Work, deployment: Deployment, wanted: ReplicaSet): Promise<ReplicaSet | undefined> {
    const known = await this.#client.get(ReplicaSet, keyOf(wanted));
    if (known !== undefined && isControlledBy(known, deployment) && hasTemplate(known, deployment.spec.template)) {
      return known;
    }
    // Another template has the same hash: the count makes the next one differ.
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    await this.#commit(work, { ...deployment, status: { ...deployment.status, collisionCount } });
    return undefined;
  }

  async #scaleAll(work: Work, scales: readonly Scale[]): Promise<boolean> {
    let changed = false;
    for (const each of scales) changed = (await this.#scale(work, each)) || changed;
    return changed;
  }

  async #scale({ key, stored }: Work, { replicaSet, replicas }: Scale): Promise<boolean> {
    const before = replicaSet.spec.replicas ?? 1;
    const annotations = { ...replicaSet.metadata.annotations, ...sizeAnnotations(stored) };
    if (before === replicas && isSemanticallyEqual(annotations, replicaSet.metadata.annotations)) return false;
    const metadata = { ...replicaSet.metadata, annotations };
    const spec = { ...replicaSet.spec, replicas };
    this.#barrier.wrote(key, await this.#client.update({ ...replicaSet, metadata, spec }));
    if (before !== replicas) this.#tellScaled(stored, replicaSet, before, replicas);
    return before !== replicas;
  }

  #tellScaled(deployment: Deployment, { metadata }: ReplicaSet, from: number, to: number): void {
    const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${metadata.name} from ${from} to ${to}`;
    this.#recorder.event(deployment, 'Normal', 'ScalingReplicaSet', message);
  }

  async #finish(work: Work, deployment: Deployment, revisions: Revisions): Promise<Outcome> {
    const now = this.#clock.now();
    if (isComplete(deployment, deployment.status ?? {})) await this.#cleanUp(deployment, revisions);
    const status = rolloutStatus(deployment, revisions, now);
    await this.#commit(work, { ...deployment, status });
    const checkMs = progressCheckInMs(deployment, status, now);
    return checkMs === undefined ? DONE : { requeueAfterMs: checkMs };
  }

  async #cleanUp(deployment: Deployment, revisions: Revisions): Promise<void> {
    for (const replicaSet of planCleanup(deployment, revisions)) {
      await this.#client.delete(ReplicaSet, keyOf(replicaSet));
    }
  }

  /** Writes the status, and with it the annotation of the revision, when they are not what is stored. */
  async #commit({ stored }: Work, deployment: Deployment): Promise<void> {
    const isSame =
      isSemanticallyEqual(deployment.status, stored.status) &&
      isSemanticallyEqual(deployment.metadata.annotations, stored.metadata.annotations);
    if (!isSame) await this.#client.updateStatus(deployment);
  }

  #hasRunningPods(replicaSet: ReplicaSet): boolean {
    return controlledBy(this.#pods, replicaSet).some((pod) => !isPodFinished(pod));
  }

  #recreatingOwner(pod: KubeObject): readonly ObjectKey[] {
    const owner = controllerKey(pod, ReplicaSet);
    const replicaSet = owner === undefined ? undefined : this.#replicaSets.get(owner);
    const key = replicaSet === undefined ? undefined : controllerKey(replicaSet, Deployment);
    const deployment = key === undefined ? undefined : this.#deployments.get(key);
    return key === undefined || deployment === undefined || isRollingUpdate(deployment) ? [] : [key];
  }
}

/** `kubectl rollout history` finds the current revision on the Deployment. */
const withRevision = (deployment: Deployment, current: ReplicaSet): Deployment => {
  const revision = annotationOf(current, REVISION);
  if (revision === undefined || annotationOf(deployment, REVISION) === revision) return deployment;
  const annotations = { ...deployment.metadata.annotations, [REVISION]: revision };
  return { ...deployment, metadata: { ...deployment.metadata, annotations } };
};
