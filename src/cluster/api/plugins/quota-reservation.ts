import type { ResourceQuota } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { addResources, compareQuantities, parseQuantity, type ResourceList } from '../../../objects/quantity.js';
import type { Store } from '../../store/store.js';
import type { ServedResource, Target } from '../request.js';
import { forbidden } from '../status-errors.js';
import type { Allocations } from './service-allocation.js';
import { additionalUsage, quotaCovers, usageOf } from './quota-usage.js';

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
      const quotas = namespace === undefined || !isCounted(target) ? [] : quotasOf(store, namespace);
      if (quotas.length === 0) return { object, keep: nothing, release: nothing };
      const whole = usageOf(target.resource, object);
      const usage = current === undefined ? whole : additionalUsage(whole, usageOf(target.resource, current));
      if (Object.keys(usage).length === 0) return { object, keep: nothing, release: nothing };
      const isNew = current === undefined;
      for (const quota of quotas) checkQuota({ store, resources, pending, quota, target, object, usage, isNew });
      if (dryRun) return { object, keep: nothing, release: nothing };
      const use = { namespace: namespace ?? '', object, usage };
      pending.add(use);
      const end = (): void => {
        pending.delete(use);
      };
      return { object, keep: end, release: end };
    },
  };
};

const nothing = (): void => undefined;

/** Objects themselves, and pods that change their size; what is reported of an object takes nothing. */
const isCounted = ({ resource, subresource }: Target): boolean =>
  subresource === undefined || (resource.group === '' && resource.plural === 'pods' && subresource === 'resize');

const quotasOf = (store: Store, namespace: string): readonly ResourceQuota[] =>
  store.list(`/registry/core/resourcequotas/${namespace}/`).items.map(({ object }) => object as ResourceQuota);

interface QuotaCheck {
  readonly store: Store;
  readonly resources: FindResources;
  readonly pending: ReadonlySet<PendingUse>;
  readonly quota: ResourceQuota;
  readonly target: Target;
  readonly object: KubeObject;
  /** What the write takes: all of a new object, what is added by a change. */
  readonly usage: ResourceList;
  readonly isNew: boolean;
}

const checkQuota = (check: QuotaCheck): void => {
  const { store, resources, pending, quota, target, object, usage, isNew } = check;
  const hard: ResourceList = quota.spec?.hard ?? {};
  if (!quotaCovers(quota, object)) return;
  const { name } = quota.metadata;
  const refuse = (why: string): never => {
    throw forbidden(target.resource, object.metadata.name, why);
  };
  const unsaid =
    isNew && target.resource.plural === 'pods'
      ? Object.keys(hard).filter((each) => isCompute(each) && usage[each] === undefined)
      : [];
  if (unsaid.length > 0) {
    const containers = ((object['spec'] as { containers?: { name: string }[] } | undefined)?.containers ?? []).map(
      (each) => each.name,
    );
    refuse(
      `failed quota: ${name}: must specify ${unsaid.map((each) => `${each} for: ${containers.join(',')}`).join('; ')}`,
    );
  }
  const asked = Object.keys(usage).filter((each) => hard[each] !== undefined);
  if (asked.length === 0) return;
  const used = usedIn(store, resources(), pending, quota, asked);
  const over = asked.filter((each) => {
    const total = addResources({ value: used[each] ?? '0' }, { value: usage[each] ?? '0' });
    return compareQuantities(parseQuantity(total['value'] ?? '0'), parseQuantity(hard[each] ?? '0')) > 0;
  });
  if (over.length === 0) return;
  const text = (list: ResourceList): string =>
    over
      .toSorted()
      .map((each) => `${each}=${list[each] ?? '0'}`)
      .join(',');
  refuse(`exceeded quota: ${name}, requested: ${text(usage)}, used: ${text(used)}, limited: ${text(hard)}`);
};

const isCompute = (name: string): boolean => /^(?:(?:requests|limits)\.)?(?:cpu|memory|ephemeral-storage)$/.test(name);

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
  if (plural === 'pods')
    return names.some((name) => name === 'pods' || isCompute(name) || /^(?:requests|limits)\./.test(name));
  return names.some(
    (name) =>
      name === plural ||
      name.startsWith(`${plural}.`) ||
      (plural === 'persistentvolumeclaims' && name.includes('storage')),
  );
};
