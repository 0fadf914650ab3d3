import { versionOf } from '../../objects/kind.js';
import type { KubeObject } from '../../objects/object.js';
import type { Compared } from '../compare/compare.js';
import { resourceIdOf, resourceIdText } from '../compare/resource-id.js';
import { syncOption, waveOf } from '../execute/annotations.js';
import { aggregateHealth } from '../health/aggregate.js';
import { healthOf } from '../health/health.js';
import type { Health } from '../health/health.js';
import type { HealthStatus, ResourceStatus, SyncStatusCode } from './application.js';

const IGNORE_HEALTH = 'argocd.argoproj.io/ignore-healthcheck';

/** One object as the status shows it. */
export interface Item {
  readonly object: KubeObject;
  readonly live: KubeObject | undefined;
  readonly status: SyncStatusCode;
  readonly requiresPruning: boolean;
}

export const itemsOf = (compared: readonly Compared[]): readonly Item[] =>
  compared.flatMap(({ target, live, status, requiresPruning }) => {
    const object = target?.object ?? live;
    return object === undefined ? [] : [{ object, live, status, requiresPruning }];
  });

/** What is there, while it cannot be compared. */
export const uncomparedItems = (managed: Iterable<KubeObject>): readonly Item[] =>
  [...managed].map((live) => ({ object: live, live, status: 'Unknown', requiresPruning: false }));

/** `status.resources` and the health of the whole. What did not change keeps its times. */
export const summarize = (
  items: readonly Item[],
  before: readonly ResourceStatus[],
  now: string,
  syncOptions: readonly string[] = [],
): { readonly resources: readonly ResourceStatus[]; readonly health: Health } => {
  const earlier = new Map(before.map((resource) => [keyOf(resource), resource]));
  const resources: ResourceStatus[] = [];
  const healths: Parameters<typeof aggregateHealth>[0][number][] = [];
  for (const { object, live, status, requiresPruning } of items) {
    const id = resourceIdOf(object);
    const health = healthOfItem(object, live);
    const wave = waveOf(object);
    const name = `${id.group === '' ? '' : `${id.group}/`}${id.kind}:${id.namespace === '' ? '' : `${id.namespace}/`}${id.name}`;
    resources.push({
      ...(id.group === '' ? {} : { group: id.group }),
      version: versionOf(object.apiVersion),
      kind: id.kind,
      ...(id.namespace === '' ? {} : { namespace: id.namespace }),
      name: id.name,
      status,
      ...(health === undefined ? {} : { health: timed(health, earlier.get(resourceIdText(id))?.health, now) }),
      ...(requiresPruning ? { requiresPruning } : {}),
      ...(needsConfirmation(live ?? object, syncOptions) ? { requiresDeletionConfirmation: true } : {}),
      ...(wave === 0 ? {} : { syncWave: wave }),
    });
    // What is to be pruned no longer says how the application is.
    if (requiresPruning || object.metadata.annotations?.[IGNORE_HEALTH] === 'true') continue;
    const isApplication = id.kind === 'Application' && id.group === 'argoproj.io';
    healths.push({ name, missing: live === undefined, health, isApplication });
  }
  return { resources: resources.sort(byName), health: aggregateHealth(healths) };
};

const needsConfirmation = (object: KubeObject, syncOptions: readonly string[]): boolean =>
  ['Prune', 'Delete'].some((option) => syncOption(option, object, syncOptions) === 'confirm');

const healthOfItem = (object: KubeObject, live: KubeObject | undefined): Health | undefined => {
  if (live === undefined) return { status: 'Missing' };
  return healthOf({ ...live, apiVersion: object.apiVersion });
};

/** With the time since which it has been so. */
export const timed = (health: Health, before: HealthStatus | undefined, now: string): HealthStatus => ({
  status: health.status,
  ...(health.message === undefined || health.message === '' ? {} : { message: health.message }),
  lastTransitionTime: before?.status === health.status ? (before.lastTransitionTime ?? now) : now,
});

const keyOf = ({ group = '', kind, namespace = '', name }: ResourceStatus): string =>
  resourceIdText({ group, kind, namespace, name });

const byName = (left: ResourceStatus, right: ResourceStatus): number => (keyOf(left) < keyOf(right) ? -1 : 1);

/** Every image that the objects run, once. */
export const imagesOf = (objects: readonly KubeObject[]): readonly string[] => {
  const images = new Set<string>();
  for (const object of objects) {
    const { spec } = object as { readonly spec?: Record<string, unknown> };
    collectImages(spec, images, 0);
  }
  return [...images].sort();
};

const collectImages = (value: unknown, images: Set<string>, depth: number): void => {
  if (typeof value !== 'object' || value === null || depth > 6) return;
  const record = value as Readonly<Record<string, unknown>>;
  for (const name of ['containers', 'initContainers']) {
    const containers = record[name];
    if (!Array.isArray(containers)) continue;
    for (const container of containers as readonly { readonly image?: unknown }[]) {
      if (typeof container?.image === 'string') images.add(container.image);
    }
  }
  for (const name of ['template', 'spec', 'jobTemplate']) collectImages(record[name], images, depth + 1);
};
