import type { Logger } from 'pino';
import { isApiError } from '../../objects/api-error.js';
import type { Clock } from '../../objects/clock.js';
import type { KindOf } from '../../objects/kind.js';
import type { KubeObject } from '../../objects/object.js';
import type { Client, WatchEvent, WatchOptions } from './client.js';
import type { Informer, InformerSet } from './informer.js';
import { ObjectIndex } from './object-index.js';

type Selection = Pick<WatchOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>;

export interface InformerSetOptions {
  readonly log: Logger;
  readonly clock: Clock;
  /** First and longest delay between attempts to list or watch. Default 200 ms and 30 s. */
  readonly backoffMs?: { readonly first: number; readonly longest: number };
}

/** What the watch loop keeps of one informer. */
interface Feed {
  readonly kind: KindOf;
  readonly selection: Selection;
  readonly index: ObjectIndex<KubeObject>;
  readonly markSynced: () => void;
  readonly synced: Promise<void>;
  /** Newest version seen. */
  seen: string;
}

const doNothing = (): void => undefined;

/**
 * Informers over one client: one watch for each kind and selection, shared by all who ask. A watch that breaks is
 * resumed where it ended; one that is too old is listed again, and handlers see the difference as events.
 */
export const createInformerSet = (client: Client, options: InformerSetOptions): InformerSet => {
  const feeds = new Map<string, Feed>();
  const informers = new Map<string, Informer>();
  let running: AbortSignal | undefined;

  const run = (feed: Feed, signal: AbortSignal): void => {
    followFeed(client, feed, options, signal).catch((error: unknown) => {
      options.log.error({ err: error, kind: feed.kind.kind }, 'informer stopped');
    });
  };

  const create = (id: string, kind: KindOf, selection: Selection): Informer => {
    let markSynced = doNothing;
    const synced = new Promise<void>((resolve) => {
      markSynced = resolve;
    });
    const index = new ObjectIndex<KubeObject>((error) => {
      options.log.error({ err: error, kind: kind.kind }, 'informer handler failed');
    });
    const feed: Feed = { kind, selection, index, markSynced, synced, seen: '' };
    const informer: Informer = {
      kind,
      synced,
      get resourceVersion() {
        return feed.seen;
      },
      get: (key) => index.get(key),
      list: (namespace) => index.list(namespace),
      byIndex: (name, value) => index.byIndex(name, value),
      addIndex: (name, values) => index.addIndex(name, values),
      onEvent: (handler) => index.onEvent(handler),
    };
    feeds.set(id, feed);
    informers.set(id, informer);
    if (running !== undefined) run(feed, running);
    return informer;
  };

  return {
    informer: <T extends KubeObject>(kind: KindOf<T>, selection: Selection = {}): Informer<T> => {
      const { namespace, labelSelector, fieldSelector } = selection;
      const id = JSON.stringify([kind.apiVersion, kind.kind, namespace, labelSelector, fieldSelector]);
      // The map holds informers of every kind; the id holds the kind, so this one holds objects of T.
      return (informers.get(id) ?? create(id, kind as KindOf, selection)) as unknown as Informer<T>;
    },
    start: async (signal) => {
      if (running === undefined) {
        running = signal;
        for (const feed of feeds.values()) run(feed, signal);
      }
      await untilAborted(Promise.all([...feeds.values()].map((feed) => feed.synced)), signal);
    },
  };
};

const untilAborted = (work: Promise<unknown>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const stop = (): void => resolve();
    signal.addEventListener('abort', stop, { once: true });
    work.then(stop, reject).finally(() => signal.removeEventListener('abort', stop));
  });

/** Lists and watches, again and again, until the signal fires. */
const followFeed = async (
  client: Client,
  feed: Feed,
  options: InformerSetOptions,
  signal: AbortSignal,
): Promise<void> => {
  const backoff = options.backoffMs ?? { first: 200, longest: 30_000 };
  let resumeFrom: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const events = client.watch(feed.kind, watchOptions(feed.selection, resumeFrom), signal);
      await applyEvents(feed, events, resumeFrom === undefined, (version) => {
        resumeFrom = version;
        failures = 0;
      });
      // A watch that ends by itself is resumed at once, unless it ended without having told anything.
      if (signal.aborted) return;
      failures += 1;
    } catch (error) {
      if (signal.aborted) return;
      if (isApiError(error, 'Expired') || isApiError(error, 'Gone')) {
        const wasResuming = resumeFrom !== undefined;
        resumeFrom = undefined;
        if (wasResuming) continue;
      }
      failures += 1;
      // A kind that is not served, or not any more, is nothing that anybody could mend.
      const level = isApiError(error, 'NotFound') ? 'debug' : 'warn';
      options.log[level]({ err: error, kind: feed.kind.kind, apiVersion: feed.kind.apiVersion }, 'watch failed');
    }
    if (failures > 1 || resumeFrom === undefined) {
      await pause(options.clock, Math.min(backoff.first * 2 ** Math.min(failures - 1, 20), backoff.longest), signal);
    }
  }
};

const watchOptions = (selection: Selection, resumeFrom: string | undefined): WatchOptions =>
  resumeFrom === undefined ? selection : { ...selection, resourceVersion: resumeFrom };

const pause = async (clock: Clock, ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
};

const applyEvents = async (
  feed: Feed,
  events: AsyncIterable<WatchEvent>,
  fromStart: boolean,
  reached: (version: string) => void,
): Promise<void> => {
  // The initial state is gathered first: only its end tells which known objects are gone.
  let initial: KubeObject[] | undefined = fromStart ? [] : undefined;
  for await (const event of events) {
    if (event.type === 'bookmark') {
      if (initial !== undefined) {
        if (!event.initialEventsEnd) continue;
        feed.seen = event.resourceVersion;
        feed.index.replaceAll(initial);
        initial = undefined;
        feed.markSynced();
      }
      feed.seen = event.resourceVersion;
      reached(event.resourceVersion);
    } else if (initial !== undefined) {
      initial.push(event.object);
    } else {
      const version = event.object.metadata.resourceVersion ?? '';
      feed.seen = version;
      if (event.type === 'deleted') feed.index.remove(event.object);
      else feed.index.put(event.object);
      reached(version);
    }
  }
};
