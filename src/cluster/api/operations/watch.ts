import type { Stored, StoreEvent } from '../../store/store.js';
import { StoreError } from '../../store/store.js';
import type { RequestContext, Target } from '../request.js';
import { expired, fromStore } from '../status-errors.js';
import { collectionPrefix } from '../storage-keys.js';
import type { Item, Machinery } from './machinery.js';
import { servedItem } from './read.js';
import { checkWatchMatch, parseVersion, reachVersion, type VersionParameters } from './resource-versions.js';
import { parseSelection, type Selection } from './selection.js';

export interface WatchParameters extends VersionParameters {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly sendInitialEvents?: boolean;
  readonly allowWatchBookmarks?: boolean;
}

export type WatchFrame =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly item: Item }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

/** How often a quiet watch tells how far it is. */
const BOOKMARK_EVERY_MS = 60_000;

/**
 * The changes of a collection from the version asked for, until the signal of the request fires. Resolves when the
 * parameters are good; the frames fail with `Expired` at once or later when the store no longer has the events: the client must list again.
 */
export const watchObjects = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  parameters: WatchParameters,
): Promise<AsyncGenerator<WatchFrame, void, undefined>> => {
  checkWatchMatch(parameters);
  const selection = parseSelection(target, parameters);
  const version = parseVersion(parameters.resourceVersion);
  if (version !== undefined && version > 0) await reachVersion(machinery, version, context.signal);
  return framesFrom(machinery, context, target, parameters, selection, version);
};

async function* framesFrom(
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  parameters: WatchParameters,
  selection: Selection,
  version: number | undefined,
): AsyncGenerator<WatchFrame, void, undefined> {
  const bookmarks = parameters.allowWatchBookmarks === true;
  let from = version ?? 0;
  if (startsWithState(parameters, version)) {
    const snapshot = machinery.store.list(collectionPrefix(target));
    from = snapshot.revision;
    for (const stored of snapshot.items) {
      const item = await servedItem(machinery, target, stored);
      if (selection.matches(item.object)) yield { type: 'ADDED', item };
    }
    if (parameters.sendInitialEvents === true && bookmarks) {
      yield { type: 'BOOKMARK', resourceVersion: String(from), initialEventsEnd: true };
    }
  } else if (parameters.sendInitialEvents === false && version === undefined) {
    from = machinery.store.revision;
  }
  yield* follow(machinery, context, target, selection, from, bookmarks);
}

/** Without a version, or with 0, a watch begins with the state there is; `sendInitialEvents` overrules. */
const startsWithState = ({ sendInitialEvents }: WatchParameters, version: number | undefined): boolean =>
  sendInitialEvents ?? (version === undefined || version === 0);

async function* follow(
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  selection: Selection,
  from: number,
  bookmarks: boolean,
): AsyncGenerator<WatchFrame, void, undefined> {
  const events = eventsOf(machinery, context, target, from, bookmarks);
  try {
    for await (const event of events) {
      if (typeof event === 'number') {
        yield { type: 'BOOKMARK', resourceVersion: String(event), initialEventsEnd: false };
        continue;
      }
      const frame = frameOf(machinery, target, selection, event);
      const ready = frame instanceof Promise ? await frame : frame;
      if (ready !== undefined) yield ready;
    }
  } catch (error) {
    throw watchError(error, from);
  }
}

const watchError = (error: unknown, from: number): unknown => {
  if (!(error instanceof StoreError)) return error;
  if (error.code === 'expired') return expired(`too old resource version: ${from}`);
  if (error.code === 'slow') return expired('the watch is too far behind; list again');
  return fromStore(error);
};

/** The events of the store, and between them the revision reached each time a minute passed in silence. */
async function* eventsOf(
  { store }: Machinery,
  { signal }: RequestContext,
  target: Target,
  from: number,
  bookmarks: boolean,
): AsyncGenerator<StoreEvent | number, void, undefined> {
  const events = store.watch(collectionPrefix(target), from, signal);
  if (!bookmarks) {
    yield* events;
    return;
  }
  const iterator = events[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    for (;;) {
      const result = await nextOrRevision(next, store);
      if (typeof result === 'number') {
        yield result;
        continue;
      }
      if (result.done === true) return;
      yield result.value;
      next = iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}

/**
 * The revision is read when the timer fires, while the next event is still awaited: everything up to it was delivered,
 * as an event that the store has published resolves the wait before any timer can run.
 */
const nextOrRevision = async <T>(next: Promise<T>, store: { readonly revision: number }): Promise<T | number> => {
  let timer: NodeJS.Timeout | undefined;
  const quiet = new Promise<number>((resolve) => {
    timer = setTimeout(() => resolve(store.revision), BOOKMARK_EVERY_MS);
    timer.unref();
  });
  try {
    return await Promise.race([next, quiet]);
  } finally {
    clearTimeout(timer);
  }
};

/** What an event means to a watch with a selection: objects enter and leave it as they change. */
const frameOf = (
  machinery: Machinery,
  target: Target,
  selection: Selection,
  event: StoreEvent,
): WatchFrame | undefined | Promise<WatchFrame | undefined> => {
  const now = servedItem(machinery, target, event.stored);
  const before = event.previous === undefined ? undefined : servedItem(machinery, target, event.previous);
  if (now instanceof Promise || before instanceof Promise) {
    return Promise.all([now, before]).then(([item, previous]) => transition(selection, event, item, previous));
  }
  return transition(selection, event, now, before);
};

const transition = (
  selection: Selection,
  { type, stored }: StoreEvent,
  item: Item,
  previous: Item | undefined,
): WatchFrame | undefined => {
  if (selection.everything) return { type: FRAME_TYPES[type], item };
  const was = previous !== undefined && selection.matches(previous.object);
  const is = type !== 'removed' && selection.matches(item.object);
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', item };
  if (!was) return undefined;
  return { type: 'DELETED', item: type === 'removed' ? item : atVersion(previous, stored) };
};

const FRAME_TYPES = { created: 'ADDED', replaced: 'MODIFIED', removed: 'DELETED' } as const;

/** The last state that the selection saw, with the version of the change that took it out. */
const atVersion = ({ object }: Item, { revision }: Stored): Item => ({
  object: { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } },
});
