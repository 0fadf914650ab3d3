import { isApiError } from '../../../objects/api-error.js';
import type { Clock } from '../../../objects/clock.js';
import { Job } from '../../../objects/kinds/batch-v1.js';
import { Pod } from '../../../objects/kinds/core-v1.js';
import type { ObjectKey } from '../../../objects/object.js';
import { keyText } from '../../../objects/object.js';
import type { LabelSelector } from '../../../objects/selectors/label-selector.js';
import { selectorFromObject } from '../../../objects/selectors/label-selector.js';
import type { Client } from '../../client/client.js';
import type { Controller, Outcome, Watch } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { EventRecorder } from '../../client/event-recorder.js';
import type { Informer } from '../../client/informer.js';
import type { ControllerDeps } from '../controller-deps.js';
import { addOwnershipIndexes, claim, controlledBy, controllerKey, watchClaimed } from '../ownership.js';
import type { PodControl } from '../pods/pod-control.js';
import { createPodControl, isNamespaceTerminating } from '../pods/pod-control.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { slowStart } from '../slow-start.js';
import { LAG_RECHECK_MS, WriteBarrier } from '../write-barrier.js';
import { CONTROLLER_UID, isTracked, withoutTracking } from './job-pod.js';
import { isFinished } from './job-verdict.js';
import type { JobPlan } from './plan-job.js';
import { abandonedPods, planJob } from './plan-job.js';

/** Runs pods until enough of them have succeeded, or too many failed. */
export const createJobController = (deps: ControllerDeps): Controller => new JobController(deps);

const MANAGED_BY = 'kubernetes.io/job-controller';
const JOB_INDEX = 'tracked-by-job';

class JobController implements Controller {
  readonly name = 'job';
  readonly concurrency = 5;
  readonly watches: readonly Watch[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #control: PodControl;
  readonly #jobs: Informer<Job>;
  readonly #pods: Informer<Pod>;
  readonly #barrier: WriteBarrier;

  constructor(deps: ControllerDeps) {
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#recorder = deps.recorder('job-controller');
    this.#control = createPodControl(deps.client, this.#recorder);
    this.#jobs = deps.informers.informer(Job);
    this.#pods = deps.informers.informer(Pod);
    addOwnershipIndexes(this.#pods);
    this.#pods.addIndex(JOB_INDEX, (pod) => {
      const owner = isTracked(pod) ? controllerKey(pod, Job) : undefined;
      return owner === undefined ? [] : [keyText(owner)];
    });
    this.#barrier = new WriteBarrier(this.#pods);
    this.watches = [watchSelf(Job), watchClaimed(Pod, Job, this.#jobs, selectorOf)];
  }

  async reconcile(key: ObjectKey): Promise<Outcome> {
    const job = this.#jobs.get(key);
    await this.#releaseStrangers(key, job);
    if (job === undefined) {
      this.#barrier.forget(key);
      return DONE;
    }
    if ((job.spec.managedBy ?? MANAGED_BY) !== MANAGED_BY) return DONE;
    if (!this.#barrier.isCaughtUp(key)) return { requeueAfterMs: LAG_RECHECK_MS };
    if (isFinished(job) || job.metadata.deletionTimestamp !== undefined) {
      await this.#release(key, abandonedPods(controlledBy(this.#pods, job)));
      return DONE;
    }
    const pods = await claim(this.#client, this.#pods, Job, job, selectorOf(job));
    return this.#carryOut(key, job, planJob(job, pods, this.#clock.now()));
  }

  async #carryOut(key: ObjectKey, job: Job, plan: JobPlan): Promise<Outcome> {
    for (const pod of plan.remove) {
      if (!plan.counted) await this.#release(key, [pod]);
      await this.#control.delete(pod, job);
      this.#barrier.deleted(key, pod);
    }
    const { succeeded, failure } = await slowStart(plan.create.length, async (index) => {
      const pod = plan.create[index];
      if (pod !== undefined) this.#barrier.wrote(key, await this.#control.create(pod, job));
    });
    const active = (plan.status.active ?? 0) - (plan.create.length - succeeded);
    const status = { ...plan.status, active };
    if (!isSemanticallyEqual(status, job.status)) await this.#client.updateStatus<Job>({ ...job, status });
    for (const { type, reason, message } of plan.events) this.#recorder.event(job, type, reason, message);
    await this.#release(key, plan.release);
    if (failure !== undefined && !isNamespaceTerminating(failure)) throw failure;
    return plan.requeueAfterMs === undefined ? DONE : { requeueAfterMs: plan.requeueAfterMs };
  }

  /** Takes the tracking finalizer off, so that the pods can go. */
  async #release(key: ObjectKey, pods: readonly Pod[]): Promise<void> {
    for (const pod of pods) {
      if (!isTracked(pod)) continue;
      try {
        this.#barrier.wrote(key, await this.#client.update(withoutTracking(pod)));
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error;
      }
    }
  }

  /** Pods of a Job of this name that is gone hold a finalizer that nobody else takes off. */
  async #releaseStrangers(key: ObjectKey, job: Job | undefined): Promise<void> {
    const strangers = this.#pods
      .byIndex(JOB_INDEX, keyText(key))
      .filter((pod) => !(pod.metadata.ownerReferences ?? []).some(({ uid }) => uid === job?.metadata.uid));
    if (strangers.length === 0) return;
    const current = await this.#client.get(Job, key);
    const isOfCurrent = (pod: Pod): boolean =>
      (pod.metadata.ownerReferences ?? []).some(({ uid }) => uid === current?.metadata.uid);
    await this.#release(
      key,
      strangers.filter((pod) => !isOfCurrent(pod)),
    );
  }
}

/** The Job's selector; the server makes one of the Job's uid where a user gives none. */
const selectorOf = (job: Job): LabelSelector =>
  selectorFromObject(job.spec.selector ?? { matchLabels: { [CONTROLLER_UID]: job.metadata.uid ?? '' } });
