import type { Pod, ResourceQuota } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { addResources, canonicalQuantity, type ResourceList } from '../../../objects/quantity.js';
import type { Store } from '../../store/store.js';
import type { ServedResource, Target } from '../request.js';
import { forbidden } from '../status-errors.js';
import type { Allocations } from './service-allocation.js';
import { hasOwnResources, isMore } from './pod-resources.js';
import { additionalUsage, isTerminating, quotaCovers, usageOf } from './quota-usage.js';

interface PendingUse {
  readonly namespace: string;
  readonly object: KubeObject;
  readonly usage: ResourceList;
}

type FindResources = () => readonly ServedResource[];

/**
 * Refuses new objects that a quota of their namespace does not leave room for. What is used is counted from the stored
 * objects, together with the writes under way: nothing is kept that could go wrong.
 */
export const quotaReservations = (store: Store, resources: FindResources): Allocations => {
  const pending = new Set<PendingUse>();
  return {
    reserve: (target, object, current, dryRun) => {
      const { namespace } = target;
      const all = namespace === undefined || !isCounted(target, object, current) ? [] : quotasOf(store, namespace);
      const quotas = all.filter((quota) => concerns(quota, target) && quotaCovers(quota, object));
      if (quotas.length === 0) return { object, keep: nothing, release: nothing };
      for (const quota of quotas) requireResources(quota, target, object);
      const whole = usageOf(target.resource, object);
      const added = current === undefined ? whole : additionalUsage(whole, usageOf(target.resource, current));
      for (const quota of quotas) {
        const usage = current === undefined || quotaCovers(quota, current) ? added : whole;
        checkRoom({ store, resources, pending, quota, target, object, usage });
      }
      if (dryRun) return { object, keep: nothing, release: nothing };
      const use = { namespace: namespace ?? '', object, usage: added };
      pending.add(use);
      const end = (): void => {
        pending.delete(use);
      };
      return { object, keep: end, release: end };
    },
  };
};

const nothing = (): void => undefined;

/** Which writes can take something: new objects; Services, claims and pods that come to take more. */
const isCounted = ({ resource, subresource }: Target, object: KubeObject, current: KubeObject | undefined): boolean => {
  const id = `${resource.group}/${resource.plural}`;
  if (subresource !== undefined) return id === '/pods' && subresource === 'resize';
  if (current === undefined) return true;
  if (id === '/pods') return isTerminating(object as Pod) !== isTerminating(current as Pod);
  return id === '/services' || id === '/persistentvolumeclaims';
};

/** True when objects of the resource can take something of what the quota limits. */
const concerns = ({ spec }: ResourceQuota, { resource }: Target): boolean =>
  mayUse(resource.group, resource.plural, Object.keys(spec?.hard ?? {}));

const quotasOf = (store: Store, namespace: string): readonly ResourceQuota[] =>
  store.list(`/registry/core/resourcequotas/${namespace}/`).items.map(({ object }) => object as ResourceQuota);

const refuse = (target: Target, object: KubeObject, why: string): never => {
  throw forbidden(target.resource, object.metadata.name, why);
};

/** What every container must say once a quota limits it. */
const REQUIRED: Readonly<Record<string, readonly ['requests' | 'limits', 'cpu' | 'memory']>> = {
  cpu: ['requests', 'cpu'],
  'limits.cpu': ['limits', 'cpu'],
  'limits.memory': ['limits', 'memory'],
  memory: ['requests', 'memory'],
  'requests.cpu': ['requests', 'cpu'],
  'requests.memory': ['requests', 'memory'],
};

const requireResources = (quota: ResourceQuota, target: Target, object: KubeObject): void => {
  if (target.resource.group !== '' || target.resource.plural !== 'pods' || hasOwnResources(object as Pod)) return;
  const { spec } = object as Pod;
  const hard = quota.spec?.hard ?? {};
  const missing = Object.entries(REQUIRED).flatMap(([name, [part, resource]]) => {
    if (hard[name] === undefined) return [];
    const silent = [...spec.containers, ...(spec.initContainers ?? [])].filter(
      ({ resources }) => resources?.[part]?.[resource] === undefined,
    );
    const names = [...new Set(silent.map((container) => container.name))].toSorted();
    return names.length === 0 ? [] : [`${name} for: ${names.join(',')}`];
  });
  if (missing.length > 0) {
    refuse(target, object, `failed quota: ${quota.metadata.name}: must specify ${missing.join('; ')}`);
  }
};

interface RoomCheck {
  readonly store: Store;
  readonly resources: FindResources;
  readonly pending: ReadonlySet<PendingUse>;
  readonly quota: ResourceQuota;
  readonly target: Target;
  readonly object: KubeObject;
  /** What the write takes: all of a new object, what is added by a change. */
  readonly usage: ResourceList;
}

const checkRoom = ({ store, resources, pending, quota, target, object, usage }: RoomCheck): void => {
  const hard: ResourceList = quota.spec?.hard ?? {};
  const asked = Object.keys(usage).filter((each) => hard[each] !== undefined && isMore(usage[each] ?? '0', '0'));
  if (asked.length === 0) return;
  const used = usedIn(store, resources(), pending, quota, asked);
  const over = asked.filter((each) => {
    const total = addResources({ value: used[each] ?? '0' }, { value: usage[each] ?? '0' });
    return isMore(total['value'] ?? '0', hard[each] ?? '0');
  });
  if (over.length === 0) return;
  const text = (list: ResourceList): string =>
    over
      .toSorted()
      .map((each) => `${each}=${canonicalQuantity(list[each] ?? '0')}`)
      .join(',');
  const { name } = quota.metadata;
  refuse(
    target,
    object,
    `exceeded quota: ${name}, requested: ${text(usage)}, used: ${text(used)}, limited: ${text(hard)}`,
  );
};

const isCompute = (name: string): boolean =>
  /^(?:(?:requests|limits)\.)?(?:cpu|memory|ephemeral-storage)$|^(?:requests\.)?hugepages-/.test(name);

/** What the objects of the namespace use of the named resources. */
export const usedIn = (
  store: Store,
  resources: readonly ServedResource[],
  pending: Iterable<PendingUse>,
  quota: ResourceQuota,
  names: readonly string[],
): ResourceList => {
  const { namespace = '' } = quota.metadata;
  let used: ResourceList = {};
  const add = (object: KubeObject, usage: ResourceList): void => {
    const counted = names
      .filter((name) => usage[name] !== undefined)
      .map((name) => [name, usage[name] ?? '0'] as const);
    if (counted.length > 0 && quotaCovers(quota, object)) used = addResources(used, Object.fromEntries(counted));
  };
  for (const { group, plural, storageVersion, apiVersion, namespaced } of resources) {
    if (!namespaced || storageVersion !== apiVersion || !mayUse(group, plural, names)) continue;
    const prefix = `/registry/${group === '' ? 'core' : group}/${plural}/${namespace}/`;
    for (const { object } of store.list(prefix).items) add(object, usageOf({ group, plural }, object));
  }
  for (const use of pending) if (use.namespace === namespace) add(use.object, use.usage);
  return used;
};

/** Whether objects of a resource can count against one of the names: saves looking through the others. */
const mayUse = (group: string, plural: string, names: readonly string[]): boolean => {
  if (names.includes(`count/${plural}${group === '' ? '' : `.${group}`}`)) return true;
  if (group !== '') return false;
  if (plural === 'pods') return names.some((name) => name === 'pods' || isCompute(name) || isExtended(name));
  return names.some(
    (name) =>
      name === plural ||
      name.startsWith(`${plural}.`) ||
      (plural === 'persistentvolumeclaims' && name.includes('storage')),
  );
};

/** `requests.example.com/gpu`: a resource of nodes that Kubernetes itself knows nothing of. */
const isExtended = (name: string): boolean => /^requests\.[^/]*\/./.test(name);
