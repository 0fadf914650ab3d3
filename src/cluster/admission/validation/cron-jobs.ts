import { isTimeZone, scheduleError } from '../../../objects/cron-schedule.js';
import type { CronJob } from '../../../objects/kinds/batch-v1.js';
import { invalid, notSupported, required, type FieldError } from '../field-errors.js';
import { shownSelector } from './go-values.js';
import { validateJobTemplate } from './jobs.js';
import { nonNegative } from './rules.js';

const MAX_NAME = 52;
const POLICIES = ['Allow', 'Forbid', 'Replace'];

type Spec = CronJob['spec'];

const validateSchedule = ({ schedule, timeZone }: Spec, old: Spec | undefined): FieldError[] => {
  const field = 'spec.schedule';
  if (schedule === '') return [required(field)];
  const hasZone = schedule.includes('TZ');
  const wrong = scheduleError(schedule.replace(/^(?:CRON_)?TZ=\S+\s+/, ''));
  const errors = wrong === undefined ? [] : [invalid(field, schedule, wrong)];
  // What was stored before this was refused goes on.
  if (!(old?.schedule ?? '').includes('TZ')) {
    return hasZone
      ? [...errors, invalid(field, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')]
      : errors;
  }
  return hasZone && timeZone !== undefined
    ? [...errors, invalid(field, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule')]
    : errors;
};

const isZonePart = (part: string): boolean =>
  part !== '.' && part !== '..' && !part.startsWith('-') && /^[A-Za-z.\-_0-9+]{1,14}$/.test(part);

const validateTimeZone = ({ timeZone }: Spec): FieldError[] => {
  const field = 'spec.timeZone';
  if (timeZone === undefined) return [];
  if (timeZone === '') return [invalid(field, '', 'timeZone must be nil or non-empty string')];
  const unknown = invalid(field, timeZone, `unknown time zone ${timeZone}`);
  if (!timeZone.split('/').every(isZonePart)) return [unknown];
  if (timeZone.toLowerCase() === 'local') {
    const why = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    return timeZone === 'Local' ? [invalid(field, timeZone, why)] : [invalid(field, timeZone, why), unknown];
  }
  return isTimeZone(timeZone) ? [] : [unknown];
};

const validatePolicy = (policy = ''): FieldError[] => {
  const field = 'spec.concurrencyPolicy';
  if (policy === '') return [required(field)];
  return POLICIES.includes(policy) ? [] : [notSupported(field, policy, POLICIES)];
};

const validateTemplate = ({ jobTemplate }: Spec): FieldError[] => {
  const field = 'spec.jobTemplate.spec';
  const spec = jobTemplate?.spec ?? { template: {} };
  const errors = validateJobTemplate(spec, field);
  if (spec.selector !== undefined) {
    errors.push(invalid(`${field}.selector`, shownSelector(spec.selector), '`selector` will be auto-generated'));
  }
  if (spec.manualSelector === true) errors.push(notSupported(`${field}.manualSelector`, true, ['nil', 'false']));
  return errors;
};

const validateSpec = (spec: Spec, old: Spec | undefined): FieldError[] => [
  ...validateSchedule(spec, old),
  ...nonNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds),
  ...(old !== undefined && old.timeZone === spec.timeZone ? [] : validateTimeZone(spec)),
  ...validatePolicy(spec.concurrencyPolicy),
  ...validateTemplate(spec),
  ...nonNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit),
  ...nonNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit),
];

export const validateCronJob = ({ metadata, spec }: CronJob): FieldError[] => {
  const { name = '' } = metadata as { readonly name?: string };
  return [
    ...validateSpec(spec, undefined),
    ...(name.length > MAX_NAME ? [invalid('metadata.name', name, `must be no more than ${MAX_NAME} characters`)] : []),
  ];
};

export const validateCronJobUpdate = ({ spec }: CronJob, { spec: old }: CronJob): FieldError[] =>
  validateSpec(spec, old);
