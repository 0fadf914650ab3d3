import { timestamp } from '../../../objects/conditions.js';
import type { CronJob } from '../../../objects/kinds/batch-v1.js';
import { Job } from '../../../objects/kinds/batch-v1.js';
import { controllerReference } from '../../../objects/owner-references.js';
import { timeOf } from '../pods/pod-state.js';
import type { Schedule } from '../../../objects/cron-schedule.js';

const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
const TOO_MANY = 100;
/** Enough to know that there are too many; a schedule that was missed for years must not be counted through. */
const COUNT_LIMIT = 10_000;

export interface Due {
  /** The newest time that was missed; undefined when none was. */
  readonly at: number | undefined;
  readonly tooMany: boolean;
  /** The first time after now. */
  readonly next: number | undefined;
}

/** What is due since the last start (or the creation, or as far back as the starting deadline reaches). */
export const dueTime = (cronJob: CronJob, schedule: Schedule, now: number): Due => {
  const since = timeOf(cronJob.status?.lastScheduleTime) ?? timeOf(cronJob.metadata.creationTimestamp) ?? now;
  const { startingDeadlineSeconds } = cronJob.spec;
  const earliest =
    startingDeadlineSeconds === undefined ? since : Math.max(since, now - startingDeadlineSeconds * 1000);
  const next = schedule.next(now);
  let at: number | undefined;
  let missed = 0;
  for (let time = schedule.next(earliest); time !== undefined && time <= now; time = schedule.next(time)) {
    at = time;
    missed += 1;
    if (missed > COUNT_LIMIT) {
      // Only the newest is started: go on from shortly before now.
      const step = (schedule.next(time) ?? time) - time;
      at = newestBefore(schedule, Math.max(time, now - 2 * step), now) ?? at;
      break;
    }
  }
  return { at, tooMany: missed > TOO_MANY, next };
};

const newestBefore = (schedule: Schedule, from: number, now: number): number | undefined => {
  let newest: number | undefined;
  for (let time = schedule.next(from); time !== undefined && time <= now; time = schedule.next(time)) newest = time;
  return newest;
};

export const isTooLate = ({ spec }: CronJob, at: number, now: number): boolean =>
  spec.startingDeadlineSeconds !== undefined && at + spec.startingDeadlineSeconds * 1000 < now;

/** `<name>-<minutes since 1970>`: the same time never starts two Jobs. */
export const jobName = (cronJob: CronJob, at: number): string => `${cronJob.metadata.name}-${Math.floor(at / 60_000)}`;

export const jobFor = (cronJob: CronJob, at: number): Job => {
  const { metadata, spec } = cronJob.spec.jobTemplate;
  const { namespace } = cronJob.metadata;
  return {
    ...Job,
    metadata: {
      name: jobName(cronJob, at),
      ...(namespace === undefined ? {} : { namespace }),
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      annotations: { ...metadata?.annotations, [SCHEDULED_AT]: timestamp(at) },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: spec ?? { template: {} },
  };
};

export const finishType = (job: Job): 'Complete' | 'Failed' | undefined => {
  const end = job.status?.conditions?.find(
    ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
  );
  return end?.type === 'Complete' || end?.type === 'Failed' ? end.type : undefined;
};

/** Finished Jobs beyond the limits of the history, oldest first. */
export const planHistory = (cronJob: CronJob, jobs: readonly Job[]): readonly Job[] => {
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec;
  const surplus = (type: 'Complete' | 'Failed', limit: number): readonly Job[] => {
    const finished = jobs.filter((job) => finishType(job) === type).toSorted((a, b) => startedAt(a) - startedAt(b));
    return finished.slice(0, Math.max(0, finished.length - limit));
  };
  return [...surplus('Complete', successfulJobsHistoryLimit), ...surplus('Failed', failedJobsHistoryLimit)];
};

const startedAt = (job: Job): number => timeOf(job.status?.startTime ?? job.metadata.creationTimestamp) ?? 0;
