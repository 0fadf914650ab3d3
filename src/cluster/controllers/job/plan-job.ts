import { timestamp } from '../../../objects/conditions.js';
import type { Job, JobCondition, JobStatus } from '../../../objects/kinds/batch-v1.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import { podsToDelete } from '../pods/deletion-order.js';
import { isPodTerminating } from '../pods/pod-state.js';
import { BURST } from '../slow-start.js';
import type { JobCounts } from './job-counts.js';
import { completionsOf, countPods, failuresByIndex, indexTexts, isFailed, replacesOnlyFailed } from './job-counts.js';
import { finishedAt, indexOf, isIndexed, isTracked, jobPod } from './job-pod.js';
import type { Verdict } from './job-verdict.js';
import { deadlineInMs, verdictOf } from './job-verdict.js';

/** What to do for a Job, in this order. */
export interface JobPlan {
  /** Pods to delete; those that are not `counted` lose their tracking finalizer first. */
  readonly remove: readonly Pod[];
  readonly counted: boolean;
  readonly create: readonly Pod[];
  /** To be written before the pods of `release` lose their finalizer. */
  readonly status: JobStatus;
  readonly release: readonly Pod[];
  readonly requeueAfterMs: number | undefined;
  readonly events: readonly {
    readonly type: 'Normal' | 'Warning';
    readonly reason: string;
    readonly message: string;
  }[];
}

const BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 600_000;

/** The next steps of a Job that is not finished. */
export const planJob = (job: Job, pods: readonly Pod[], now: number): JobPlan => {
  const counts = countPods(job, pods);
  const started = withStart(job, now);
  const verdict = verdictOf(started, counts, now);
  if (verdict !== undefined) return planEnd(started, counts, verdict, now);
  const steps = job.spec.suspend === true ? suspendSteps(counts) : podSteps(job, pods, counts, now);
  const status = statusOf(started, counts, steps.create.length - steps.remove.length);
  const waits = [steps.requeueAfterMs, deadlineInMs(started, now)].filter((wait) => wait !== undefined);
  return {
    remove: steps.remove,
    counted: false,
    create: steps.create,
    status,
    release: counts.release,
    requeueAfterMs: waits.length === 0 ? undefined : Math.max(1, Math.min(...waits)),
    events: suspendEvents(job, status),
  };
};

interface PodSteps {
  readonly remove: readonly Pod[];
  readonly create: readonly Pod[];
  readonly requeueAfterMs?: number;
}

const suspendSteps = (counts: JobCounts): PodSteps => ({ remove: counts.active, create: [] });

/** Brings the number of active pods to what the Job still needs. */
const podSteps = (job: Job, pods: readonly Pod[], counts: JobCounts, now: number): PodSteps => {
  const parallelism = job.spec.parallelism ?? 1;
  const done = counts.succeeded + counts.uncounted.succeeded.length;
  const completions = completionsOf(job);
  const left = completions === undefined ? undefined : completions - done - counts.failedIndexes.size;
  const idle = done > 0 ? counts.active.length : parallelism;
  const wanted = left === undefined ? idle : Math.max(0, Math.min(left, parallelism));
  const surplus = surplusPods(job, counts, wanted, now);
  if (surplus.length > 0) return { remove: surplus.slice(0, BURST), create: [] };
  const waiting = replacesOnlyFailed(job) ? counts.terminating : 0;
  const missing = Math.min(BURST, wanted - counts.active.length - waiting);
  if (missing <= 0) return { remove: [], create: [] };
  return isIndexed(job) ? indexedSteps(job, pods, counts, missing, now) : plainSteps(job, pods, missing, now);
};

/** Pods too many; of Indexed Jobs first those whose index is wrong, done, or taken by another pod. */
const surplusPods = (job: Job, counts: JobCounts, wanted: number, now: number): readonly Pod[] => {
  const { active } = counts;
  if (!isIndexed(job)) return active.length > wanted ? podsToDelete(active, active, active.length - wanted, now) : [];
  const seen = new Set<number>();
  const useless = active.filter((pod) => {
    const index = indexOf(pod);
    const isWrong = index === undefined || index >= (completionsOf(job) ?? 0) || seen.has(index);
    if (index !== undefined) seen.add(index);
    return isWrong || (index !== undefined && (counts.completedIndexes.has(index) || counts.failedIndexes.has(index)));
  });
  const useful = active
    .filter((pod) => !useless.includes(pod))
    .toSorted((a, b) => (indexOf(b) ?? 0) - (indexOf(a) ?? 0));
  return [...useless, ...useful.slice(0, Math.max(0, useful.length - wanted))];
};

const plainSteps = (job: Job, pods: readonly Pod[], missing: number, now: number): PodSteps => {
  const waitMs = backoffMs(job, pods, now);
  if (waitMs > 0) return { remove: [], create: [], requeueAfterMs: waitMs };
  return { remove: [], create: Array.from({ length: missing }, () => jobPod(job)) };
};

const indexedSteps = (job: Job, pods: readonly Pod[], counts: JobCounts, missing: number, now: number): PodSteps => {
  const perIndex = job.spec.backoffLimitPerIndex !== undefined;
  const jobWaitMs = perIndex ? 0 : backoffMs(job, pods, now);
  if (jobWaitMs > 0) return { remove: [], create: [], requeueAfterMs: jobWaitMs };
  const taken = new Set(pods.filter((pod) => isHolding(job, pod)).map(indexOf));
  const failures = failuresByIndex(job, pods);
  const create: Pod[] = [];
  let soonestMs: number | undefined;
  for (let index = 0; index < (completionsOf(job) ?? 0) && create.length < missing; index++) {
    if (taken.has(index) || counts.completedIndexes.has(index) || counts.failedIndexes.has(index)) continue;
    const waitMs = perIndex
      ? backoffMs(
          job,
          pods.filter((pod) => indexOf(pod) === index),
          now,
        )
      : 0;
    if (waitMs > 0) soonestMs = Math.min(soonestMs ?? waitMs, waitMs);
    else create.push(jobPod(job, index, failures.get(index) ?? 0));
  }
  return { remove: [], create, ...(soonestMs === undefined ? {} : { requeueAfterMs: soonestMs }) };
};

/** An index is not given to a new pod while one that has it runs, or has to end first. */
const isHolding = (job: Job, pod: Pod): boolean => {
  if (isPodTerminating(pod)) return replacesOnlyFailed(job);
  return pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded';
};

/** How long to wait before the next pod: 10 s after one failure, doubled with each in a row, at most ten minutes. */
const backoffMs = (job: Job, pods: readonly Pod[], now: number): number => {
  const finished = pods
    .filter((pod) => pod.status?.phase === 'Succeeded' || isFailed(job, pod))
    .map((pod) => ({ failed: pod.status?.phase !== 'Succeeded', at: finishedAt(pod) ?? now }))
    .sort((a, b) => b.at - a.at);
  const firstSuccess = finished.findIndex(({ failed }) => !failed);
  const failures = firstSuccess < 0 ? finished.length : firstSuccess;
  const last = finished[0];
  if (failures === 0 || last === undefined) return 0;
  return last.at + Math.min(BACKOFF_MS * 2 ** Math.min(failures - 1, 10), MAX_BACKOFF_MS) - now;
};

/** The end: pods that run are deleted, and when none is left and all are counted the last condition is set. */
const planEnd = (job: Job, counts: JobCounts, verdict: Verdict, now: number): JobPlan => {
  const { active, release, terminating, uncounted } = counts;
  const isSettled =
    active.length === 0 &&
    terminating === 0 &&
    release.length === 0 &&
    uncounted.succeeded.length === 0 &&
    uncounted.failed.length === 0;
  const status = endStatus(job, counts, verdict, isSettled, now);
  const isSuccess = verdict.outcome === 'succeeded';
  const ended = isSuccess
    ? { type: 'Normal' as const, reason: 'Completed', message: 'Job completed' }
    : { type: 'Warning' as const, reason: verdict.reason, message: verdict.message };
  return {
    remove: active,
    // Pods of a failed Job count as failed; those that a success policy made needless do not count.
    counted: !isSuccess,
    create: [],
    status,
    release,
    requeueAfterMs: undefined,
    events: isSettled ? [ended] : [],
  };
};

const endStatus = (job: Job, counts: JobCounts, verdict: Verdict, isSettled: boolean, now: number): JobStatus => {
  const isSuccess = verdict.outcome === 'succeeded';
  const { reason, message } = verdict;
  const status = statusOf(job, counts, -counts.active.length);
  const interim = isSuccess ? 'SuccessCriteriaMet' : 'FailureTarget';
  const conditions = withCondition(status.conditions ?? [], { type: interim, status: 'True', reason, message }, now);
  if (!isSettled) return { ...status, conditions };
  const last = { type: isSuccess ? 'Complete' : 'Failed', status: 'True', reason, message };
  return {
    ...status,
    conditions: withCondition(conditions, last, now),
    ...(isSuccess ? { completionTime: timestamp(now) } : {}),
  };
};

const statusOf = (job: Job, counts: JobCounts, change: number): JobStatus => {
  const { completedIndexes: _completed, failedIndexes: _failed, ...status } = job.status ?? {};
  const { uncounted } = counts;
  return {
    ...status,
    ...indexTexts(job, counts),
    active: counts.active.length + change,
    ready: counts.ready,
    terminating: counts.terminating,
    succeeded: counts.succeeded,
    failed: counts.failed,
    uncountedTerminatedPods: {
      ...(uncounted.succeeded.length === 0 ? {} : { succeeded: uncounted.succeeded }),
      ...(uncounted.failed.length === 0 ? {} : { failed: uncounted.failed }),
    },
  };
};

/** The Job with its start time, and the condition that tells of a suspension or its end. */
const withStart = (job: Job, now: number): Job => {
  const { startTime, ...status } = job.status ?? {};
  const conditions = status.conditions ?? [];
  const wasSuspended = conditions.some(({ type, status: value }) => type === 'Suspended' && value === 'True');
  if (job.spec.suspend === true) {
    const condition = { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' };
    return { ...job, status: { ...status, conditions: withCondition(conditions, condition, now) } };
  }
  const resumed = { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' };
  return {
    ...job,
    status: {
      ...status,
      startTime: wasSuspended || startTime === undefined ? timestamp(now) : startTime,
      ...(wasSuspended ? { conditions: withCondition(conditions, resumed, now) } : {}),
    },
  };
};

const suspendEvents = (job: Job, status: JobStatus): JobPlan['events'] => {
  const before = job.status?.conditions?.find(({ type }) => type === 'Suspended')?.status;
  const after = status.conditions?.find(({ type }) => type === 'Suspended')?.status;
  if (before === after) return [];
  const isSuspended = after === 'True';
  const message = isSuspended ? 'Job suspended' : 'Job resumed';
  return [{ type: 'Normal', reason: isSuspended ? 'Suspended' : 'Resumed', message }];
};

const withCondition = (
  conditions: readonly JobCondition[],
  condition: JobCondition,
  now: number,
): readonly JobCondition[] => {
  const known = conditions.find(({ type }) => type === condition.type);
  if (known?.status === condition.status) return conditions;
  const time = timestamp(now);
  const next = { ...condition, lastProbeTime: time, lastTransitionTime: time };
  return [...conditions.filter((each) => each !== known), next];
};

/** Pods that hold the tracking finalizer of a Job that is gone or finished: nobody counts them any more. */
export const abandonedPods = (pods: readonly Pod[]): readonly Pod[] => pods.filter(isTracked);
