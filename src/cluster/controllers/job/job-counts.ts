import type { Job } from '../../../objects/kinds/batch-v1.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import { isPodActive, isPodReady, isPodTerminating } from '../pods/pod-state.js';
import type { Indexes } from './indexes.js';
import { formatIndexes, parseIndexes } from './indexes.js';
import { earlierFailures, indexOf, isIndexed, isTracked } from './job-pod.js';
import { matchPodFailure } from './pod-failure-policy.js';

/**
 * What is known of a Job's pods, each counted once. A finished pod keeps its tracking finalizer until its uid is in
 * the status as uncounted; once the pod has lost the finalizer, the uid becomes one more in the number.
 */
export interface JobCounts {
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  /** Numbers without the uncounted. */
  readonly succeeded: number;
  readonly failed: number;
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
  /** Of Indexed Jobs. */
  readonly completedIndexes: Indexes;
  readonly failedIndexes: Indexes;
  /** Finished pods that are in the status, so that they may lose their finalizer once it is written. */
  readonly release: readonly Pod[];
  /** Why a pod failure fails the whole Job. */
  readonly failJob: string | undefined;
}

export const completionsOf = (job: Job): number | undefined => job.spec.completions;

/** Pods are replaced when they have failed, rather than as soon as they are being deleted. */
export const replacesOnlyFailed = (job: Job): boolean =>
  job.spec.podReplacementPolicy === 'Failed' || job.spec.podFailurePolicy !== undefined;

/** A pod that is being deleted has failed, unless the Job waits until it really has. */
export const isFailed = (job: Job, pod: Pod): boolean => {
  if (pod.status?.phase === 'Failed') return true;
  if (replacesOnlyFailed(job)) return false;
  return pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded';
};

/** Once the Job is to fail, its pods are deleted: each counts as a failure at once, however it ends. */
const isCondemned = ({ status }: Job, pod: Pod): boolean =>
  pod.metadata.deletionTimestamp !== undefined &&
  (status?.conditions ?? []).some((condition) => condition.type === 'FailureTarget' && condition.status === 'True');

export const countPods = (job: Job, pods: readonly Pod[]): JobCounts => {
  const status = job.status ?? {};
  const limit = completionsOf(job) ?? Number.POSITIVE_INFINITY;
  const tracked = new Set(pods.filter(isTracked).map((pod) => pod.metadata.uid ?? ''));
  const known = {
    succeeded: status.uncountedTerminatedPods?.succeeded ?? [],
    failed: status.uncountedTerminatedPods?.failed ?? [],
  };
  const uncounted = {
    succeeded: known.succeeded.filter((uid) => tracked.has(uid)),
    failed: known.failed.filter((uid) => tracked.has(uid)),
  };
  const completed = new Set(isIndexed(job) ? parseIndexes(status.completedIndexes, limit) : []);
  const failedIndexes = new Set(isIndexed(job) ? parseIndexes(status.failedIndexes, limit) : []);
  const release: Pod[] = [];
  let failJob: string | undefined;
  for (const pod of pods.filter(isTracked)) {
    const uid = pod.metadata.uid ?? '';
    const index = indexOf(pod);
    const isWrongIndex = isIndexed(job) && (index === undefined || index >= limit);
    if (pod.status?.phase === 'Succeeded') {
      if (isIndexed(job) && index !== undefined && !isWrongIndex) completed.add(index);
      else if (!isIndexed(job) && !uncounted.succeeded.includes(uid)) uncounted.succeeded.push(uid);
      release.push(pod);
    } else if (isFailed(job, pod) || isCondemned(job, pod)) {
      const { action, message } =
        pod.status?.phase === 'Failed' || !isCondemned(job, pod)
          ? matchPodFailure(job.spec.podFailurePolicy, pod)
          : { action: 'Count' as const, message: '' };
      if (action === 'FailJob') failJob ??= message;
      if (action === 'FailIndex' && index !== undefined) failedIndexes.add(index);
      if (action !== 'Ignore' && !isWrongIndex && !uncounted.failed.includes(uid)) uncounted.failed.push(uid);
      release.push(pod);
    }
  }
  addExhausted(job, pods, failedIndexes);
  for (const index of completed) failedIndexes.delete(index);
  return {
    active: pods.filter((pod) => isPodActive(pod)),
    ready: pods.filter((pod) => isPodActive(pod) && isPodReady(pod)).length,
    terminating: pods.filter(isPodTerminating).length,
    succeeded: isIndexed(job)
      ? completed.size
      : (status.succeeded ?? 0) + known.succeeded.length - stillTracked(known.succeeded, tracked),
    failed: (status.failed ?? 0) + known.failed.length - stillTracked(known.failed, tracked),
    uncounted,
    completedIndexes: completed,
    failedIndexes,
    release,
    failJob,
  };
};

/** Uids that still have their finalizer, so that they stay uncounted. */
const stillTracked = (uids: readonly string[], tracked: ReadonlySet<string>): number =>
  uids.filter((uid) => tracked.has(uid)).length;

/** Indexes that failed more often than the Job allows each. */
const addExhausted = (job: Job, pods: readonly Pod[], failedIndexes: Set<number>): void => {
  const limit = job.spec.backoffLimitPerIndex;
  if (limit === undefined || !isIndexed(job)) return;
  for (const [index, failures] of failuresByIndex(job, pods)) if (failures > limit) failedIndexes.add(index);
};

/** How often each index has failed, from the pods that are still there and what they say of those before them. */
export const failuresByIndex = (job: Job, pods: readonly Pod[]): ReadonlyMap<number, number> => {
  const failures = new Map<number, number>();
  for (const pod of pods) {
    const index = indexOf(pod);
    if (index === undefined) continue;
    const hasFailed = pod.status?.phase === 'Failed' || (isFailed(job, pod) && !isCondemned(job, pod));
    const isCounted = hasFailed && matchPodFailure(job.spec.podFailurePolicy, pod).action !== 'Ignore';
    failures.set(index, Math.max(failures.get(index) ?? 0, earlierFailures(pod) + Number(isCounted)));
  }
  return failures;
};

/** The index lists of a status; absent where a Job has none. */
export const indexTexts = (job: Job, counts: JobCounts) => ({
  ...(isIndexed(job) && counts.completedIndexes.size > 0
    ? { completedIndexes: formatIndexes(counts.completedIndexes) }
    : {}),
  ...(isIndexed(job) && job.spec.backoffLimitPerIndex !== undefined
    ? { failedIndexes: formatIndexes(counts.failedIndexes) }
    : {}),
});
