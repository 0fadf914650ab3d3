import type { KubeObject } from '../../../objects/object.js';
import type { Stored } from '../../store/store.js';
import { StoreError } from '../../store/store.js';
import type { RequestContext, Target } from '../request.js';
import { badRequest, expired, fromStore, notFound } from '../status-errors.js';
import { collectionPrefix, storageKey } from '../storage-keys.js';
import { ContinueExpiredError, decodeContinue, encodeContinue } from './continue-token.js';
import type { Item, Machinery } from './machinery.js';
import { checkListMatch, parseVersion, reachVersion, type VersionParameters } from './resource-versions.js';
import { parseSelection, type Selection } from './selection.js';

export interface ListParameters extends VersionParameters {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** 0 or absent: everything. */
  readonly limit?: number;
  readonly continue?: string;
}

export interface ListResult {
  readonly items: readonly Item[];
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** What the store holds in the version that is asked for. */
export const servedItem = (machinery: Machinery, target: Target, stored: Stored): Item | Promise<Item> => {
  const { resource } = target;
  const { object } = stored;
  if (object.apiVersion === resource.apiVersion) {
    const read = machinery.rules.readDefaults(target, object);
    return read === object ? stored : { object: read };
  }
  const converted = machinery.convert(object, resource.apiVersion, resource);
  const itemOf = (each: KubeObject): Item => ({ object: machinery.rules.readDefaults(target, each) });
  return converted instanceof Promise ? converted.then(itemOf) : itemOf(converted);
};

/** An object in its stored form as it would be read. */
export const readBack = async (machinery: Machinery, target: Target, storable: KubeObject): Promise<KubeObject> => {
  const { resource } = target;
  if (storable.apiVersion === resource.apiVersion) return storable;
  return machinery.rules.readDefaults(target, await machinery.convert(storable, resource.apiVersion, resource));
};

/** The stored object of a target; NotFound when it is not there. */
export const requireStored = (machinery: Machinery, target: Target): Stored => {
  const name = target.name ?? '';
  const stored = machinery.store.get(storageKey(target, name));
  if (stored === undefined) throw notFound(target.resource, name);
  return stored;
};

export const getObject = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  { resourceVersion }: VersionParameters = {},
): Promise<Item> => {
  const version = parseVersion(resourceVersion);
  if (version !== undefined && version > 0) await reachVersion(machinery, version, context.signal);
  return servedItem(machinery, target, requireStored(machinery, target));
};

export const listObjects = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  parameters: ListParameters,
): Promise<ListResult> => {
  const page = await pageOf(machinery, context, parameters);
  const selection = parseSelection(target, parameters);
  const snapshot = snapshotAt(machinery, target, page);
  const prefix = collectionPrefix(target);
  const from = page.start === undefined ? 0 : firstAtOrAfter(snapshot.items, prefix + page.start);
  const taken = await take(machinery, target, snapshot.items, from, page.limit, selection);
  const resourceVersion = String(snapshot.revision);
  if (taken.next === undefined) return { items: taken.items, resourceVersion };
  const next = snapshot.items[taken.next] as Stored;
  const token = encodeContinue({ revision: snapshot.revision, start: next.key.slice(prefix.length) });
  const remaining = selection.everything ? { remainingItemCount: snapshot.items.length - taken.next } : {};
  return { items: taken.items, resourceVersion, continue: token, ...remaining };
};

interface Page {
  readonly limit: number;
  /** The version of the store; absent: the newest. */
  readonly at?: number;
  readonly start?: string;
}

const pageOf = async (machinery: Machinery, context: RequestContext, parameters: ListParameters): Promise<Page> => {
  const continues = parameters.continue !== undefined && parameters.continue !== '';
  checkListMatch(parameters, continues);
  const limit = parameters.limit ?? 0;
  if (continues) {
    const token = decodeContinue(parameters.continue ?? '');
    if (!['', '0', undefined].includes(parameters.resourceVersion)) {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    return token.revision < 0 ? { limit, start: token.start } : { limit, at: token.revision, start: token.start };
  }
  const version = parseVersion(parameters.resourceVersion, true);
  // A client that takes any version is an informer at its start: it gets everything in one answer.
  if (version === 0) return { limit: parameters.resourceVersion === '0' ? 0 : limit };
  if (version === undefined) return { limit };
  await reachVersion(machinery, version, context.signal);
  const exact =
    parameters.resourceVersionMatch === 'Exact' || (parameters.resourceVersionMatch === undefined && limit > 0);
  return exact ? { limit, at: version } : { limit };
};

const snapshotAt = (
  machinery: Machinery,
  target: Target,
  page: Page,
): { items: readonly Stored[]; revision: number } => {
  try {
    return machinery.store.list(collectionPrefix(target), page.at);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'expired') throw fromStore(error);
    if (page.start !== undefined) throw new ContinueExpiredError(page.start);
    throw expired('The resourceVersion for the provided list is too old.');
  }
};

const take = async (
  machinery: Machinery,
  target: Target,
  stored: readonly Stored[],
  from: number,
  limit: number,
  selection: Selection,
): Promise<{ items: readonly Item[]; next?: number }> => {
  const native =
    !target.resource.custom && stored.every(({ object }) => object.apiVersion === target.resource.apiVersion);
  if (native && selection.everything) {
    const end = limit === 0 ? stored.length : Math.min(stored.length, from + limit);
    const items = from === 0 && end === stored.length ? stored : stored.slice(from, end);
    return end < stored.length ? { items, next: end } : { items };
  }
  const items: Item[] = [];
  for (let index = from; index < stored.length; index += 1) {
    const item = await servedItem(machinery, target, stored[index] as Stored);
    if (!selection.matches(item.object)) continue;
    if (limit > 0 && items.length === limit) return { items, next: index };
    items.push(item);
  }
  return { items };
};

const firstAtOrAfter = (items: readonly Stored[], key: string): number => {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((items[middle] as Stored).key < key) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** The objects of a resource as they are stored, for plugins and the parts that hold the cluster together. */
export const storedObjects = (machinery: Pick<Machinery, 'store'>, target: Target): readonly KubeObject[] =>
  machinery.store.list(collectionPrefix(target)).items.map(({ object }) => object);
