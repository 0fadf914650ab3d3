import { jsonEquals } from '../../../objects/json.js';
import type {
  Container,
  EphemeralContainer,
  NodeAffinity,
  NodeSelectorTerm,
  Pod,
  PodSpec,
} from '../../../objects/kinds/core-v1.js';
import { dns1123Subdomain, outOfRange } from '../../../objects/names.js';
import { child, forbidden, invalid, item, keyed, required, type FieldError } from '../field-errors.js';
import { validateImageBlanks } from './containers.js';
import { shownNodeSelectorTerms } from './internal-forms.js';
import { validateFinalizerNames, validateMetadata } from './metadata.js';
import { APP_ARMOR, MIRROR, validatePodAnnotations, validateProfilesMatch } from './pod-annotations.js';
import type { PodRules } from './pod-rules.js';
import { podSpecDiff, structDiff } from './pod-spec-diff.js';
import { validatePodSpec } from './pod-spec.js';
import { rulesOfPod } from './pod-ratchet.js';
import { each } from './rules.js';
import { validateTolerations } from './tolerations.js';

const NO_ACCOUNT = 'must not be specified when serviceAccountName is not set';

/** All that every pod must be, when it is made and whenever it changes. */
const validateWhole = ({ metadata, spec }: Pod, rules: PodRules): FieldError[] => {
  const tokens =
    (spec.serviceAccountName ?? '') === ''
      ? each('spec.volumes', spec.volumes, ({ projected }, path) =>
          each(child(path, 'projected.sources'), projected?.sources, (source, at) =>
            source.serviceAccountToken === undefined ? [] : [forbidden(child(at, 'serviceAccountToken'), NO_ACCOUNT)],
          ),
        )
      : [];
  const blanks = (['containers', 'initContainers'] as const).flatMap((list) =>
    each(child('spec', list), spec[list] as readonly Container[] | undefined, (container, path) =>
      validateImageBlanks(path, container),
    ),
  );
  return [
    ...validatePodAnnotations('metadata.annotations', metadata.annotations, spec, rules),
    ...validatePodSpec(spec, 'spec', rules),
    ...tokens,
    ...blanks,
  ];
};

export const validatePod = (pod: Pod): FieldError[] => {
  const { metadata, spec } = pod;
  const errors = validateWhole(pod, rulesOfPod(pod));
  if ((spec.ephemeralContainers ?? []).length > 0) {
    errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'));
  }
  if ((spec.nodeName ?? '') !== '' && (spec.schedulingGates ?? []).length > 0) {
    errors.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  }
  return [...errors, ...validateProfilesMatch('spec', metadata.annotations, spec)];
};

/** An update is looked at as a whole object too; what was stored is not held against it. */
const validateWholeUpdate = (pod: Pod, old: Pod): FieldError[] => [
  ...validateMetadata(pod.metadata, true, dns1123Subdomain),
  ...validateFinalizerNames(pod.metadata),
  ...validateWhole(pod, rulesOfPod(pod, old)),
];

/** Some annotations stay as the pod was made with. */
const validateAnnotationUpdate = (pod: Pod, old: Pod): FieldError[] => {
  const [now, before] = [pod.metadata.annotations ?? {}, old.metadata.annotations ?? {}];
  const errors: FieldError[] = [];
  const field = 'metadata.annotations';
  for (const name of Object.keys(before)) {
    if (now[name] === before[name]) continue;
    if (name.startsWith(APP_ARMOR)) {
      errors.push(forbidden(keyed(field, name), 'may not remove or update AppArmor annotations'));
    }
    if (name === MIRROR) errors.push(forbidden(keyed(field, name), 'may not remove or update mirror pod annotation'));
  }
  for (const name of Object.keys(now)) {
    if (before[name] !== undefined) continue;
    if (name.startsWith(APP_ARMOR)) errors.push(forbidden(keyed(field, name), 'may not add AppArmor annotations'));
    if (name === MIRROR) errors.push(forbidden(keyed(field, name), 'may not add mirror pod annotation'));
  }
  return [...errors, ...validatePodAnnotations(field, now, pod.spec, rulesOfPod(pod, old))];
};

const CHANGEABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

const withImagesOf = <T extends Container>(containers: readonly T[] | undefined, before: readonly T[] | undefined) =>
  containers?.map((container, index): T => {
    const image = before?.[index]?.image;
    return image === undefined ? container : { ...container, image };
  });

const defined = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** What is asked for, but for what may be changed. */
const withAllowed = (spec: PodSpec, old: PodSpec): PodSpec => {
  const { activeDeadlineSeconds: _a, tolerations: _t, schedulingGates: _s, initContainers: _i, ...rest } = spec;
  const isEnding = (old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1;
  const kept = defined({
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
    initContainers: withImagesOf(spec.initContainers, old.initContainers),
    ...(isEnding ? { terminationGracePeriodSeconds: old.terminationGracePeriodSeconds } : {}),
  });
  const allowed: PodSpec = { ...rest, ...kept, containers: withImagesOf(spec.containers, old.containers) ?? [] };
  return (old.schedulingGates ?? []).length > 0 ? withPlaceOf(allowed, old) : allowed;
};

/** A pod that waits at a gate may still be steered to nodes. */
const withPlaceOf = (spec: PodSpec, old: PodSpec): PodSpec => {
  const { nodeSelector: _n, affinity, ...rest } = spec;
  const { nodeAffinity: _a, ...others } = affinity ?? {};
  const before = old.affinity?.nodeAffinity;
  const isLeft = affinity === undefined && before === undefined;
  const isNew = old.affinity === undefined && Object.keys(others).length === 0;
  const steered =
    isLeft || isNew ? undefined : { ...others, ...(before === undefined ? {} : { nodeAffinity: before }) };
  return { ...rest, ...defined({ nodeSelector: old.nodeSelector, affinity: steered }) };
};

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

const onlyAdds = (term: NodeSelectorTerm, old: NodeSelectorTerm): boolean =>
  (['matchExpressions', 'matchFields'] as const).every((list) => {
    const before = old[list] ?? [];
    return jsonEquals((term[list] ?? []).slice(0, before.length), before);
  }) && !(isEmptyTerm(old) && !isEmptyTerm(term));

const isEmptyTerm = ({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): boolean =>
  matchExpressions.length === 0 && matchFields.length === 0;

/** Where a gated pod may go can only become narrower. */
const validateNarrower = (spec: PodSpec, old: PodSpec): FieldError[] => {
  if ((old.schedulingGates ?? []).length === 0) return [];
  const errors: FieldError[] = [];
  const now = spec.nodeSelector;
  if (Object.entries(old.nodeSelector ?? {}).some(([name, value]) => now?.[name] !== value)) {
    const detail = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
    errors.push(invalid('spec.nodeSelector', now ?? null, detail));
  }
  const termsOf = (affinity: NodeAffinity | undefined) => affinity?.[REQUIRED]?.nodeSelectorTerms;
  const [before = [], terms] = [termsOf(old.affinity?.nodeAffinity), termsOf(spec.affinity?.nodeAffinity)];
  const field = `spec.affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms`;
  if (before.length > 0 && before.length !== (terms ?? []).length) {
    const detail = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    return [...errors, invalid(field, shownNodeSelectorTerms(terms), detail)];
  }
  for (const [index, term] of before.entries()) {
    const other = terms?.[index] ?? {};
    if (onlyAdds(other, term)) continue;
    const [shown] = shownNodeSelectorTerms([other]) as readonly unknown[];
    errors.push(invalid(item(field, index), shown, 'only additions are allowed (no mutations or deletions)'));
  }
  return errors;
};

const MAX_SECONDS = 2 ** 31 - 1;
const DEADLINE = 'spec.activeDeadlineSeconds';

/** A deadline comes nearer or stays; `stops` when nothing more is looked at. */
const validateDeadline = (spec: PodSpec, old: PodSpec): { readonly errors: FieldError[]; readonly stops: boolean } => {
  const [value, before] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds];
  if (value === undefined) {
    const detail = 'must not update from a positive integer to nil value';
    return { errors: before === undefined ? [] : [invalid(DEADLINE, null, detail)], stops: false };
  }
  if (value < 0 || value > MAX_SECONDS) {
    return { errors: [invalid(DEADLINE, value, outOfRange(0, MAX_SECONDS))], stops: true };
  }
  const isLater = before !== undefined && value > before;
  const errors = isLater ? [invalid(DEADLINE, value, 'must be less than or equal to previous value')] : [];
  return { errors, stops: isLater };
};

const validateOnlyAdded = (spec: PodSpec, old: PodSpec): FieldError[] => {
  const kept = (old.tolerations ?? []).every((toleration) =>
    (spec.tolerations ?? []).some((other) =>
      jsonEquals({ ...other, tolerationSeconds: 0 }, { ...toleration, tolerationSeconds: 0 }),
    ),
  );
  if (!kept)
    return [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
  return validateTolerations('spec.tolerations', spec.tolerations);
};

const validateGates = (spec: PodSpec, old: PodSpec): FieldError[] => {
  const before = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  return each('spec.schedulingGates', spec.schedulingGates, ({ name = '' }, path) =>
    before.has(name)
      ? []
      : [forbidden(child(path, 'name'), `only deletion is allowed, but found new scheduling gate '${name}'`)],
  );
};

const validateImages = (field: string, containers: readonly Container[] | undefined): FieldError[] =>
  each(field, containers, (container, path) => [
    ...((container.image ?? '') === '' ? [required(child(path, 'image'))] : []),
    ...validateImageBlanks(path, container),
  ]);

/** What an update may change in a pod. */
export const validatePodUpdate = (pod: Pod, before: Pod): FieldError[] => {
  const { spec } = pod;
  const { spec: old } = before;
  const errors = [...validateWholeUpdate(pod, before), ...validateAnnotationUpdate(pod, before)];
  for (const name of ['containers', 'initContainers'] as const) {
    if ((spec[name] ?? []).length !== (old[name] ?? []).length) {
      return [...errors, forbidden(child('spec', name), 'pod updates may not add or remove containers')];
    }
    errors.push(...validateImages(child('spec', name), spec[name]));
  }
  const deadline = validateDeadline(spec, old);
  errors.push(...deadline.errors);
  if (deadline.stops) return errors;
  errors.push(...validateOnlyAdded(spec, old), ...validateGates(spec, old));
  errors.push(...validateNarrower(spec, old));
  const allowed = withAllowed(spec, old);
  if (!sameFields(allowed, old)) {
    const shown = podSpecDiff(allowed, old);
    errors.push(forbidden('spec', `pod updates may not change fields other than ${CHANGEABLE}\n${shown}`));
  }
  return errors;
};

/** Absent and empty lists and maps are one to the server. */
const sameFields = (left: PodSpec, right: PodSpec): boolean => jsonEquals(withoutEmpty(left), withoutEmpty(right));

const withoutEmpty = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined && !(Array.isArray(field) && field.length === 0))
      .map(([name, field]) => [name, withoutEmpty(field)]),
  );
};

/** Through the `ephemeralcontainers` subresource, ephemeral containers are added and nothing else. */
export const validateEphemeralUpdate = (pod: Pod, old: Pod): FieldError[] => {
  if (old.metadata.annotations?.[MIRROR] !== undefined) {
    return [forbidden('', 'static pods do not support ephemeral containers')];
  }
  const now = new Map((pod.spec.ephemeralContainers ?? []).map((container) => [container.name, container]));
  const field = 'spec.ephemeralContainers';
  return [
    ...validateWholeUpdate(pod, old),
    ...validateAnnotationUpdate(pod, old),
    ...(old.spec.ephemeralContainers ?? []).flatMap((before: EphemeralContainer) => {
      const container = now.get(before.name);
      const name = JSON.stringify(before.name);
      if (container === undefined)
        return [forbidden(field, `existing ephemeral containers ${name} may not be removed\n`)];
      if (jsonEquals(withoutEmpty(container), withoutEmpty(before))) return [];
      const shown = structDiff('core/v1.EphemeralContainer', before, container);
      return [forbidden(field, `existing ephemeral containers ${name} may not be changed\n${shown}`)];
    }),
  ];
};
