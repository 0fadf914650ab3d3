import { isApiError } from '../../../objects/api-error.js';
import { timestamp } from '../../../objects/conditions.js';
import type { Clock } from '../../../objects/clock.js';
import type { CronJobStatus } from '../../../objects/kinds/batch-v1.js';
import { CronJob, Job } from '../../../objects/kinds/batch-v1.js';
import type { ObjectReference } from '../../../objects/kinds/core-v1.js';
import type { ObjectKey } from '../../../objects/object.js';
import { keyOf } from '../../../objects/object.js';
import { isControlledBy } from '../../../objects/owner-references.js';
import type { Client } from '../../client/client.js';
import type { Controller, Outcome, Watch } from '../../client/controller.js';
import { DONE, watchOwned, watchSelf } from '../../client/controller.js';
import type { EventRecorder } from '../../client/event-recorder.js';
import type { Informer } from '../../client/informer.js';
import type { ControllerDeps } from '../controller-deps.js';
import { addOwnershipIndexes, controlledBy } from '../ownership.js';
import { isNamespaceTerminating, messageOf } from '../pods/pod-control.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { LAG_RECHECK_MS, WriteBarrier } from '../write-barrier.js';
import { dueTime, finishType, isTooLate, jobFor, jobName, planHistory } from './plan-cron-job.js';
import type { Schedule } from '../../../objects/cron-schedule.js';
import { isTimeZone, parseSchedule, ScheduleError } from '../../../objects/cron-schedule.js';

/** Starts Jobs by the clock. */
export const createCronJobController = (deps: ControllerDeps): Controller => new CronJobController(deps);

/** A little after the time, so that it has certainly come. */
const AFTER_MS = 100;

class CronJobController implements Controller {
  readonly name = 'cronjob';
  readonly concurrency = 5;
  readonly watches: readonly Watch[] = [watchSelf(CronJob), watchOwned(Job, CronJob)];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #cronJobs: Informer<CronJob>;
  readonly #jobs: Informer<Job>;
  readonly #barrier: WriteBarrier;
  readonly #statusBarrier: WriteBarrier;

  constructor(deps: ControllerDeps) {
    this.#client = deps.client;
    this.#clock = deps.clock;
    this.#recorder = deps.recorder('cronjob-controller');
    this.#cronJobs = deps.informers.informer(CronJob);
    this.#jobs = deps.informers.informer(Job);
    addOwnershipIndexes(this.#jobs);
    this.#barrier = new WriteBarrier(this.#jobs);
    this.#statusBarrier = new WriteBarrier(this.#cronJobs);
  }

  async reconcile(key: ObjectKey): Promise<Outcome> {
    const cronJob = this.#cronJobs.get(key);
    if (cronJob === undefined) {
      this.#barrier.forget(key);
      this.#statusBarrier.forget(key);
      return DONE;
    }
    if (cronJob.metadata.deletionTimestamp !== undefined) return DONE;
    if (!this.#barrier.isCaughtUp(key) || !this.#statusBarrier.isCaughtUp(key))
      return { requeueAfterMs: LAG_RECHECK_MS };
    const jobs = controlledBy(this.#jobs, cronJob);
    const surplus = planHistory(cronJob, jobs);
    for (const job of surplus) await this.#deleteJob(key, cronJob, job);
    const observed = this.#observe(cronJob, jobs, surplus);
    const schedule = cronJob.spec.suspend === true ? undefined : this.#schedule(cronJob);
    if (schedule === undefined) {
      await this.#writeStatus(key, cronJob, observed);
      return DONE;
    }
    const now = this.#clock.now();
    const due = dueTime(cronJob, schedule, now);
    if (due.next === undefined) {
      const why = 'time difference between two schedules is less than 1 second';
      const message = `invalid schedule: ${cronJob.spec.schedule} : ${why}`;
      this.#recorder.event(cronJob, 'Warning', 'InvalidSchedule', message);
      await this.#writeStatus(key, cronJob, observed);
      return DONE;
    }
    const status = due.at === undefined ? observed : await this.#start(key, cronJob, observed, jobs, due.at);
    if (due.tooMany) {
      const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
      this.#recorder.event(cronJob, 'Warning', 'TooManyMissedTimes', message);
    }
    await this.#writeStatus(key, cronJob, status);
    return { requeueAfterMs: due.next - now + AFTER_MS };
  }

  /** The status without Jobs that have ended or are gone, and with those that run. Of `deleted` ones enough was told. */
  #observe(cronJob: CronJob, jobs: readonly Job[], deleted: readonly Job[]): CronJobStatus {
    const before = cronJob.status?.active ?? [];
    const running = jobs.filter((job) => finishType(job) === undefined);
    for (const reference of before) {
      const job = jobs.find(({ metadata }) => metadata.uid === reference.uid);
      const end = job === undefined ? undefined : finishType(job);
      if (job === undefined) {
        this.#recorder.event(cronJob, 'Normal', 'MissingJob', `Active job went missing: ${reference.name}`);
      } else if (end !== undefined && !deleted.includes(job)) {
        const message = `Saw completed job: ${job.metadata.name}, condition: ${end}`;
        this.#recorder.event(cronJob, 'Normal', 'SawCompletedJob', message);
      }
    }
    const successes = jobs.map(({ status }) => status?.completionTime).filter((time) => time !== undefined);
    const latest = [...successes, cronJob.status?.lastSuccessfulTime ?? ''].sort().at(-1) ?? '';
    return {
      ...cronJob.status,
      active: running.map((job) => before.find(({ uid }) => uid === job.metadata.uid) ?? referenceTo(job)),
      ...(latest === '' ? {} : { lastSuccessfulTime: latest }),
    };
  }

  #schedule(cronJob: CronJob): Schedule | undefined {
    const { schedule, timeZone } = cronJob.spec;
    if (timeZone !== undefined && !isTimeZone(timeZone)) {
      const message = `invalid timeZone: ${JSON.stringify(timeZone)}: unknown time zone ${timeZone}`;
      this.#recorder.event(cronJob, 'Warning', 'UnknownTimeZone', message);
      return undefined;
    }
    try {
      return parseSchedule(schedule, timeZone);
    } catch (error) {
      if (!(error instanceof ScheduleError)) throw error;
      const message = `unparseable schedule: ${JSON.stringify(schedule)} : ${error.message}`;
      this.#recorder.event(cronJob, 'Warning', 'UnparseableCronJobSchedule', message);
      return undefined;
    }
  }

  async #start(
    key: ObjectKey,
    cronJob: CronJob,
    status: CronJobStatus,
    jobs: readonly Job[],
    at: number,
  ): Promise<CronJobStatus> {
    const active = status.active ?? [];
    const isStarted = active.some(({ name }) => name === jobName(cronJob, at));
    const time = timestamp(at);
    if (isStarted) return { ...status, lastScheduleTime: time };
    if (isTooLate(cronJob, at, this.#clock.now())) {
      const message = `Missed scheduled time to start a job: ${new Date(at).toUTCString()}`;
      this.#recorder.event(cronJob, 'Warning', 'MissSchedule', message);
      return status;
    }
    const policy = cronJob.spec.concurrencyPolicy ?? 'Allow';
    if (policy === 'Forbid' && active.length > 0) {
      const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
      this.#recorder.event(cronJob, 'Normal', 'JobAlreadyActive', message);
      return status;
    }
    const replaced =
      policy === 'Replace' ? jobs.filter((job) => active.some(({ uid }) => uid === job.metadata.uid)) : [];
    for (const job of replaced) await this.#deleteJob(key, cronJob, job);
    const job = await this.#createJob(key, cronJob, at);
    if (job === undefined) return status;
    const kept = policy === 'Replace' ? [] : active;
    return { ...status, active: [...kept, referenceTo(job)], lastScheduleTime: time };
  }

  async #createJob(key: ObjectKey, cronJob: CronJob, at: number): Promise<Job | undefined> {
    const wanted = jobFor(cronJob, at);
    try {
      const job = await this.#client.create(wanted);
      this.#barrier.wrote(key, job);
      this.#recorder.event(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`);
      return job;
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      if (isApiError(error, 'AlreadyExists')) {
        // Started by a reconcile that was cut short before it wrote the status.
        const known = await this.#client.get(Job, keyOf(wanted));
        if (known !== undefined && isControlledBy(known, cronJob)) return known;
      }
      this.#recorder.event(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${messageOf(error)}`);
      throw error;
    }
  }

  async #deleteJob(key: ObjectKey, cronJob: CronJob, job: Job): Promise<void> {
    await this.#client.delete(Job, keyOf(job), { propagationPolicy: 'Background' });
    this.#barrier.deleted(key, job);
    this.#recorder.event(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`);
  }

  async #writeStatus(key: ObjectKey, cronJob: CronJob, status: CronJobStatus): Promise<void> {
    if (isSemanticallyEqual(status, cronJob.status)) return;
    this.#statusBarrier.wrote(key, await this.#client.updateStatus({ ...cronJob, status }));
  }
}

const referenceTo = ({ metadata }: Job): ObjectReference => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  name: metadata.name,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
  ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
  ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
});
