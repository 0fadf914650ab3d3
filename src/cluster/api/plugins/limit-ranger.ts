import type { LimitRange, PersistentVolumeClaim, Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import {
  canonicalQuantity,
  milliValue,
  parseQuantity,
  wholeValue,
  type ResourceList,
} from '../../../objects/quantity.js';
import type { Store } from '../../store/store.js';
import type { Target } from '../request.js';
import { forbidden } from '../status-errors.js';
import type { AdmissionPlugin, AdmissionRequest } from './admission-plugin.js';
import { containersOf, isNewPod } from './new-pod.js';
import { isMore, podResources, type ResourcePart } from './pod-resources.js';

type Limits = NonNullable<LimitRange['spec']>['limits'];
type Limit = Limits[number];
type Container = Pod['spec']['containers'][number];

/** What was filled in is told here. */
const ANNOTATION = 'kubernetes.io/limit-ranger';

/** Containers get the defaults of their namespace, and stay within its limits. */
export const limitRanger = (store: Store): AdmissionPlugin => ({
  name: 'LimitRanger',
  admit: (request) => {
    if (!isNewPod(request)) return request.object;
    return limitsOf(store, request.target).reduce(withDefaults, request.object as Pod);
  },
  validate: (request) => {
    const { target, object, oldObject } = request;
    const check = oldObject?.metadata.deletionTimestamp === undefined ? problemsOf(request) : undefined;
    if (check === undefined) return;
    for (const limits of limitsOf(store, target)) {
      const problems = [...new Set(check(limits))];
      if (problems.length === 0) continue;
      const text = problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]`;
      throw forbidden(target.resource, object?.metadata.name ?? '', text);
    }
  },
});

/** Those of each LimitRange. */
const limitsOf = (store: Store, { namespace = '' }: Target): readonly Limits[] =>
  store
    .list(`/registry/core/limitranges/${namespace}/`)
    .items.map(({ object }) => (object as LimitRange).spec?.limits ?? []);

type Defaults = Readonly<Record<ResourcePart, ResourceList>>;

const withDefaults = (pod: Pod, limits: Limits): Pod => {
  const defaults = defaultsOf(limits);
  const notes: string[] = [];
  const fill = (what: string) => (container: Container) => filled(container, defaults, what, notes);
  const containers = containersOf(pod).map(fill('container'));
  const initContainers = pod.spec.initContainers?.map(fill('init container'));
  if (notes.length === 0) return pod;
  const annotations = { ...pod.metadata.annotations, [ANNOTATION]: `LimitRanger plugin set: ${notes.join('; ')}` };
  const spec = { ...pod.spec, containers, ...(initContainers === undefined ? {} : { initContainers }) };
  return { ...pod, metadata: { ...pod.metadata, annotations }, spec };
};

const defaultsOf = (limits: Limits): Defaults => {
  let defaults: Defaults = { requests: {}, limits: {} };
  for (const { type, default: most, defaultRequest } of limits) {
    if (type !== 'Container') continue;
    defaults = { requests: { ...defaults.requests, ...defaultRequest }, limits: { ...defaults.limits, ...most } };
  }
  return defaults;
};

const filled = (container: Container, defaults: Defaults, what: string, notes: string[]): Container => {
  let { resources } = container;
  for (const part of ['requests', 'limits'] as const) {
    const own: ResourceList = resources?.[part] ?? {};
    const missing = Object.keys(defaults[part]).filter((name) => own[name] === undefined);
    if (missing.length === 0) continue;
    resources = { ...resources, [part]: { ...defaults[part], ...own } };
    notes.push(`${missing.toSorted().join(', ')} ${part.slice(0, -1)} for ${what} ${container.name}`);
  }
  return resources === undefined ? container : { ...container, resources };
};

/** What the limits of one LimitRange say against an object; undefined for objects that have no limits. */
const problemsOf = (request: AdmissionRequest): ((limits: Limits) => readonly string[]) | undefined => {
  const { object, operation, target } = request;
  if (object === undefined || target.resource.group !== '') return undefined;
  const isResized = target.resource.plural === 'pods' && target.subresource === 'resize' && operation === 'UPDATE';
  if (isNewPod(request) || isResized) return (limits) => podProblems(limits, object as Pod);
  const isClaim = target.resource.plural === 'persistentvolumeclaims' && target.subresource === undefined;
  if (!isClaim || (operation !== 'CREATE' && operation !== 'UPDATE')) return undefined;
  return (limits) => claimProblems(limits, object);
};

const podProblems = (limits: Limits, pod: Pod): readonly string[] => {
  const containers = [...containersOf(pod), ...(pod.spec.initContainers ?? [])];
  return limits.flatMap((limit) => {
    if (limit.type === 'Pod') return check(limit, podResources(pod, 'requests'), podResources(pod, 'limits'));
    if (limit.type !== 'Container') return [];
    return containers.flatMap(({ resources }) => check(limit, resources?.requests ?? {}, resources?.limits ?? {}));
  });
};

const claimProblems = (limits: Limits, object: KubeObject): readonly string[] => {
  const requests = (object as PersistentVolumeClaim).spec?.resources?.requests ?? {};
  return limits.flatMap((limit) => {
    if (limit.type !== 'PersistentVolumeClaim') return [];
    return [...leastProblems(limit, requests, {}), ...mostRequestProblems(limit, requests)];
  });
};

const check = (limit: Limit, requests: ResourceList, limits: ResourceList): readonly string[] => [
  ...leastProblems(limit, requests, limits),
  ...mostProblems(limit, requests, limits),
  ...ratioProblems(limit, requests, limits),
];

type Amount = string | number | undefined;

const boundText = (bound: 'minimum' | 'maximum', name: string, { type }: Limit, amount: Amount): string =>
  `${bound} ${name} usage per ${type} is ${canonicalQuantity(amount ?? '0')}`;

const but = (part: 'request' | 'limit', amount: Amount): string =>
  `, but ${part} is ${canonicalQuantity(amount ?? '0')}`;

const leastProblems = (bounds: Limit, requests: ResourceList, limits: ResourceList): readonly string[] =>
  Object.entries(bounds.min ?? {}).flatMap(([name, least]) => {
    const request = requests[name];
    const limit = limits[name];
    const text = boundText('minimum', name, bounds, least);
    if (request === undefined) return [`${text}.  No request is specified`];
    if (isMore(least, request)) return [text + but('request', request)];
    return limit !== undefined && isMore(least, limit) ? [text + but('limit', limit)] : [];
  });

const mostProblems = (bounds: Limit, requests: ResourceList, limits: ResourceList): readonly string[] =>
  Object.entries(bounds.max ?? {}).flatMap(([name, most]) => {
    const request = requests[name];
    const limit = limits[name];
    const text = boundText('maximum', name, bounds, most);
    if (limit === undefined) return [`${text}.  No limit is specified`];
    if (isMore(limit, most)) return [text + but('limit', limit)];
    return request !== undefined && isMore(request, most) ? [text + but('request', request)] : [];
  });

/** Claims have no limits: what they ask for counts. */
const mostRequestProblems = (bounds: Limit, requests: ResourceList): readonly string[] =>
  Object.entries(bounds.max ?? {}).flatMap(([name, most]) => {
    const request = requests[name];
    const text = boundText('maximum', name, bounds, most);
    if (request === undefined) return [`${text}.  No request is specified`];
    return isMore(request, most) ? [text + but('request', request)] : [];
  });

const ratioProblems = (
  { type, maxLimitRequestRatio = {} }: Limit,
  requests: ResourceList,
  limits: ResourceList,
): readonly string[] =>
  Object.entries(maxLimitRequestRatio).flatMap(([name, most]) => {
    const text = `${name} max limit to request ratio per ${type} is ${canonicalQuantity(most)}`;
    const [request, limit] = commonValues(requests[name], limits[name]);
    if (request === 0) return [`${text}, but no request is specified or request is 0`];
    if (limit === 0) return [`${text}, but no limit is specified or limit is 0`];
    const ratio = limit / request;
    const isOver = ratio * 1000 > milliValue(parseQuantity(most));
    return isOver ? [`${text}, but provided ratio is ${ratio.toFixed(6)}`] : [];
  });

/** What 64 bits can count of thousandths. */
const MOST_WITH_MILLIS = 9_223_372_036_854_774;

/** Both in thousandths, or in whole units when they are too large for that. */
const commonValues = (request: Amount, limit: Amount): readonly [number, number] => {
  const [a, b] = [parseQuantity(request ?? '0'), parseQuantity(limit ?? '0')];
  const isSmall = [a, b].every((each) => wholeValue(each) <= MOST_WITH_MILLIS);
  return isSmall ? [milliValue(a), milliValue(b)] : [wholeValue(a), wholeValue(b)];
};
