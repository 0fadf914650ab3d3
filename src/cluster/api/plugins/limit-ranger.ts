import { approximateValue, compareQuantities, parseQuantity } from '../../../objects/quantity.js';
import type { LimitRange, PersistentVolumeClaim, Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { addResources, type ResourceList } from '../../../objects/quantity.js';
import type { Store } from '../../store/store.js';
import type { Target } from '../request.js';
import { forbidden } from '../status-errors.js';
import type { AdmissionPlugin, AdmissionRequest } from './admission-plugin.js';
import { containersOf, isNewPod } from './new-pod.js';

type Limit = LimitRange extends { readonly spec?: infer Spec }
  ? NonNullable<Spec> extends { readonly limits: readonly (infer Each)[] }
    ? Each
    : never
  : never;
type Container = Pod['spec']['containers'][number];

/** Containers get the defaults of their namespace, and stay within its limits. */
export const limitRanger = (store: Store): AdmissionPlugin => ({
  name: 'LimitRanger',
  admit: (request) => {
    if (!isNewPod(request)) return request.object;
    return limitsOf(store, request.target).reduce(withDefaults, request.object as Pod);
  },
  validate: (request) => {
    const problems = problemsOf(store, request);
    if (problems.length === 0) return;
    const text = problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`;
    throw forbidden(request.target.resource, request.object?.metadata.name ?? '', text);
  },
});

const limitsOf = (store: Store, { namespace = '' }: Target): readonly Limit[] =>
  store
    .list(`/registry/core/limitranges/${namespace}/`)
    .items.flatMap(({ object }) => (object as LimitRange).spec?.limits ?? []);

const withDefaults = (pod: Pod, limit: Limit): Pod => {
  if (limit.type !== 'Container') return pod;
  const fill = (container: Container): Container => {
    const limits = { ...limit.default, ...container.resources?.limits };
    const requests = { ...limit.defaultRequest, ...container.resources?.requests };
    if (Object.keys(limits).length + Object.keys(requests).length === 0) return container;
    const resources = {
      ...container.resources,
      ...(Object.keys(limits).length === 0 ? {} : { limits }),
      ...(Object.keys(requests).length === 0 ? {} : { requests }),
    };
    return { ...container, resources };
  };
  const containers = containersOf(pod).map(fill);
  const initContainers = pod.spec.initContainers?.map(fill);
  return { ...pod, spec: { ...pod.spec, containers, ...(initContainers === undefined ? {} : { initContainers }) } };
};

const problemsOf = (store: Store, request: AdmissionRequest): readonly string[] => {
  const { object, operation, target } = request;
  if (object === undefined || target.subresource !== undefined || target.resource.group !== '') return [];
  if (isNewPod(request)) return podProblems(limitsOf(store, target), object as Pod);
  const isClaim = target.resource.plural === 'persistentvolumeclaims' && operation !== 'DELETE';
  return isClaim ? claimProblems(limitsOf(store, target), object) : [];
};

const podProblems = (limits: readonly Limit[], pod: Pod): readonly string[] => {
  const containers = [...containersOf(pod), ...(pod.spec.initContainers ?? [])];
  const sum = (part: 'requests' | 'limits'): ResourceList =>
    containersOf(pod)
      .map(({ resources }) => resources?.[part] ?? {})
      .reduce((a, b) => addResources(a, b), {});
  return limits.flatMap((limit) => {
    if (limit.type === 'Pod') return check(limit, sum('requests'), sum('limits'));
    if (limit.type !== 'Container') return [];
    return containers.flatMap(({ resources }) => check(limit, resources?.requests ?? {}, resources?.limits ?? {}));
  });
};

const claimProblems = (limits: readonly Limit[], object: KubeObject): readonly string[] => {
  const requests = (object as PersistentVolumeClaim).spec?.resources?.requests ?? {};
  return limits.flatMap((limit) => {
    if (limit.type !== 'PersistentVolumeClaim') return [];
    return [...leastProblems(limit, requests, {}), ...mostProblems(limit, requests, requests)];
  });
};

const check = (limit: Limit, requests: ResourceList, limits: ResourceList): readonly string[] => [
  ...leastProblems(limit, requests, limits),
  ...mostProblems(limit, requests, limits),
  ...ratioProblems(limit, requests, limits),
];

const compare = (left: string | number, right: string | number): number =>
  compareQuantities(parseQuantity(left), parseQuantity(right));

const leastProblems = ({ type, min = {} }: Limit, requests: ResourceList, limits: ResourceList): readonly string[] =>
  Object.entries(min).flatMap(([name, least]) => {
    const request = requests[name];
    const limit = limits[name];
    if (request === undefined) return [`minimum ${name} usage per ${type} is ${least}.  No request is specified`];
    if (compare(request, least) < 0)
      return [`minimum ${name} usage per ${type} is ${least}, but request is ${request}`];
    return limit !== undefined && compare(limit, least) < 0
      ? [`minimum ${name} usage per ${type} is ${least}, but limit is ${limit}`]
      : [];
  });

const mostProblems = ({ type, max = {} }: Limit, requests: ResourceList, limits: ResourceList): readonly string[] =>
  Object.entries(max).flatMap(([name, most]) => {
    const request = requests[name];
    const limit = limits[name];
    if (limit === undefined) return [`maximum ${name} usage per ${type} is ${most}.  No limit is specified`];
    if (compare(limit, most) > 0) return [`maximum ${name} usage per ${type} is ${most}, but limit is ${limit}`];
    return request !== undefined && compare(request, most) > 0
      ? [`maximum ${name} usage per ${type} is ${most}, but request is ${request}`]
      : [];
  });

const ratioProblems = (
  { type, maxLimitRequestRatio = {} }: Limit,
  requests: ResourceList,
  limits: ResourceList,
): readonly string[] =>
  Object.entries(maxLimitRequestRatio).flatMap(([name, most]) => {
    const [request, limit] = [requests[name], limits[name]].map((value) => approximateValue(parseQuantity(value ?? 0)));
    if (request === undefined || request === 0 || limit === undefined || limit === 0) {
      return [`${name} max limit to request ratio per ${type} is ${most}, but no request is specified or request is 0`];
    }
    const ratio = limit / request;
    return ratio > approximateValue(parseQuantity(most))
      ? [`${name} max limit to request ratio per ${type} is ${most}, but provided ratio is ${ratio.toFixed(6)}`]
      : [];
  });
