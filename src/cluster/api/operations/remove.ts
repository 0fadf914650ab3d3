import { timestamp } from '../../../objects/conditions.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Stored } from '../../store/store.js';
import { StoreError } from '../../store/store.js';
import type { RequestContext, Target } from '../request.js';
import { conflict, fromStore } from '../status-errors.js';
import { collectionPrefix, storageKey } from '../storage-keys.js';
import { review } from './admission.js';
import type { Item, Machinery } from './machinery.js';
import { hasGeneration } from './preparation.js';
import { listObjects, requireStored, servedItem, type ListParameters, type ListResult } from './read.js';

export interface DeleteParameters {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export interface DeleteResult {
  readonly item: Item;
  /** False: something holds the object (finalizers, a grace period); it has a deletionTimestamp. */
  readonly removed: boolean;
}

const ATTEMPTS = 50;
const ORPHAN = 'orphan';
/** Set while a custom resource definition is being deleted, until its objects are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';
const FOREGROUND = 'foregroundDeletion';

/** Resources whose dependents stay when a delete does not say what to do with them. */
const ORPHANS_BY_DEFAULT = new Set(['/replicationcontrollers', 'batch/jobs']);

/** Deletes an object, or marks it when finalizers or a grace period hold it. */
export const deleteObject = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  parameters: DeleteParameters,
): Promise<DeleteResult> => {
  warnOfOrphans(target, context, parameters);
  for (let attempt = 1; ; attempt += 1) {
    const stored = requireStored(machinery, target);
    const { object: oldObject } = await servedItem(machinery, target, stored);
    checkPreconditions(target, oldObject, parameters);
    const { dryRun } = parameters;
    await review(machinery, { operation: 'DELETE', target, context, oldObject, dryRun, options: asAsked(parameters) });
    try {
      return await deleteOnce(machinery, target, parameters, stored);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'conflict') throw fromStore(error);
      if (attempt >= ATTEMPTS) throw conflict(target.resource, target.name ?? '');
    }
  }
};

/** How an object is to be deleted, as webhooks are told. */
const asAsked = ({ dryRun, ...parameters }: DeleteParameters): Readonly<Record<string, unknown>> => ({
  ...Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined)),
  ...(dryRun ? { dryRun: ['All'] } : {}),
});

const warnOfOrphans = ({ resource }: Target, { warnings }: RequestContext, parameters: DeleteParameters): void => {
  if (resource.group !== 'batch' || resource.plural !== 'jobs' || parameters.propagationPolicy !== undefined) return;
  const advice =
    'set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning';
  warnings.push(`child pods are preserved by default when jobs are deleted; ${advice}`);
};

const deleteOnce = async (
  machinery: Machinery,
  target: Target,
  parameters: DeleteParameters,
  stored: Stored,
): Promise<DeleteResult> => {
  const { key, revision } = stored;
  const decision = decideDelete(target, stored.object, parameters, machinery.clock.now());
  if (decision === 'remove') {
    const object = lastState(target, stored.object, machinery.clock.now());
    if (parameters.dryRun) {
      const { object: served } = await servedItem(machinery, target, stored);
      return { item: { object: lastState(target, served, machinery.clock.now()) }, removed: true };
    }
    const removed = await machinery.store.commit({ type: 'remove', key, revision, object });
    return { item: await servedItem(machinery, target, removed), removed: true };
  }
  if (parameters.dryRun) {
    const item = await servedItem(machinery, target, stored);
    return { item: decision === 'wait' ? item : { object: decision }, removed: false };
  }
  if (decision === 'wait') return { item: await servedItem(machinery, target, stored), removed: false };
  const marked = await machinery.store.commit({ type: 'replace', key, object: decision, revision });
  return { item: await servedItem(machinery, target, marked), removed: false };
};

/** Resources whose objects are asked to go before they are removed. */
const isGraceful = ({ resource: { group, plural } }: Pick<Target, 'resource'>): boolean =>
  group === '' && plural === 'pods';

/** A removed object as its deletion leaves it: of what is asked to go, watches see since when it is. */
const lastState = (target: Target, object: KubeObject, now: number): KubeObject =>
  isGraceful(target) && object.metadata.deletionTimestamp === undefined
    ? marked(target, object, object.metadata.finalizers ?? [], timestamp(now), 0)
    : object;

/** What a delete does to an object: removes it, marks it (the object to write), or leaves it as it waits already. */
export const decideDelete = (
  target: Target,
  object: KubeObject,
  parameters: DeleteParameters,
  now: number,
): 'remove' | 'wait' | KubeObject => {
  const finalizers = finalizersFor(target, object, parameters);
  const grace = gracePeriod(target, object, parameters);
  const held = finalizers.length > 0 || holdsNamespace(target, object);
  if (grace === 0 && !held) return 'remove';
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata;
  if (deletionTimestamp !== undefined) {
    const shorter = grace < deletionGracePeriodSeconds;
    const sameFinalizers =
      finalizers.length === (object.metadata.finalizers ?? []).length &&
      finalizers.every((finalizer) => object.metadata.finalizers?.includes(finalizer) === true);
    if (!shorter && sameFinalizers) return 'wait';
    const start = Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
    const at = shorter ? timestamp(Math.max(now, start) + grace * 1000) : deletionTimestamp;
    return marked(target, object, finalizers, at, shorter ? grace : deletionGracePeriodSeconds);
  }
  return marked(target, object, finalizers, timestamp(now + grace * 1000), grace);
};

const marked = (
  { resource }: Target,
  object: KubeObject,
  finalizers: readonly string[],
  deletionTimestamp: string,
  deletionGracePeriodSeconds: number,
): KubeObject => {
  const first = object.metadata.deletionTimestamp === undefined;
  const counts = first && hasGeneration(resource) && object.metadata.generation !== undefined;
  const generation = counts ? { generation: (object.metadata.generation ?? 0) + 1 } : {};
  const metadata = { ...object.metadata, ...generation, deletionTimestamp, deletionGracePeriodSeconds, finalizers };
  const kept = finalizers.length === 0 ? withoutFinalizers({ ...object, metadata }) : { ...object, metadata };
  if (resource.group !== '' || resource.plural !== 'namespaces') return kept;
  const { deletionGracePeriodSeconds: _none, ...own } = kept.metadata;
  return { ...kept, metadata: own, status: { ...(kept['status'] as object | undefined), phase: 'Terminating' } };
};

const withoutFinalizers = (object: KubeObject): KubeObject => {
  const { finalizers: _none, ...metadata } = object.metadata;
  return { ...object, metadata };
};

/** Seconds until the object may go: pods that run get theirs, everything else goes at once. */
const gracePeriod = ({ resource }: Target, object: KubeObject, { gracePeriodSeconds }: DeleteParameters): number => {
  if (!isGraceful({ resource })) return 0;
  const { nodeName, terminationGracePeriodSeconds = 30 } = (object['spec'] ?? {}) as {
    nodeName?: string;
    terminationGracePeriodSeconds?: number;
  };
  const { phase } = (object['status'] ?? {}) as { phase?: string };
  if ((nodeName ?? '') === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  const period = gracePeriodSeconds ?? terminationGracePeriodSeconds;
  const wanted = period < 0 ? 1 : period;
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  // A grace period can be shortened, never lengthened.
  return deletionTimestamp === undefined ? wanted : Math.min(wanted, deletionGracePeriodSeconds ?? wanted);
};

const holdsNamespace = ({ resource }: Target, object: KubeObject): boolean => {
  if (resource.group !== '' || resource.plural !== 'namespaces') return false;
  const { finalizers = [] } = (object['spec'] ?? {}) as { finalizers?: readonly string[] };
  return finalizers.length > 0;
};

/** The finalizers with those of the garbage collector set as the propagation policy says. */
const finalizersFor = (
  { resource }: Target,
  object: KubeObject,
  { propagationPolicy }: DeleteParameters,
): readonly string[] => {
  const present = object.metadata.finalizers ?? [];
  const kept = present.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND);
  const others = needsCleanup(resource, object) ? [...kept, CLEANUP_FINALIZER] : kept;
  const policy =
    propagationPolicy ??
    (present.includes(ORPHAN) ? 'Orphan' : present.includes(FOREGROUND) ? 'Foreground' : undefined) ??
    (ORPHANS_BY_DEFAULT.has(`${resource.group}/${resource.plural}`) ? 'Orphan' : 'Background');
  if (policy === 'Orphan') return [...others, ORPHAN];
  return policy === 'Foreground' ? [...others, FOREGROUND] : others;
};

/** A definition goes after the objects that it defines. */
const needsCleanup = ({ group, plural }: Target['resource'], { metadata }: KubeObject): boolean =>
  group === 'apiextensions.k8s.io' &&
  plural === 'customresourcedefinitions' &&
  metadata.deletionTimestamp === undefined &&
  metadata.finalizers?.includes(CLEANUP_FINALIZER) !== true;

const checkPreconditions = ({ resource }: Target, object: KubeObject, { preconditions }: DeleteParameters): void => {
  const { uid, resourceVersion } = preconditions ?? {};
  const { metadata } = object;
  // Kubernetes names the kind where other conflicts name the resource.
  const kind = { group: resource.group, plural: resource.kind };
  if (uid !== undefined && uid !== metadata.uid) {
    const differ = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid ?? ''})`;
    throw conflict(kind, metadata.name, `${differ}. The object might have been deleted and then recreated`);
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    const record = `the ResourceVersion in record (${metadata.resourceVersion ?? ''})`;
    const differ = `the ResourceVersion in the precondition (${resourceVersion}) does not match ${record}`;
    throw conflict(kind, metadata.name, `${differ}. The object might have been modified`);
  }
};

/** Deletes what a list with the same parameters gives, one page of it. An object that is gone by then counts as deleted. */
export const deleteCollection = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  selection: ListParameters,
  parameters: DeleteParameters,
): Promise<ListResult> => {
  const { items, ...list } = await listObjects(machinery, context, target, selection);
  const prefix = collectionPrefix(target);
  const deleted: Item[] = [];
  for (const { object } of items) {
    const { name, namespace } = object.metadata;
    const one = namespace === undefined ? { ...target, name } : { ...target, namespace, name };
    if (machinery.store.get(storageKey(one, name)) === undefined || !storageKey(one, name).startsWith(prefix)) continue;
    const uid = object.metadata.uid;
    const preconditions = { ...(uid === undefined ? {} : { uid }), ...parameters.preconditions };
    deleted.push((await deleteObject(machinery, context, one, { ...parameters, preconditions })).item);
  }
  return { ...list, items: deleted };
};
