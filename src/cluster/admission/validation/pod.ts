import { jsonEquals } from '../../../objects/json.js';
import type { Container, Pod, PodSpec } from '../../../objects/kinds/core-v1.js';
import { child, forbidden, invalid, type FieldError } from '../field-errors.js';
import { podSpecDiff } from './pod-spec-diff.js';
import { validatePodSpec, validateTolerations } from './pod-spec.js';
import { each, requiredText } from './rules.js';

export const validatePod = (pod: Pod): FieldError[] => validatePodSpec(pod.spec, 'spec');

const CHANGEABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

const withoutImages = (containers: readonly Container[] | undefined): unknown =>
  (containers ?? []).map(({ image: _image, ...container }) => container);

/** The parts of a spec that stay as they were created. */
const frozenParts = (spec: PodSpec): Record<string, unknown> => {
  const { tolerations: _t, activeDeadlineSeconds: _a, schedulingGates: _s, ephemeralContainers: _e, ...rest } = spec;
  return { ...rest, containers: withoutImages(spec.containers), initContainers: withoutImages(spec.initContainers) };
};

const changedParts = (spec: PodSpec, old: PodSpec): string[] => {
  const [now, before] = [frozenParts(spec), frozenParts(old)];
  // A pod that waits at a gate may still be steered to nodes.
  const isGated = (old.schedulingGates ?? []).length > 0;
  const loose = new Set(isGated ? ['nodeSelector', 'affinity'] : []);
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    loose.add('terminationGracePeriodSeconds');
  }
  const names = new Set([...Object.keys(now), ...Object.keys(before)]);
  return [...names].filter((name) => !loose.has(name) && !jsonEquals(now[name] ?? null, before[name] ?? null)).sort();
};

const withImagesOf = <T extends Container>(containers: readonly T[] | undefined, before: readonly T[] | undefined) =>
  containers?.map((container, index): T => {
    const image = before?.[index]?.image;
    return image === undefined ? container : { ...container, image };
  });

/** What is asked for, but for what may be changed. */
const withAllowed = (spec: PodSpec, old: PodSpec): PodSpec => {
  const { activeDeadlineSeconds: _a, tolerations: _t, schedulingGates: _s, ...rest } = spec;
  const kept = {
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
    initContainers: withImagesOf(spec.initContainers, old.initContainers),
  };
  const present = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
  return { ...rest, ...present, containers: withImagesOf(spec.containers, old.containers) ?? [] };
};

const validateDeadline = (spec: PodSpec, old: PodSpec): FieldError[] => {
  const [value, before] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds];
  const field = 'spec.activeDeadlineSeconds';
  if (before !== undefined && value === undefined)
    return [invalid(field, null, 'must not update from a positive integer to nil value')];
  if (before !== undefined && value !== undefined && value > before) {
    return [invalid(field, value, `must be less than or equal to previous value`)];
  }
  return [];
};

const validateOnlyAdded = (spec: PodSpec, old: PodSpec): FieldError[] => {
  const kept = (old.tolerations ?? []).every((toleration) =>
    (spec.tolerations ?? []).some((other) =>
      jsonEquals({ ...other, tolerationSeconds: 0 }, { ...toleration, tolerationSeconds: 0 }),
    ),
  );
  if (!kept)
    return [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
  return jsonEquals(spec.tolerations, old.tolerations) ? [] : validateTolerations('spec.tolerations', spec.tolerations);
};

const validateGates = (spec: PodSpec, old: PodSpec): FieldError[] => {
  const before = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  const added = (spec.schedulingGates ?? []).filter(({ name }) => !before.has(name));
  if (added.length === 0) return [];
  return [
    forbidden(
      'spec.schedulingGates',
      `only deletion is allowed, but found new scheduling gate '${added[0]?.name ?? ''}'`,
    ),
  ];
};

/** What an update may change in a pod. */
export const validatePodUpdate = ({ spec }: Pod, { spec: old }: Pod): FieldError[] => {
  const errors: FieldError[] = [];
  for (const name of ['containers', 'initContainers'] as const) {
    if ((spec[name] ?? []).length !== (old[name] ?? []).length) {
      return [forbidden(child('spec', name), 'pod updates may not add or remove containers')];
    }
    errors.push(
      ...each(child('spec', name), spec[name], ({ image }, path) => requiredText(child(path, 'image'), image)),
    );
  }
  errors.push(...validateDeadline(spec, old), ...validateOnlyAdded(spec, old), ...validateGates(spec, old));
  if (!jsonEquals(spec.ephemeralContainers ?? [], old.ephemeralContainers ?? [])) {
    errors.push(
      forbidden('spec', 'pod updates may not change ephemeralContainers; use the ephemeralcontainers subresource'),
    );
  }
  const changed = changedParts(spec, old);
  if (changed.length > 0) {
    const shown = podSpecDiff(withAllowed(spec, old), old);
    errors.push(forbidden('spec', `pod updates may not change fields other than ${CHANGEABLE}\n${shown}`));
  }
  return errors;
};

/** Through the `ephemeralcontainers` subresource, ephemeral containers are added and nothing else. */
export const validateEphemeralUpdate = (pod: Pod, old: Pod): FieldError[] => {
  const before = old.spec.ephemeralContainers ?? [];
  const kept = before.every((container) =>
    (pod.spec.ephemeralContainers ?? []).some((other) => jsonEquals(other, container)),
  );
  const errors = kept
    ? []
    : [forbidden('spec.ephemeralContainers', 'existing ephemeral containers may not be removed or changed\n')];
  return [
    ...errors,
    ...validatePodSpec(pod.spec, 'spec').filter(({ field }) => field.startsWith('spec.ephemeralContainers')),
  ];
};
