import { jsonEquals } from '../../../objects/json.js';
import type { Container, Pod, PodSpec, ResourceRequirements } from '../../../objects/kinds/core-v1.js';
import { dns1123Subdomain } from '../../../objects/names.js';
import type { ResourceList } from '../../../objects/quantity.js';
import { child, forbidden, invalid, item, type FieldError } from '../field-errors.js';
import { validateMetadata } from './metadata.js';
import { MIRROR, validatePodAnnotations } from './pod-annotations.js';
import { rulesOfPod } from './pod-ratchet.js';
import { validatePodSpec } from './pod-spec.js';
import { isSidecar } from './resources.js';

type Resources = ResourceRequirements | undefined;

const isLost = (now: ResourceList | undefined, before: ResourceList | undefined): boolean =>
  Object.keys(before ?? {}).some((name) => now?.[name] === undefined);

const validateKept = (field: string, what: string, now: Resources, before: Resources): FieldError[] => [
  ...(isLost(now?.requests, before?.requests)
    ? [forbidden(child(field, 'requests'), `${what} requests cannot be removed`)]
    : []),
  ...(isLost(now?.limits, before?.limits)
    ? [forbidden(child(field, 'limits'), `${what} limits cannot be removed`)]
    : []),
];

/** A list with the processors and memory of another. */
const withOld = (list: ResourceList = {}, old: ResourceList = {}): ResourceList => {
  const { cpu: _c, memory: _m, ...rest } = list;
  const { cpu, memory } = old;
  return { ...rest, ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) };
};

/** Resources in one form, but for what a resize may change. */
const fixedPart = (
  resources: Resources,
  old: Resources,
): Required<Pick<ResourceRequirements, 'limits' | 'requests'>> => ({
  limits: withOld(resources?.limits, old?.limits),
  requests: withOld(resources?.requests, old?.requests),
});

const sameButSize = (now: Container, before: Container): boolean => {
  const { resources: wanted, ...rest } = now;
  const { resources: had, ...others } = before;
  const isSame = jsonEquals(fixedPart(wanted, had), { limits: had?.limits ?? {}, requests: had?.requests ?? {} });
  return isSame && jsonEquals(rest, others);
};

const validateOrder = (spec: PodSpec, old: PodSpec): FieldError[] =>
  (['containers', 'initContainers'] as const).flatMap((list) => {
    const [now, before] = [spec[list] ?? [], old[list] ?? []];
    const field = child('spec', list);
    if (now.length !== before.length) return [forbidden(field, `${list} may not be added or removed on resize`)];
    return before.flatMap(({ name }, index) =>
      now[index]?.name === name
        ? []
        : [forbidden(child(item(field, index), 'name'), `${list} may not be renamed or reordered on resize`)],
    );
  });

type Class = 'BestEffort' | 'Burstable' | 'Guaranteed';

const isGuaranteed = ({ resources }: Container): boolean =>
  (['cpu', 'memory'] as const).every((name) => {
    const limit = resources?.limits?.[name];
    return limit !== undefined && jsonEquals(resources?.requests?.[name] ?? limit, limit);
  });

/** The class of service that a pod's resources put it in. */
const classOf = ({ containers = [], initContainers = [] }: PodSpec): Class => {
  const all = [...containers, ...initContainers];
  const named = all.flatMap(({ resources }) => [
    ...Object.keys(resources?.requests ?? {}),
    ...Object.keys(resources?.limits ?? {}),
  ]);
  if (!named.includes('cpu') && !named.includes('memory')) return 'BestEffort';
  return all.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
};

const ONLY_SIZE = 'only cpu and memory resources are mutable';

const isSized = ({ resources }: PodSpec): boolean =>
  Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length > 0;

const keptOf = (list: string, index: number, now: Resources, before: Resources): FieldError[] =>
  validateKept(child(item(child('spec', list), index), 'resources'), 'resource', now, before);

const validateContainers = (spec: PodSpec, old: PodSpec): FieldError[] => {
  const [init, oldInit] = [spec.initContainers ?? [], old.initContainers ?? []];
  return [
    ...oldInit.flatMap((before, index) =>
      isSidecar(before) ? keptOf('initContainers', index, init[index]?.resources, before.resources) : [],
    ),
    ...old.containers.flatMap((before, index) =>
      keptOf('containers', index, spec.containers[index]?.resources, before.resources),
    ),
    ...spec.containers.flatMap((now, index) =>
      sameButSize(now, old.containers[index] ?? now) ? [] : [forbidden('spec', ONLY_SIZE)],
    ),
    ...init.flatMap((now, index) => {
      const before = oldInit[index] ?? now;
      if (isSidecar(now)) {
        const detail = 'only cpu and memory resources for init or sidecar containers are mutable';
        return sameButSize(now, before) ? [] : [forbidden(item('spec.initContainers', index), detail)];
      }
      return jsonEquals(now, before)
        ? []
        : [forbidden('spec', 'resources for non-sidecar init containers are immutable')];
    }),
  ];
};

/** Through the `resize` subresource, processors and memory of containers change and nothing else. */
export const validatePodResize = (pod: Pod, old: Pod): FieldError[] => {
  const rules = rulesOfPod(pod, old);
  if (old.metadata.annotations?.[MIRROR] !== undefined) return [forbidden('', 'static pods cannot be resized')];
  if (old.spec.os?.name === 'windows') return [forbidden('', 'windows pods cannot be resized')];
  const errors = [
    ...validateMetadata(pod.metadata, true, dns1123Subdomain),
    ...validatePodAnnotations('metadata.annotations', pod.metadata.annotations, pod.spec, rules),
    ...validatePodSpec(pod.spec, 'spec', rules),
  ];
  const before = old.status?.qosClass ?? classOf(old.spec);
  if (before !== classOf(pod.spec)) {
    const detail = 'Pod QOS Class may not change as a result of resizing';
    errors.push(invalid('spec', pod.status?.qosClass ?? before, detail));
  }
  const running = old.status?.containerStatuses?.find(({ state }) => state?.running !== undefined);
  if (running !== undefined && running.resources === undefined) {
    errors.push(forbidden('spec', 'Pod running on node without support for resize'));
  }
  if (isSized(old.spec) || isSized(pod.spec)) {
    const detail =
      'resize of pods with pod-level resources is forbidden when InPlacePodLevelResourcesVerticalScalingEnabled feature gate is disabled';
    return [...errors, forbidden('', detail)];
  }
  const order = validateOrder(pod.spec, old.spec);
  if (order.length > 0) return [...errors, ...order];
  errors.push(...validateContainers(pod.spec, old.spec));
  if (errors.length > 0) return errors;
  const { containers: _c, initContainers: _i, ...rest } = pod.spec;
  const { containers: _d, initContainers: _j, ...others } = old.spec;
  return jsonEquals(rest, others) ? [] : [forbidden('spec', ONLY_SIZE)];
};
