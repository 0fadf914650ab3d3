import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { containersOf } from './new-pod.js';
import {
  addResources,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  subtractQuantities,
  type ResourceList,
} from '../../../objects/quantity.js';

/** What one object takes from the quotas of its namespace: `pods: 1`, `requests.cpu: 100m`, `count/secrets: 1`. */
export const usageOf = (
  resource: { readonly group: string; readonly plural: string },
  object: KubeObject,
): ResourceList => {
  const counted = { [`count/${resource.plural}${resource.group === '' ? '' : `.${resource.group}`}`]: '1' };
  if (resource.group !== '') return counted;
  const special = USAGES[resource.plural];
  return special === undefined ? counted : { ...counted, ...special(object) };
};

const one = (name: string) => (): ResourceList => ({ [name]: '1' });

const USAGES: Readonly<Record<string, (object: KubeObject) => ResourceList>> = {
  configmaps: one('configmaps'),
  persistentvolumeclaims: (object) => claimUsage(object as PersistentVolumeClaim),
  pods: (object) => podUsage(object as Pod),
  replicationcontrollers: one('replicationcontrollers'),
  resourcequotas: one('resourcequotas'),
  secrets: one('secrets'),
  services: (object) => serviceUsage(object as Service),
};

/** The resources of containers that a quota knows under their own names too. */
const PLAIN = new Set(['cpu', 'memory', 'ephemeral-storage']);

const podUsage = (pod: Pod): ResourceList => {
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return {};
  return {
    pods: '1',
    ...prefixed('requests.', podResources(pod, 'requests'), true),
    ...prefixed('limits.', podResources(pod, 'limits'), false),
  };
};

const prefixed = (prefix: string, resources: ResourceList, alsoPlain: boolean): ResourceList =>
  Object.fromEntries(
    Object.entries(resources).flatMap(([name, value]) => [
      [`${prefix}${name}`, value] as const,
      ...(alsoPlain && PLAIN.has(name) ? [[name, value] as const] : []),
    ]),
  );

/** What a pod asks for: its containers together, or its largest init container where that is more. */
const podResources = (pod: Pod, part: 'requests' | 'limits'): ResourceList => {
  const { spec } = pod;
  const asked = ({
    resources,
  }: {
    readonly resources?: { readonly requests?: ResourceList; readonly limits?: ResourceList };
  }) => resources?.[part] ?? {};
  let sidecars: ResourceList = {};
  let starting: ResourceList = {};
  for (const container of spec.initContainers ?? []) {
    const own = addResources(sidecars, asked(container));
    if (container.restartPolicy === 'Always') sidecars = own;
    starting = largest(starting, own);
  }
  const running = containersOf(pod)
    .map(asked)
    .reduce<ResourceList>((sum, each) => addResources(sum, each), sidecars);
  return addResources(largest(running, starting), spec.overhead ?? {});
};

const isMore = (a: string | number, b: string | number): boolean =>
  compareQuantities(parseQuantity(a), parseQuantity(b)) > 0;

const largest = (a: ResourceList, b: ResourceList): ResourceList => ({
  ...a,
  ...Object.fromEntries(Object.entries(b).filter(([name, value]) => a[name] === undefined || isMore(value, a[name]))),
});

/** What a change takes in addition to what the object took before; what it gives back is not counted. */
export const additionalUsage = (usage: ResourceList, before: ResourceList): ResourceList =>
  Object.fromEntries(
    Object.entries(usage).flatMap(([name, value]) => {
      const old = before[name] ?? '0';
      if (!isMore(value, old)) return [];
      return [[name, formatQuantity(subtractQuantities(parseQuantity(value), parseQuantity(old)))] as const];
    }),
  );

const claimUsage = ({ spec }: PersistentVolumeClaim): ResourceList => {
  const storage = spec?.resources?.requests?.['storage'] ?? '0';
  const className = spec?.storageClassName ?? '';
  const scoped = `${className}.storageclass.storage.k8s.io/`;
  return {
    persistentvolumeclaims: '1',
    'requests.storage': storage,
    ...(className === '' ? {} : { [`${scoped}persistentvolumeclaims`]: '1', [`${scoped}requests.storage`]: storage }),
  };
};

const serviceUsage = ({ spec }: Service): ResourceList => {
  const nodePorts = (spec.ports ?? []).length;
  const usesPorts =
    spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
  return {
    services: '1',
    ...(usesPorts ? { 'services.nodeports': String(nodePorts) } : {}),
    ...(spec.type === 'LoadBalancer' ? { 'services.loadbalancers': '1' } : {}),
  };
};

/** True when the quota counts the object: its scopes are about pods. */
export const quotaCovers = ({ spec }: ResourceQuota, object: KubeObject): boolean => {
  const scopes = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists', values: [] as readonly string[] })),
    ...(spec?.scopeSelector?.matchExpressions ?? []).map((each) => ({ values: [] as readonly string[], ...each })),
  ];
  if (scopes.length === 0) return true;
  return object.kind === 'Pod' && scopes.every((scope) => inScope(object as Pod, scope));
};

const inScope = (
  { spec, status }: Pod,
  { scopeName, operator, values }: { scopeName: string; operator: string; values: readonly string[] },
): boolean => {
  const isTerminating = (spec.activeDeadlineSeconds ?? -1) >= 0;
  switch (scopeName) {
    case 'Terminating':
      return isTerminating;
    case 'NotTerminating':
      return !isTerminating;
    case 'BestEffort':
      return status?.qosClass === 'BestEffort';
    case 'NotBestEffort':
      return status?.qosClass !== 'BestEffort';
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(spec);
    case 'PriorityClass':
      return matches(spec.priorityClassName ?? '', operator, values);
    default:
      return false;
  }
};

/** True for a pod whose affinity to other pods looks beyond its own namespace. */
const reachesOtherNamespaces = ({ affinity }: Pod['spec']): boolean =>
  [affinity?.podAffinity, affinity?.podAntiAffinity].some((each) => {
    const preferred = each?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const terms = [
      ...(each?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...preferred.map(({ podAffinityTerm }) => podAffinityTerm),
    ];
    return terms.some(
      ({ namespaces, namespaceSelector }) => (namespaces ?? []).length > 0 || namespaceSelector !== undefined,
    );
  });

const matches = (value: string, operator: string, values: readonly string[]): boolean => {
  if (operator === 'In') return values.includes(value);
  if (operator === 'NotIn') return !values.includes(value);
  return operator === 'Exists' ? value !== '' : value === '';
};
