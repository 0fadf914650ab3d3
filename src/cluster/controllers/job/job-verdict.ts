import type { Job, JobCondition } from '../../../objects/kinds/batch-v1.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import { timeOf } from '../pods/pod-state.js';
import type { JobCounts } from './job-counts.js';
import { completionsOf } from './job-counts.js';
import { parseIndexes } from './indexes.js';
import { isIndexed } from './job-pod.js';

/** How a Job ends. */
export interface Verdict {
  readonly outcome: 'succeeded' | 'failed';
  readonly reason: string;
  readonly message: string;
}

const failed = (reason: string, message: string): Verdict => ({ outcome: 'failed', reason, message });
const succeeded = (reason: string, message: string): Verdict => ({ outcome: 'succeeded', reason, message });

export const conditionOf = (job: Job, type: string): JobCondition | undefined =>
  job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');

export const isFinished = (job: Job): boolean =>
  conditionOf(job, 'Complete') !== undefined || conditionOf(job, 'Failed') !== undefined;

/** The end of the Job, decided once: an earlier decision that is in its conditions stays. */
export const verdictOf = (job: Job, counts: JobCounts, now: number): Verdict | undefined => {
  const failureTarget = conditionOf(job, 'FailureTarget');
  if (failureTarget !== undefined) return failed(failureTarget.reason ?? '', failureTarget.message ?? '');
  const criteriaMet = conditionOf(job, 'SuccessCriteriaMet');
  if (criteriaMet !== undefined) return succeeded(criteriaMet.reason ?? '', criteriaMet.message ?? '');
  return failureOf(job, counts, now) ?? successOf(job, counts);
};

const failureOf = (job: Job, counts: JobCounts, now: number): Verdict | undefined => {
  if (counts.failJob !== undefined) return failed('PodFailurePolicy', counts.failJob);
  const failures = counts.failed + counts.uncounted.failed.length;
  const limit = job.spec.backoffLimit ?? (job.spec.backoffLimitPerIndex === undefined ? 6 : Number.POSITIVE_INFINITY);
  if (failures > limit || restartsPast(job, counts.active, limit)) {
    return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const deadlineMs = deadlineInMs(job, now);
  if (deadlineMs !== undefined && deadlineMs <= 0) {
    return failed('DeadlineExceeded', 'Job was active longer than specified deadline');
  }
  return indexFailureOf(job, counts);
};

const indexFailureOf = (job: Job, counts: JobCounts): Verdict | undefined => {
  if (!isIndexed(job) || job.spec.backoffLimitPerIndex === undefined || counts.failedIndexes.size === 0)
    return undefined;
  const { maxFailedIndexes } = job.spec;
  if (maxFailedIndexes !== undefined && counts.failedIndexes.size > maxFailedIndexes) {
    return failed('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  }
  const done = counts.completedIndexes.size + counts.failedIndexes.size;
  if (done < (completionsOf(job) ?? 0) || counts.active.length > 0) return undefined;
  return failed('FailedIndexes', 'Job has failed indexes');
};

/** Pods that restart their containers count by restarts. */
const restartsPast = (job: Job, active: readonly Pod[], limit: number): boolean => {
  if (job.spec.template.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = active
    .flatMap((pod) => [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])])
    .reduce((sum, status) => sum + status.restartCount, 0);
  return limit === 0 ? restarts > 0 : restarts >= limit;
};

/** Time until activeDeadlineSeconds are over; undefined without a deadline or while the Job does not run. */
export const deadlineInMs = (job: Job, now: number): number | undefined => {
  const startedAt = timeOf(job.status?.startTime);
  const { activeDeadlineSeconds } = job.spec;
  if (startedAt === undefined || activeDeadlineSeconds === undefined || job.spec.suspend === true) return undefined;
  return startedAt + activeDeadlineSeconds * 1000 - now;
};

const successOf = (job: Job, counts: JobCounts): Verdict | undefined => {
  const policy = successPolicyRule(job, counts);
  if (policy !== undefined) return succeeded('SuccessPolicy', `Matched rules at index ${policy}`);
  const total = counts.succeeded + counts.uncounted.succeeded.length;
  const completions = completionsOf(job);
  // Without completions the pods agree among themselves: one success says that the work is done.
  const isDone = completions === undefined ? total > 0 : total >= completions;
  if (!isDone || counts.active.length > 0) return undefined;
  return succeeded('CompletionsReached', 'Reached expected number of succeeded pods');
};

const successPolicyRule = (job: Job, { completedIndexes }: JobCounts): number | undefined => {
  const rules = job.spec.successPolicy?.rules;
  if (rules === undefined || !isIndexed(job)) return undefined;
  const found = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    const wanted = parseIndexes(succeededIndexes, completionsOf(job) ?? 0);
    const met =
      succeededIndexes === undefined
        ? completedIndexes.size
        : [...wanted].filter((index) => completedIndexes.has(index)).length;
    return met > 0 && met >= (succeededCount ?? wanted.size);
  });
  return found < 0 ? undefined : found;
};
