import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import {
  addResources,
  formatQuantity,
  parseQuantity,
  subtractQuantities,
  type ResourceList,
} from '../../../objects/quantity.js';
import { isMore, podResources } from './pod-resources.js';

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
  const overhead: ResourceList = pod.spec.overhead ?? {};
  const limits = podResources(pod, 'limits');
  const limited = Object.fromEntries(Object.entries(overhead).filter(([name]) => limits[name] !== undefined));
  return {
    pods: '1',
    ...prefixed('requests.', addResources(podResources(pod, 'requests'), overhead), true),
    ...prefixed('limits.', addResources(limits, limited), false),
  };
};

const prefixed = (prefix: string, resources: ResourceList, alsoPlain: boolean): ResourceList =>
  Object.fromEntries(
    Object.entries(resources).flatMap(([name, value]) => [
      [`${prefix}${name}`, value] as const,
      ...(alsoPlain && (PLAIN.has(name) || name.startsWith('hugepages-')) ? [[name, value] as const] : []),
    ]),
  );

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

/** True when the quota counts the object: its scopes are about pods and claims. */
export const quotaCovers = ({ spec }: ResourceQuota, object: KubeObject): boolean => {
  const scopes = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists', values: [] as readonly string[] })),
    ...(spec?.scopeSelector?.matchExpressions ?? []).map((each) => ({ values: [] as readonly string[], ...each })),
  ];
  if (scopes.length === 0) return true;
  if (object.kind === 'PersistentVolumeClaim') {
    return scopes.every((scope) => claimInScope(object as PersistentVolumeClaim, scope));
  }
  return object.kind === 'Pod' && scopes.every((scope) => inScope(object as Pod, scope));
};

interface Scope {
  readonly scopeName: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** Claims are told apart by the attributes of volumes that they have, or ask for. */
const claimInScope = ({ spec, status }: PersistentVolumeClaim, { scopeName, operator, values }: Scope): boolean => {
  if (scopeName !== 'VolumeAttributesClass') return false;
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].filter((name) => (name ?? '') !== '') as readonly string[];
  return names.length === 0 ? matches('', operator, values) : names.some((name) => matches(name, operator, values));
};

/** True for a pod that has to end some time. */
export const isTerminating = ({ spec }: Pod): boolean => (spec.activeDeadlineSeconds ?? -1) >= 0;

const inScope = (pod: Pod, { scopeName, operator, values }: Scope): boolean => {
  const { spec, status } = pod;
  switch (scopeName) {
    case 'Terminating':
      return isTerminating(pod);
    case 'NotTerminating':
      return !isTerminating(pod);
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
