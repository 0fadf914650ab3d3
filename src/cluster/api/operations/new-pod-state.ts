import type { AppArmorProfile, Container, Pod, PodAffinityTerm, PodSpec } from '../../../objects/kinds/core-v1.js';
import type { Labels } from '../../../objects/labels.js';
import type { LabelSelectorObject } from '../../../objects/selectors/label-selector.js';

type Operator = 'In' | 'NotIn';

/** A selector that also asks for the pod's own values of some labels. */
const withOwnValues = (
  selector: LabelSelectorObject,
  asked: readonly (readonly [Operator, readonly string[] | undefined])[],
  labels: Labels,
): LabelSelectorObject => {
  const added = asked.flatMap(([operator, keys]) =>
    (keys ?? []).flatMap((key) => {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
      return value === undefined ? [] : [{ key, operator, values: [value] }];
    }),
  );
  return added.length === 0
    ? selector
    : { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...added] };
};

const withLabels = <T extends Pick<PodAffinityTerm, 'labelSelector' | 'matchLabelKeys' | 'mismatchLabelKeys'>>(
  term: T,
  labels: Labels,
): T => {
  const { labelSelector, matchLabelKeys, mismatchLabelKeys } = term;
  if (labelSelector === undefined) return term;
  const asked = [
    ['In', matchLabelKeys],
    ['NotIn', mismatchLabelKeys],
  ] as const;
  return { ...term, labelSelector: withOwnValues(labelSelector, asked, labels) };
};

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

const withSelectors = (spec: PodSpec, labels: Labels): PodSpec => {
  const { affinity, topologySpreadConstraints: constraints } = spec;
  const parts = (['podAffinity', 'podAntiAffinity'] as const).flatMap((name) => {
    const part = affinity?.[name];
    if (part === undefined) return [];
    const required = part[REQUIRED]?.map((term) => withLabels(term, labels));
    const preferred = part[PREFERRED]?.map((weighted) => ({
      ...weighted,
      podAffinityTerm: withLabels(weighted.podAffinityTerm, labels),
    }));
    const changed = {
      ...part,
      ...(required === undefined ? {} : { [REQUIRED]: required }),
      ...(preferred === undefined ? {} : { [PREFERRED]: preferred }),
    };
    return [[name, changed] as const];
  });
  return {
    ...spec,
    ...(parts.length === 0 ? {} : { affinity: { ...affinity, ...Object.fromEntries(parts) } }),
    ...(constraints === undefined
      ? {}
      : { topologySpreadConstraints: constraints.map((constraint) => withLabels(constraint, labels)) }),
  };
};

const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';
const LOCAL = 'localhost/';

const profileOf = (annotation: string): AppArmorProfile | undefined => {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  const name = annotation.startsWith(LOCAL) ? annotation.slice(LOCAL.length) : '';
  return name === '' || name !== name.trim() ? undefined : { type: 'Localhost', localhostProfile: name };
};

/** The profiles of AppArmor that old clients ask for by annotations. */
const withProfiles = (spec: PodSpec, annotations: Labels, warnings: string[]): PodSpec => {
  if (spec.os?.name === 'windows') return spec;
  const profiled = <T extends Pick<Container, 'name' | 'securityContext'>>(container: T): T => {
    const key = `${APP_ARMOR}${container.name}`;
    const annotation = annotations[key];
    if (annotation === undefined || container.securityContext?.appArmorProfile !== undefined) return container;
    const profile = profileOf(annotation);
    const ofPod = spec.securityContext?.appArmorProfile;
    const isSame =
      profile !== undefined && ofPod?.type === profile.type && ofPod.localhostProfile === profile.localhostProfile;
    if (isSame) return container;
    warnings.push(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`);
    return profile === undefined
      ? container
      : { ...container, securityContext: { ...container.securityContext, appArmorProfile: profile } };
  };
  return {
    ...spec,
    containers: spec.containers?.map(profiled),
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(profiled) }),
  };
};

const gated = (at: string | undefined) => ({
  type: 'PodScheduled',
  status: 'False',
  lastProbeTime: null,
  lastTransitionTime: at ?? null,
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
});

/** A new pod with what the server makes of its labels and annotations, and its first status. It warns of old ones. */
export const newPod = (pod: Pod, qosClass: string, warnings: string[]): Pod => {
  const { metadata } = pod;
  const isGated = (pod.spec.schedulingGates ?? []).length > 0;
  const selected = withSelectors(pod.spec, metadata.labels ?? {});
  const status = {
    phase: 'Pending',
    ...(isGated ? { conditions: [gated(metadata.creationTimestamp)] } : {}),
    qosClass,
  };
  const spec = metadata.annotations === undefined ? selected : withProfiles(selected, metadata.annotations, warnings);
  return { ...pod, spec, status: status as unknown as NonNullable<Pod['status']> };
};
