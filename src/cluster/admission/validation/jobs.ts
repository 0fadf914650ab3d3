import { jsonEquals } from '../../../objects/json.js';
import type { Job, JobSpec } from '../../../objects/kinds/batch-v1.js';
import type { Affinity, PodTemplateSpec } from '../../../objects/kinds/core-v1.js';
import { labelsOf } from '../../../objects/labels.js';
import { dns1123Label } from '../../../objects/names.js';
import { matchesLabels, selectorFromObject } from '../../../objects/selectors/label-selector.js';
import { child, invalid, keyed, notSupported, required, tooLong, type FieldError } from '../field-errors.js';
import { internal, served, shownSelector } from './go-values.js';
import { validateFailurePolicy, validateSuccessPolicy } from './job-policies.js';
import { validateLabelSelector } from './labels.js';
import { validatePodTemplate } from './pod-spec.js';
import { domainPrefixedPath, IMMUTABLE, immutable, nonNegative } from './rules.js';
import { MISMATCH } from './workloads.js';

const MOST_MANAGER_BYTES = 63;
const MOST_PARALLEL = 100_000;
const MOST_FAILED = 100_000;
/** Above so many completions, less is allowed of the rest. */
const MANY_COMPLETIONS = 100_000;
const MOST_OF_MANY = 10_000;

const atMost = (field: string, value: number | undefined, limit: number, when = ''): FieldError[] =>
  value !== undefined && value > limit ? [invalid(field, value, `must be less than or equal to ${limit}${when}`)] : [];

const validateIndexed = (spec: JobSpec, field: string): FieldError[] => {
  const { completions, parallelism, maxFailedIndexes } = spec;
  const errors: FieldError[] = [];
  if (completions === undefined) errors.push(required(child(field, 'completions'), 'when completion mode is Indexed'));
  errors.push(...atMost(child(field, 'parallelism'), parallelism, MOST_PARALLEL, ' when completion mode is Indexed'));
  const failed = child(field, 'maxFailedIndexes');
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    errors.push(invalid(failed, maxFailedIndexes, 'must be less than or equal to completions'));
  }
  errors.push(...atMost(failed, maxFailedIndexes, MOST_FAILED));
  if ((completions ?? 0) <= MANY_COMPLETIONS || spec.backoffLimitPerIndex === undefined) return errors;
  if (maxFailedIndexes === undefined) {
    errors.push(required(failed, `must be specified when completions is above ${MANY_COMPLETIONS}`));
  }
  const when = ` when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`;
  return [
    ...errors,
    ...atMost(child(field, 'parallelism'), parallelism, MOST_OF_MANY, when),
    ...atMost(failed, maxFailedIndexes, MOST_OF_MANY, when),
  ];
};

const validateUnindexed = (spec: JobSpec, field: string): FieldError[] =>
  (['backoffLimitPerIndex', 'maxFailedIndexes'] as const).flatMap((name) =>
    spec[name] === undefined ? [] : [invalid(child(field, name), spec[name], 'requires indexed completion mode')],
  );

const validateMode = (spec: JobSpec, field: string): FieldError[] => {
  const mode = spec.completionMode ?? 'NonIndexed';
  if (mode === 'Indexed') return validateIndexed(spec, field);
  if (mode === 'NonIndexed') return validateUnindexed(spec, field);
  return [notSupported(child(field, 'completionMode'), mode, ['NonIndexed', 'Indexed'])];
};

const validateReplacement = (spec: JobSpec, field: string): FieldError[] => {
  const policy = spec.podReplacementPolicy;
  const supported = spec.podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'];
  return policy === undefined || supported.includes(policy) ? [] : [notSupported(field, policy, supported)];
};

const validateRestartPolicy = (spec: JobSpec, field: string): FieldError[] => {
  const policy = spec.template?.spec?.restartPolicy ?? '';
  if (policy === '' || policy === 'Always') return [required(field, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(field, policy, ['OnFailure', 'Never'])];
  return spec.podFailurePolicy !== undefined && policy !== 'Never'
    ? [invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    : [];
};

const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;

/** What a Job and the template of a CronJob have in common. */
export const validateJobTemplate = (spec: JobSpec, field: string): FieldError[] => {
  const errors = COUNTS.flatMap((name) => nonNegative(child(field, name), spec[name]));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(child(field, 'backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  }
  if (spec.managedBy !== undefined) {
    const path = child(field, 'managedBy');
    errors.push(...domainPrefixedPath(path, spec.managedBy));
    if (Buffer.byteLength(spec.managedBy) > MOST_MANAGER_BYTES) errors.push(tooLong(path, MOST_MANAGER_BYTES));
  }
  errors.push(...validateMode(spec, field));
  if (spec.podFailurePolicy !== undefined)
    errors.push(...validateFailurePolicy(child(field, 'podFailurePolicy'), spec));
  if (spec.successPolicy !== undefined) {
    const path = child(field, 'successPolicy');
    const shown = internal('batch/v1.SuccessPolicy', spec.successPolicy);
    errors.push(
      ...(spec.completionMode === 'Indexed'
        ? validateSuccessPolicy(path, spec)
        : [invalid(path, shown, 'requires indexed completion mode')]),
    );
  }
  return [
    ...errors,
    ...validateReplacement(spec, child(field, 'podReplacementPolicy')),
    ...validatePodTemplate(spec.template, child(field, 'template')),
    ...validateRestartPolicy(spec, child(field, 'template.spec.restartPolicy')),
  ];
};

const validateSpec = (spec: JobSpec): FieldError[] => {
  const errors = validateJobTemplate(spec, 'spec');
  const { selector } = spec;
  const wrong = selector === undefined ? [required('spec.selector')] : validateLabelSelector('spec.selector', selector);
  errors.push(...wrong);
  const selects =
    selector !== undefined &&
    (wrong.length > 0 || matchesLabels(selectorFromObject(selector), labelsOf(spec.template ?? {})));
  if (!selects) {
    errors.push(invalid('spec.template.metadata.labels', spec.template?.metadata?.labels ?? null, MISMATCH));
  }
  return errors;
};

const hasLabel = (template: PodTemplateSpec | undefined, key: string, expected: string): FieldError[] => {
  const labels = template?.metadata?.labels ?? {};
  const field = keyed('spec.template.metadata.labels', key);
  const why = `must be '${expected}'`;
  return [
    ...(Object.hasOwn(labels, key) ? [] : [required(field, why)]),
    ...((labels[key] ?? '') === expected ? [] : [invalid(field, labels, why)]),
  ];
};

/** A selector that the server made must be the one that it makes. */
const validateGenerated = ({ metadata, spec }: Job): FieldError[] => {
  if (spec.manualSelector === true || spec.selector === undefined) return [];
  const { uid = '', name = '' } = metadata as { readonly uid?: string; readonly name?: string };
  const expected = {
    'controller-uid': uid,
    'job-name': name,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
  };
  const errors = Object.entries(expected).flatMap(([key, value]) => hasLabel(spec.template, key, value));
  if (validateLabelSelector('', spec.selector).length > 0) return errors;
  return matchesLabels(selectorFromObject(spec.selector), expected)
    ? errors
    : [...errors, invalid('spec.selector', shownSelector(spec.selector), '`selector` not auto-generated')];
};

export const validateJob = (job: Job): FieldError[] => {
  const { metadata, spec } = job;
  const errors = [...validateGenerated(job), ...validateSpec(spec)];
  const completions = spec.completions ?? 0;
  if (spec.completionMode !== 'Indexed' || completions <= 0) return errors;
  const { name = '' } = metadata as { readonly name?: string };
  const hostname = `${name}-${completions - 1}`;
  return dns1123Label(hostname).length === 0
    ? errors
    : [...errors, invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${hostname}`)];
};

/** The affinity with the node affinity of another template. */
const withNodeAffinity = (affinity: Affinity | undefined, asked: Affinity | undefined): Affinity | undefined => {
  const { nodeAffinity: _old, ...others } = affinity ?? {};
  const { nodeAffinity } = asked ?? {};
  const all = { ...others, ...(nodeAffinity === undefined ? {} : { nodeAffinity }) };
  return Object.keys(all).length === 0 && asked === undefined ? undefined : all;
};

/** The old template with what a suspended job that has not started may still change: where its pods go. */
const withScheduling = (old: PodTemplateSpec, asked: PodTemplateSpec): unknown => {
  const { nodeSelector: _n, affinity, tolerations: _t, schedulingGates: _g, ...spec } = old.spec ?? {};
  const { nodeSelector, tolerations, schedulingGates } = asked.spec ?? {};
  const placed = {
    nodeSelector,
    tolerations,
    schedulingGates,
    affinity: withNodeAffinity(affinity, asked.spec?.affinity),
  };
  const { labels: _l, annotations: _a, ...metadata } = old.metadata ?? {};
  const named = { labels: asked.metadata?.labels, annotations: asked.metadata?.annotations };
  return { ...old, metadata: known({ ...metadata, ...named }), spec: known({ ...spec, ...placed }) };
};

const known = (value: object): object =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined));

const validateCompletions = (spec: JobSpec, old: JobSpec): FieldError[] => {
  const field = 'spec.completions';
  if (spec.completionMode !== 'Indexed') return immutable(field, spec.completions, old.completions);
  return spec.completions === undefined || spec.completions === old.completions || spec.completions === spec.parallelism
    ? []
    : [invalid(field, spec.completions, 'can only be modified in tandem with spec.parallelism')];
};

const frozen = (name: keyof JobSpec, type: string | undefined, spec: JobSpec, old: JobSpec): FieldError[] =>
  jsonEquals(spec[name] ?? null, old[name] ?? null)
    ? []
    : [invalid(`spec.${name}`, type === undefined ? (spec[name] ?? null) : internal(type, spec[name]), IMMUTABLE)];

export const validateJobUpdate = (job: Job, { spec: old, status }: Job): FieldError[] => {
  const { spec } = job;
  const isWaiting = old.suspend === true && status?.startTime === undefined;
  const [template, before] = [spec.template, old.template];
  const isKept = jsonEquals(template ?? {}, isWaiting ? withScheduling(before, template) : (before ?? {}));
  return [
    // The server looks at the spec twice.
    ...validateJob(job),
    ...validateSpec(spec),
    ...validateCompletions(spec, old),
    ...(jsonEquals(spec.selector ?? null, old.selector ?? null)
      ? []
      : [invalid('spec.selector', served('meta/v1.LabelSelector', spec.selector), IMMUTABLE)]),
    ...(isKept ? [] : [invalid('spec.template', internal('core/v1.PodTemplateSpec', template), IMMUTABLE)]),
    ...frozen('completionMode', undefined, spec, old),
    ...frozen('podFailurePolicy', 'batch/v1.PodFailurePolicy', spec, old),
    ...frozen('backoffLimitPerIndex', undefined, spec, old),
    ...frozen('managedBy', undefined, spec, old),
    ...frozen('successPolicy', 'batch/v1.SuccessPolicy', spec, old),
  ];
};
