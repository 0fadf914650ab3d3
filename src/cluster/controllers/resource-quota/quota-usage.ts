import type {
  Container,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
  Service,
} from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Quantity, ResourceList } from '../../../objects/quantity.js';
import {
  addQuantities,
  addResources,
  compareQuantities,
  formatQuantity,
  tryParseQuantity,
  ZERO_QUANTITY,
} from '../../../objects/quantity.js';

/** Amounts by their names in a quota: `requests.cpu`, `count/jobs.batch`. */
export type Usage = Readonly<Record<string, string>>;

const quantity = (value: string | number | undefined): Quantity => tryParseQuantity(value ?? 0) ?? ZERO_QUANTITY;
const isFinished = ({ status }: Pod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';
const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always';

/** What a pod takes of a quota: nothing but its count as an object once it has ended. */
export const podUsage = (pod: Pod): Usage => {
  if (isFinished(pod)) return { 'count/pods': '1' };
  const requests = podResources(pod, 'requests');
  const limits = podResources(pod, 'limits');
  const usage: Record<string, string> = { pods: '1', 'count/pods': '1' };
  for (const [name, amount] of Object.entries(requests)) {
    usage[`requests.${name}`] = amount;
    if (['cpu', 'memory', 'ephemeral-storage'].includes(name)) usage[name] = amount;
  }
  for (const [name, amount] of Object.entries(limits)) usage[`limits.${name}`] = amount;
  return usage;
};

/** Containers at once; init containers one after the other beside the sidecars before them; and the overhead. */
const podResources = ({ spec }: Pod, field: 'requests' | 'limits'): Record<string, string> => {
  const of = (container: Container): ResourceList => container.resources?.[field] ?? {};
  let sidecars: Record<string, string> = {};
  let most: Record<string, string> = {};
  for (const container of spec.initContainers ?? []) {
    const now = addResources(sidecars, of(container));
    if (isSidecar(container)) sidecars = now;
    most = larger(most, now);
  }
  const running = spec.containers
    .map(of)
    .reduce<Record<string, string>>((sum, each) => addResources(sum, each), sidecars);
  return addResources(larger(most, running), spec.overhead ?? {});
};

const larger = (a: Record<string, string>, b: Record<string, string>): Record<string, string> => {
  const result = { ...a };
  for (const [name, value] of Object.entries(b)) {
    if (compareQuantities(quantity(value), quantity(result[name])) > 0) result[name] = value;
  }
  return result;
};

export const serviceUsage = ({ spec }: Service): Usage => {
  const ports = String((spec?.ports ?? []).length);
  const takesNodePorts =
    spec?.type === 'NodePort' || (spec?.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
  return {
    services: '1',
    'count/services': '1',
    ...(spec?.type === 'LoadBalancer' ? { 'services.loadbalancers': '1' } : {}),
    ...(takesNodePorts ? { 'services.nodeports': ports } : {}),
  };
};

export const claimUsage = ({ spec }: PersistentVolumeClaim): Usage => {
  const storage = formatQuantity(quantity(spec?.resources?.requests?.['storage']));
  const usage = {
    persistentvolumeclaims: '1',
    'count/persistentvolumeclaims': '1',
    'requests.storage': storage,
  };
  const name = spec?.storageClassName ?? '';
  if (name === '') return usage;
  const prefix = `${name}.storageclass.storage.k8s.io`;
  return { ...usage, [`${prefix}/requests.storage`]: storage, [`${prefix}/persistentvolumeclaims`]: '1' };
};

/** True when the quota is about such a pod. */
export const matchesScopes = ({ spec }: ResourceQuota, pod: Pod): boolean => {
  const plain = (spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...plain, ...(spec.scopeSelector?.matchExpressions ?? [])].every((scope) => matchesScope(scope, pod));
};

const matchesScope = ({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement, pod: Pod): boolean => {
  switch (scopeName) {
    case 'Terminating':
      return pod.spec.activeDeadlineSeconds !== undefined;
    case 'NotTerminating':
      return pod.spec.activeDeadlineSeconds === undefined;
    case 'BestEffort':
      return isBestEffort(pod);
    case 'NotBestEffort':
      return !isBestEffort(pod);
    case 'CrossNamespacePodAffinity':
      return hasCrossNamespaceAffinity(pod);
    case 'PriorityClass':
      return matchesPriority(pod.spec.priorityClassName, operator, values);
    default:
      return false;
  }
};

const isBestEffort = ({ spec }: Pod): boolean =>
  [...spec.containers, ...(spec.initContainers ?? [])].every(
    ({ resources }) =>
      Object.keys(resources?.requests ?? {}).length === 0 && Object.keys(resources?.limits ?? {}).length === 0,
  );

const hasCrossNamespaceAffinity = ({ spec }: Pod): boolean =>
  [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]
    .flatMap((affinity) => [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
        ({ podAffinityTerm }) => podAffinityTerm,
      ),
    ])
    .some((term) => (term.namespaces ?? []).length > 0 || term.namespaceSelector !== undefined);

const matchesPriority = (name = '', operator: string, values: readonly string[]): boolean => {
  if (operator === 'Exists') return name !== '';
  if (operator === 'DoesNotExist') return name === '';
  return values.includes(name) === (operator === 'In');
};

/** The usage of what a quota limits, and of nothing else; zero where nothing is used. */
export const quotaUsage = (quota: ResourceQuota, usages: readonly Usage[]): Usage => {
  const used: Record<string, string> = {};
  for (const name of Object.keys(quota.spec.hard ?? {})) {
    const total = usages.reduce((sum, usage) => addQuantities(sum, quantity(usage[name])), ZERO_QUANTITY);
    used[name] = formatQuantity(total);
  }
  return used;
};

/** `count/jobs.batch` for the objects of a resource. */
export const countUsage = (resource: string, group: string, objects: readonly KubeObject[]): Usage => ({
  [`count/${group === '' ? resource : `${resource}.${group}`}`]: String(objects.length),
  ...(group === '' ? { [resource]: String(objects.length) } : {}),
});
