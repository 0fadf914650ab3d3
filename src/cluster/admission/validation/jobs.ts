import { isTimeZone, scheduleError } from '../../../objects/cron-schedule.js';
import type { CronJob, Job, JobSpec } from '../../../objects/kinds/batch-v1.js';
import { labelsOf } from '../../../objects/labels.js';
import { matchesLabels, selectorFromObject } from '../../../objects/selectors/label-selector.js';
import { child, invalid, notSupported, required, type FieldError } from '../field-errors.js';
import { validateLabelSelector } from './labels.js';
import { validatePodTemplate } from './pod-spec.js';
import { each, immutable, nonNegative, oneOf, requiredOneOf } from './rules.js';

const validateFailurePolicy = (field: string, policy: NonNullable<JobSpec['podFailurePolicy']>): FieldError[] =>
  each(child(field, 'rules'), policy.rules, (rule, path) => {
    const errors = requiredOneOf(child(path, 'action'), rule.action, ['Count', 'FailIndex', 'FailJob', 'Ignore']);
    const { onExitCodes, onPodConditions = [] } = rule;
    if (onExitCodes !== undefined && onPodConditions.length > 0) {
      errors.push(invalid(path, null, 'specifying both OnExitCodes and OnPodConditions is not supported'));
    }
    if (onExitCodes === undefined && onPodConditions.length === 0) {
      errors.push(invalid(path, null, 'specifying one of OnExitCodes and OnPodConditions is required'));
    }
    if (onExitCodes !== undefined) {
      errors.push(...requiredOneOf(child(path, 'onExitCodes.operator'), onExitCodes.operator, ['In', 'NotIn']));
      if ((onExitCodes.values ?? []).length === 0) {
        errors.push(
          invalid(child(path, 'onExitCodes.values'), onExitCodes.values ?? [], 'at least one value is required'),
        );
      }
    }
    return errors;
  });

const validateRestartPolicy = (field: string, policy: string | undefined): FieldError[] => {
  if (policy === 'OnFailure' || policy === 'Never') return [];
  if (policy === undefined || policy === 'Always') return [required(field, 'valid values: "OnFailure", "Never"')];
  return [notSupported(field, policy, ['OnFailure', 'Never'])];
};

const MAX_INDEXED = 100_000;

const validateJobSpec = (spec: JobSpec, field: string): FieldError[] => {
  const errors = [
    ...nonNegative(child(field, 'parallelism'), spec.parallelism),
    ...nonNegative(child(field, 'completions'), spec.completions),
    ...nonNegative(child(field, 'activeDeadlineSeconds'), spec.activeDeadlineSeconds),
    ...nonNegative(child(field, 'backoffLimit'), spec.backoffLimit),
    ...nonNegative(child(field, 'ttlSecondsAfterFinished'), spec.ttlSecondsAfterFinished),
    ...nonNegative(child(field, 'backoffLimitPerIndex'), spec.backoffLimitPerIndex),
    ...nonNegative(child(field, 'maxFailedIndexes'), spec.maxFailedIndexes),
    ...oneOf(child(field, 'completionMode'), spec.completionMode, ['Indexed', 'NonIndexed']),
    ...oneOf(child(field, 'podReplacementPolicy'), spec.podReplacementPolicy, ['Failed', 'TerminatingOrFailed']),
    ...(spec.podFailurePolicy === undefined
      ? []
      : validateFailurePolicy(child(field, 'podFailurePolicy'), spec.podFailurePolicy)),
    ...validatePodTemplate(spec.template, child(field, 'template')),
    ...validateRestartPolicy(child(field, 'template.spec.restartPolicy'), spec.template?.spec?.restartPolicy),
  ];
  if (spec.completionMode === 'Indexed') {
    if (spec.completions === undefined) {
      errors.push(required(child(field, 'completions'), 'when completion mode is Indexed'));
    }
    if ((spec.parallelism ?? 0) > MAX_INDEXED) {
      errors.push(
        invalid(
          child(field, 'parallelism'),
          spec.parallelism,
          `must be less than or equal to ${MAX_INDEXED} when completion mode is Indexed`,
        ),
      );
    }
  } else if (spec.backoffLimitPerIndex !== undefined) {
    errors.push(
      invalid(child(field, 'backoffLimitPerIndex'), spec.backoffLimitPerIndex, 'requires indexed completion mode'),
    );
  }
  if (spec.podFailurePolicy !== undefined && spec.template?.spec?.restartPolicy !== 'Never') {
    errors.push(
      invalid(
        child(field, 'template.spec.restartPolicy'),
        spec.template?.spec?.restartPolicy,
        'only "Never" is supported when podFailurePolicy is specified',
      ),
    );
  }
  return errors;
};

export const validateJob = ({ spec }: Job): FieldError[] => {
  const errors = validateJobSpec(spec, 'spec');
  if (spec.selector === undefined) return [...errors, required('spec.selector')];
  errors.push(...validateLabelSelector('spec.selector', spec.selector));
  if (errors.length === 0 && !matchesLabels(selectorFromObject(spec.selector), labelsOf(spec.template))) {
    errors.push(
      invalid('spec.template.metadata.labels', labelsOf(spec.template), '`selector` does not match template `labels`'),
    );
  }
  return errors;
};

/** What of a template a suspended job that has not started may still change: where its pods go. */
const withoutScheduling = ({ template }: JobSpec): unknown => {
  const { nodeSelector: _n, affinity: _a, tolerations: _t, schedulingGates: _g, ...spec } = template.spec ?? {};
  const { labels: _l, annotations: _an, ...metadata } = template.metadata ?? {};
  return { ...template, metadata, spec };
};

export const validateJobUpdate = (job: Job, old: Job): FieldError[] => {
  const { spec } = job;
  const isElastic =
    spec.completionMode === 'Indexed' && spec.completions === spec.parallelism && spec.completions !== undefined;
  const isWaiting = old.spec.suspend === true && old.status?.startTime === undefined;
  const [template, before] = isWaiting
    ? [withoutScheduling(spec), withoutScheduling(old.spec)]
    : [spec.template, old.spec.template];
  return [
    ...validateJob(job),
    ...(isElastic ? [] : immutable('spec.completions', spec.completions, old.spec.completions)),
    ...immutable('spec.selector', spec.selector, old.spec.selector),
    ...immutable('spec.template', template, before),
    ...immutable('spec.completionMode', spec.completionMode, old.spec.completionMode),
    ...immutable('spec.podFailurePolicy', spec.podFailurePolicy, old.spec.podFailurePolicy),
    ...immutable('spec.backoffLimitPerIndex', spec.backoffLimitPerIndex, old.spec.backoffLimitPerIndex),
    ...immutable('spec.successPolicy', spec.successPolicy, old.spec.successPolicy),
    ...immutable('spec.managedBy', spec.managedBy, old.spec.managedBy),
  ];
};

const MAX_CRON_NAME = 52;

export const validateCronJob = ({ metadata, spec }: CronJob): FieldError[] => {
  const errors: FieldError[] = [];
  const { name = '' } = metadata as { readonly name?: string };
  if (name.length > MAX_CRON_NAME) {
    errors.push(invalid('metadata.name', name, `must be no more than ${MAX_CRON_NAME} characters`));
  }
  const schedule = spec.schedule ?? '';
  if (schedule === '') errors.push(required('spec.schedule'));
  else if (/TZ=/.test(schedule)) {
    errors.push(invalid('spec.schedule', schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  } else {
    const wrong = scheduleError(schedule);
    if (wrong !== undefined) errors.push(invalid('spec.schedule', schedule, wrong));
  }
  if (spec.timeZone !== undefined) {
    if (spec.timeZone === '') errors.push(invalid('spec.timeZone', '', 'timeZone must be nil or non-empty string'));
    else if (!isTimeZone(spec.timeZone))
      errors.push(invalid('spec.timeZone', spec.timeZone, `unknown time zone ${spec.timeZone}`));
  }
  return [
    ...errors,
    ...nonNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds),
    ...requiredOneOf('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
    ...nonNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit),
    ...nonNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit),
    ...(spec.jobTemplate?.spec === undefined
      ? [required('spec.jobTemplate.spec')]
      : validateJobSpec(spec.jobTemplate.spec, 'spec.jobTemplate.spec')),
  ];
};
