import { isApiError } from '../../../objects/api-error.js';
import type { Clock } from '../../../objects/clock.js';
import { ControllerRevision, StatefulSet } from '../../../objects/kinds/apps-v1.js';
import { PersistentVolumeClaim, Pod } from '../../../objects/kinds/core-v1.js';
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
import { byNumber, planTruncation, templateOf } from '../history/revisions.js';
import { addOwnershipIndexes, claim, controlledBy, watchClaimed } from '../ownership.js';
import { isNamespaceTerminating, messageOf } from '../pods/pod-control.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { LAG_RECHECK_MS, WriteBarrier } from '../write-barrier.js';
import { withRetention } from './claim-retention.js';
import type { RevisionNames, StatefulStep } from './plan-stateful-set.js';
import { planStatefulSet, sortPods } from './plan-stateful-set.js';
import { claimName, claimsOf, ordinalOf, podName, revisionOf, statefulPod } from './stateful-pod.js';
import { statefulSetStatus } from './stateful-set-status.js';

/** Runs pods that keep their name, host name and volumes. */
export const createStatefulSetController = (deps: ControllerDeps): Controller => new StatefulSetController(deps);

class StatefulSetController implements Controller {
  readonly name = 'statefulset';
  readonly concurrency = 5;
  readonly watches: readonly Watch[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #sets: Informer<StatefulSet>;
  readonly #pods: Informer<Pod>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #revisions: Informer<ControllerRevision>;
  readonly #barrier: WriteBarrier;
  readonly #revisionBarrier: WriteBarrier;
  /** The status says how far a rollout has come: the next step must not start from an older one. */
  readonly #setBarrier: WriteBarrier;

  constructor(deps: ControllerDeps) {
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#recorder = deps.recorder('statefulset-controller');
    this.#sets = deps.informers.informer(StatefulSet);
    this.#pods = deps.informers.informer(Pod);
    this.#claims = deps.informers.informer(PersistentVolumeClaim);
    this.#revisions = deps.informers.informer(ControllerRevision);
    addOwnershipIndexes(this.#pods);
    addOwnershipIndexes(this.#revisions);
    this.#barrier = new WriteBarrier(this.#pods);
    this.#revisionBarrier = new WriteBarrier(this.#revisions);
    this.#setBarrier = new WriteBarrier(this.#sets);
    this.watches = [
      watchSelf(StatefulSet),
      watchClaimed(Pod, StatefulSet, this.#sets, (each) => selectorFromObject(each.spec.selector)),
      watchOwned(ControllerRevision, StatefulSet),
    ];
  }

  async reconcile(key: ObjectKey): Promise<Outcome> {
    const set = this.#sets.get(key);
    const barriers = [this.#barrier, this.#revisionBarrier, this.#setBarrier];
    if (set === undefined) {
      for (const barrier of barriers) barrier.forget(key);
      return DONE;
    }
    if (set.metadata.deletionTimestamp !== undefined) return DONE;
    if (!barriers.every((barrier) => barrier.isCaughtUp(key))) return { requeueAfterMs: LAG_RECHECK_MS };
    const selector = selectorFromObject(set.spec.selector);
    const claimed = await claim(this.#client, this.#pods, StatefulSet, set, selector);
    const pods = claimed.filter((pod) => ordinalOf(set, pod) !== undefined);
    const history = controlledBy(this.#revisions, set);
    const { revision, collisionCount } = await ensureRevision(
      this.#client,
      set,
      history,
      set.status?.collisionCount,
      'controller.kubernetes.io/hash',
    );
    if (!history.includes(revision)) this.#revisionBarrier.wrote(key, revision);
    const before = history.find(({ metadata }) => metadata.name === set.status?.currentRevision);
    const names: RevisionNames = { current: (before ?? revision).metadata.name, update: revision.metadata.name };
    await this.#retainClaims(set, pods);
    const plan = planStatefulSet(set, pods, names, (ordinal) => this.#hasClaims(set, ordinal), this.#clock.now());
    const known = [...history.filter(({ metadata }) => metadata.name !== names.update), revision];
    const failure = await this.#carryOut(key, set, plan.steps, known);
    const deleted = new Set(plan.steps.map((step) => (step.type === 'delete' ? step.pod : undefined)));
    const status = statefulSetStatus(set, pods, deleted, { names, collisionCount }, this.#clock.now());
    if (!isSemanticallyEqual(status, set.status)) {
      this.#setBarrier.wrote(key, await this.#client.updateStatus({ ...set, status }));
    }
    if (failure !== undefined) throw failure;
    await this.#truncate(set, known, pods, names);
    return plan.requeueAfterMs === undefined ? DONE : { requeueAfterMs: plan.requeueAfterMs };
  }

  /** Carries out the steps; the first failure ends them and is returned, so that the status is written all the same. */
  async #carryOut(
    key: ObjectKey,
    set: StatefulSet,
    steps: readonly StatefulStep[],
    revisions: readonly ControllerRevision[],
  ): Promise<unknown> {
    try {
      for (const step of steps) {
        if (step.type === 'delete') await this.#delete(key, set, step.pod);
        else if (step.type === 'label') await this.#label(key, set, step.pod);
        else await this.#createClaims(set, step.ordinal);
        if (step.type === 'create') await this.#create(key, set, step.ordinal, step.revision, revisions);
      }
    } catch (error) {
      return isNamespaceTerminating(error) ? undefined : error;
    }
    return undefined;
  }

  async #create(
    key: ObjectKey,
    set: StatefulSet,
    ordinal: number,
    name: string,
    revisions: readonly ControllerRevision[],
  ): Promise<void> {
    const revision = revisions.find(({ metadata }) => metadata.name === name);
    const template = revision === undefined ? set.spec.template : templateOf(revision);
    const pod = statefulPod(set, template, name, ordinal);
    const about = `Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
    try {
      this.#barrier.wrote(key, await this.#client.create(pod));
    } catch (error) {
      // Of this set: the informer will show it. Of another: nothing can be done but wait until it is gone.
      if (isApiError(error, 'AlreadyExists')) {
        if (this.#pods.get(keyOf(pod)) === undefined) return;
        throw error;
      }
      this.#recorder.event(set, 'Warning', 'FailedCreate', `Create ${about} failed error: ${messageOf(error)}`);
      throw error;
    }
    this.#recorder.event(set, 'Normal', 'SuccessfulCreate', `Create ${about} successful`);
  }

  async #delete(key: ObjectKey, set: StatefulSet, pod: Pod): Promise<void> {
    const { name, uid } = pod.metadata;
    await this.#client.delete(Pod, keyOf(pod), uid === undefined ? {} : { preconditions: { uid } });
    this.#barrier.deleted(key, pod);
    const message = `Delete Pod ${name} in StatefulSet ${set.metadata.name} successful`;
    this.#recorder.event(set, 'Normal', 'SuccessfulDelete', message);
  }

  async #label(key: ObjectKey, set: StatefulSet, pod: Pod): Promise<void> {
    this.#barrier.wrote(key, await this.#client.update(pod));
    const message = `Update Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`;
    this.#recorder.event(set, 'Normal', 'SuccessfulUpdate', message);
  }

  #hasClaims(set: StatefulSet, ordinal: number): boolean {
    return claimsOf(set, ordinal).every((wanted) => this.#claims.get(keyOf(wanted)) !== undefined);
  }

  async #createClaims(set: StatefulSet, ordinal: number): Promise<void> {
    for (const wanted of claimsOf(set, ordinal)) {
      if (this.#claims.get(keyOf(wanted)) !== undefined) continue;
      const about = `Claim ${wanted.metadata.name} Pod ${podName(set, ordinal)} in StatefulSet ${set.metadata.name}`;
      try {
        await this.#client.create(withRetention(set, wanted, undefined));
        this.#recorder.event(set, 'Normal', 'SuccessfulCreate', `Create ${about} success`);
      } catch (error) {
        if (isApiError(error, 'AlreadyExists')) continue;
        this.#recorder.event(set, 'Warning', 'FailedCreate', `Create ${about} failed error: ${messageOf(error)}`);
        throw error;
      }
    }
  }

  /** Before pods go: their claims get the owners by which they go too, or stay. */
  async #retainClaims(set: StatefulSet, pods: readonly Pod[]): Promise<void> {
    if ((set.spec.volumeClaimTemplates ?? []).length === 0) return;
    const { condemned } = sortPods(set, pods);
    for (const pod of pods) {
      const ordinal = ordinalOf(set, pod) ?? 0;
      for (const template of set.spec.volumeClaimTemplates ?? []) {
        const key = keyOf({ ...pod, metadata: { ...pod.metadata, name: claimName(template, set, ordinal) } });
        const known = this.#claims.get(key);
        if (known === undefined) continue;
        const wanted = withRetention(set, known, condemned.includes(pod) ? pod : undefined);
        if (wanted !== known) await this.#client.update(wanted);
      }
    }
  }

  async #truncate(
    set: StatefulSet,
    history: readonly ControllerRevision[],
    pods: readonly Pod[],
    names: RevisionNames,
  ): Promise<void> {
    const inUse = new Set([names.current, names.update, ...pods.map(revisionOf)]);
    const surplus = planTruncation(history.toSorted(byNumber), inUse, set.spec.revisionHistoryLimit ?? 10);
    for (const revision of surplus) await this.#client.delete<KubeObject>(ControllerRevision, keyOf(revision));
  }
}
