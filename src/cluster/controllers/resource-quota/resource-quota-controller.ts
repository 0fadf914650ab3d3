import { groupOf } from '../../../objects/kind.js';
import { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { keyOf } from '../../../objects/object.js';
import type { Controller } from '../../client/controller.js';
import { watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import type { Usage } from './quota-usage.js';
import { claimUsage, countUsage, matchesScopes, podUsage, quotaUsage, serviceUsage } from './quota-usage.js';

/** Everything is counted again this often; pods, services and claims also whenever they change. */
const RESYNC_MS = 300_000;
/** Resources whose usage is more than their number. */
const MEASURED: ReadonlySet<string> = new Set(['pods', 'services', 'persistentvolumeclaims']);

/** Says in every quota how much of it is used. */
export const createResourceQuotaController = ({ client, informers }: ControllerDeps): Controller => {
  const quotas = informers.informer(ResourceQuota);
  const pods = informers.informer(Pod);
  const services = informers.informer(Service);
  const claims = informers.informer(PersistentVolumeClaim);

  /** Objects of other kinds are counted only where a quota asks for them. */
  const countsOf = async (namespace: string, names: readonly string[]): Promise<readonly Usage[]> => {
    const usages: Usage[] = [];
    const seen = new Set<string>();
    for (const { apiVersion, kind, resource, namespaced, verbs } of await client.resources()) {
      const group = groupOf(apiVersion);
      const id = `${resource}.${group}`;
      const isAsked = names.includes(`count/${id}`.replace(/\.$/, '')) || (group === '' && names.includes(resource));
      if (
        !isAsked ||
        !namespaced ||
        !verbs.includes('list') ||
        seen.has(id) ||
        (group === '' && MEASURED.has(resource))
      )
        continue;
      seen.add(id);
      const { items } = await client.list({ apiVersion, kind }, { namespace });
      usages.push(countUsage(resource, group, items));
    }
    return usages;
  };

  const inNamespace = ({ metadata }: KubeObject) => quotas.list(metadata.namespace).map(keyOf);

  return {
    name: 'resourcequota',
    watches: [
      watchSelf(ResourceQuota),
      ...[Pod, Service, PersistentVolumeClaim].map((kind) => ({ kind, keys: inNamespace })),
    ],
    reconcile: async (key) => {
      const quota = quotas.get(key);
      if (quota === undefined || quota.metadata.deletionTimestamp !== undefined) return { done: true };
      const { namespace = '' } = key;
      const hasScopes = (quota.spec.scopes ?? []).length > 0 || quota.spec.scopeSelector !== undefined;
      const counted = pods.list(namespace).filter((pod) => matchesScopes(quota, pod));
      // A quota with scopes is about pods only.
      const others = hasScopes
        ? []
        : [
            ...services.list(namespace).map(serviceUsage),
            ...claims.list(namespace).map(claimUsage),
            ...(await countsOf(namespace, Object.keys(quota.spec.hard ?? {}))),
          ];
      const used = quotaUsage(quota, [...counted.map(podUsage), ...others]);
      const status = { hard: quota.spec.hard ?? {}, used };
      if (!isSemanticallyEqual(status, quota.status)) await client.updateStatus<ResourceQuota>({ ...quota, status });
      return { requeueAfterMs: RESYNC_MS };
    },
  };
};
