import { jsonEquals } from '../../../objects/json.js';
import type { Job } from '../../../objects/kinds/batch-v1.js';
import { duplicate, invalid, invalidUnshown, item, required, type FieldError } from '../field-errors.js';
import { internal } from './go-values.js';
import { readIndexes, type Interval } from './job-policies.js';
import { nonNegative } from './rules.js';

type Status = NonNullable<Job['status']>;

const is = (status: Status, type: string, value = 'True'): boolean =>
  (status.conditions ?? []).some((condition) => condition.type === type && condition.status === value);

const isFinished = (status: Status): boolean => is(status, 'Complete') || is(status, 'Failed');

const CONDITIONS = 'status.conditions';

const validateCounts = (status: Status): FieldError[] => [
  ...(['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((name) =>
    nonNegative(`status.${name}`, status[name]),
  ),
  ...validateUncounted(status),
];

const validateUncounted = ({ uncountedTerminatedPods: pods }: Status): FieldError[] => {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((name) =>
    (pods?.[name] ?? []).flatMap((uid, index) => {
      const path = item(`status.uncountedTerminatedPods.${name}`, index);
      if (uid === '') return [invalid(path, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(path, uid)];
      seen.add(uid);
      return [];
    }),
  );
};

/** Which parts of a status are new: what was wrong before and is as it was is not held against a change. */
const changesOf = (status: Status, old: Status) => {
  const changed = (name: keyof Status): boolean => !jsonEquals(status[name] ?? null, old[name] ?? null);
  const turned = (type: string): boolean => is(status, type) !== is(old, type);
  return { changed, turned, finished: isFinished(status) !== isFinished(old) };
};

type Changes = ReturnType<typeof changesOf>;

const when = (condition: boolean, error: () => FieldError): FieldError[] => (condition ? [error()] : []);

const validateEnding = (job: Job, status: Status, { changed, turned, finished }: Changes): FieldError[] => {
  const { completionTime, startTime } = status;
  const complete = is(status, 'Complete');
  const timed = turned('Complete') || changed('completionTime');
  const waits = job.spec.suspend === true && job.spec.completions === 0;
  const ended = isFinished(status);
  const pods = status.uncountedTerminatedPods;
  return [
    ...when((turned('Complete') || turned('Failed')) && complete && is(status, 'Failed'), () =>
      invalidUnshown(CONDITIONS, 'cannot set Complete=True and Failed=true conditions'),
    ),
    ...when((turned('Complete') || turned('FailureTarget')) && complete && is(status, 'FailureTarget'), () =>
      invalidUnshown(CONDITIONS, 'cannot set Complete=True and FailureTarget=true conditions'),
    ),
    ...when(timed && completionTime !== undefined && !complete, () =>
      invalid(
        'status.completionTime',
        completionTime,
        'cannot set completionTime when there is no Complete=True condition',
      ),
    ),
    ...when(timed && completionTime === undefined && complete, () =>
      required('status.completionTime', 'completionTime is required for Complete jobs'),
    ),
    ...when(
      (changed('startTime') || changed('completionTime')) &&
        startTime !== undefined &&
        completionTime !== undefined &&
        Date.parse(completionTime) < Date.parse(startTime),
      () => invalid('status.completionTime', completionTime, 'must be equal to or after `startTime`'),
    ),
    ...when(
      (turned('Failed') || changed('failedIndexes')) && is(status, 'Failed') && !is(status, 'FailureTarget'),
      () => invalidUnshown(CONDITIONS, 'cannot set Failed=True condition without the FailureTarget=true condition'),
    ),
    ...when((turned('Complete') || turned('SuccessCriteriaMet')) && complete && !is(status, 'SuccessCriteriaMet'), () =>
      invalidUnshown(CONDITIONS, 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition'),
    ),
    ...when((finished || changed('active')) && (status.active ?? 0) > 0 && ended, () =>
      invalid('status.active', status.active, 'active>0 is invalid for finished job'),
    ),
    ...when((finished || changed('startTime')) && !waits && startTime === undefined && ended, () =>
      required('status.startTime', 'startTime is required for finished job'),
    ),
    ...when(
      (finished || changed('uncountedTerminatedPods')) &&
        ended &&
        (pods?.failed ?? []).length + (pods?.succeeded ?? []).length > 0,
      () =>
        invalid(
          'status.uncountedTerminatedPods',
          internal('batch/v1.UncountedTerminatedPods', pods),
          'must be empty for finished job',
        ),
    ),
  ];
};

const overlap = (completed: readonly Interval[], failed: readonly Interval[]): number | undefined => {
  for (const [first, last] of failed) {
    const other = completed.find(([from, to]) => from <= last && first <= to);
    if (other !== undefined) return Math.max(other[0], first);
  }
  return undefined;
};

const validateIndexes = ({ spec }: Job, status: Status, { changed }: Changes): FieldError[] => {
  const { completedIndexes = '', failedIndexes } = status;
  const { completions } = spec;
  const errors: FieldError[] = [];
  const completed = completions === undefined ? [] : readIndexes(completedIndexes, completions);
  const failed = completions === undefined ? [] : readIndexes(failedIndexes ?? '', completions);
  const [done, lost] = ['status.completedIndexes', 'status.failedIndexes'];
  if (changed('completedIndexes') && typeof completed === 'string') {
    errors.push(invalid(done, completedIndexes, `error parsing completedIndexes: ${completed}`));
  }
  if (changed('failedIndexes') && spec.backoffLimitPerIndex !== undefined && typeof failed === 'string') {
    errors.push(invalid(lost, failedIndexes, `error parsing failedIndexes: ${failed}`));
  }
  if (changed('completedIndexes') && completedIndexes !== '' && spec.completionMode !== 'Indexed') {
    const why = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalid(done, completedIndexes, why));
  }
  if (changed('failedIndexes') && spec.backoffLimitPerIndex === undefined && failedIndexes !== undefined) {
    errors.push(invalid(lost, failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'));
  }
  if ((changed('failedIndexes') || changed('completedIndexes')) && Array.isArray(completed) && Array.isArray(failed)) {
    const shared = overlap(completed, failed);
    if (shared !== undefined) {
      const why = `failedIndexes and completedIndexes overlap at index: ${shared}`;
      errors.push(invalid(lost, failedIndexes, why));
    }
  }
  return errors;
};

const validateRest = ({ spec }: Job, status: Status, { changed, finished }: Changes): FieldError[] => {
  const met = is(status, 'SuccessCriteriaMet');
  return [
    ...when((finished || changed('terminating')) && (status.terminating ?? 0) > 0 && isFinished(status), () =>
      invalid('status.terminating', status.terminating, 'terminating>0 is invalid for finished job'),
    ),
    ...when((changed('ready') || changed('active')) && (status.ready ?? 0) > (status.active ?? 0), () =>
      invalid('status.ready', status.ready, 'cannot set more ready pods than active'),
    ),
    ...when(met && is(status, 'Failed'), () =>
      invalidUnshown(CONDITIONS, 'cannot set SuccessCriteriaMet=True and Failed=true conditions'),
    ),
    ...when(met && is(status, 'FailureTarget'), () =>
      invalidUnshown(CONDITIONS, 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'),
    ),
    ...when(spec.successPolicy !== undefined && !met && is(status, 'Complete'), () =>
      invalidUnshown(CONDITIONS, 'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True'),
    ),
  ];
};

/** What a status may not take back. */
const validateProgress = ({ spec }: Job, status: Status, old: Status): FieldError[] => {
  const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  const resumes = is(old, 'Suspended') && is(status, 'Suspended', 'False');
  const errors = ['Failed', 'Complete', 'FailureTarget'].flatMap((type) =>
    when(is(old, type) && !is(status, type), () =>
      invalidUnshown(CONDITIONS, `cannot disable the terminal ${type}=True condition`),
    ),
  );
  const { completionTime, startTime } = status;
  return [
    ...errors,
    ...when((status.failed ?? 0) < (old.failed ?? 0), () =>
      invalid('status.failed', status.failed ?? 0, 'cannot decrease the failed counter'),
    ),
    ...when(!isElastic && (status.succeeded ?? 0) < (old.succeeded ?? 0), () =>
      invalid('status.succeeded', status.succeeded ?? 0, 'cannot decrease the succeeded counter'),
    ),
    ...when(
      completionTime !== undefined && old.completionTime !== undefined && completionTime !== old.completionTime,
      () => invalid('status.completionTime', completionTime, 'field is immutable'),
    ),
    ...when(!resumes && old.startTime !== undefined && old.startTime !== startTime && spec.suspend !== true, () =>
      invalid('status.startTime', startTime, 'field is immutable for unsuspended job once set'),
    ),
    ...when(is(old, 'SuccessCriteriaMet') && !is(status, 'SuccessCriteriaMet'), () =>
      invalidUnshown(CONDITIONS, 'cannot disable the SuccessCriteriaMet=True condition'),
    ),
    ...when(is(old, 'Complete') && !is(old, 'SuccessCriteriaMet') && is(status, 'SuccessCriteriaMet'), () =>
      invalidUnshown(CONDITIONS, 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'),
    ),
  ];
};

export const validateJobStatus = (job: Job, oldJob: Job): FieldError[] => {
  const [status, old] = [job.status ?? {}, oldJob.status ?? {}];
  const changes = changesOf(status, old);
  return [
    ...validateCounts(status),
    ...validateEnding(job, status, changes),
    ...validateIndexes(job, status, changes),
    ...validateRest(job, status, changes),
    ...validateProgress(job, status, old),
  ];
};
