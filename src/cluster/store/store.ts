import type { KubeObject } from '../../objects/object.js';

/** One increasing integer for the whole store: every commit takes the next one. Never reused, also after a crash. */
export type Revision = number;

/** An object as the store keeps it: parsed, with `metadata.resourceVersion` set to its revision, and as JSON bytes. */
export interface Stored {
  readonly key: string;
  readonly revision: Revision;
  readonly object: KubeObject;
  /** UTF-8 JSON of `object`. Lists and watches send these bytes. */
  readonly bytes: Uint8Array;
}

/** Fails with StoreError `exists` when the key has an object. */
export interface Create {
  readonly type: 'create';
  readonly key: string;
  readonly object: KubeObject;
}

/** Fails with StoreError `conflict` when the key's revision is not `revision`. */
export interface Replace {
  readonly type: 'replace';
  readonly key: string;
  readonly object: KubeObject;
  readonly revision: Revision;
}

/** Fails with StoreError `conflict` when the key's revision is not `revision`. */
export interface Remove {
  readonly type: 'remove';
  readonly key: string;
  readonly revision: Revision;
  /** The last state, which watches are told of until the store is opened anew. Default: the object as it was. */
  readonly object?: KubeObject;
}

export type Change = Create | Replace | Remove;

/** `stored` of a removal is the last state with the revision of the removal as its resourceVersion. */
export interface StoreEvent {
  readonly type: 'created' | 'replaced' | 'removed';
  readonly revision: Revision;
  readonly stored: Stored;
  /** What the key held before; absent for `created`. Watches with selectors need it. */
  readonly previous?: Stored;
}

/** The events of a prefix as they happen, taken in batches by one reader. */
export interface Subscription {
  /**
   * The events since the last call, in order; none when nothing happened. Throws StoreError `slow` when so many waited
   * that they were given up: the reader must list again.
   */
  take(): readonly StoreEvent[];
  /** Ends it: nothing is kept for the reader any more. */
  end(): void;
}

export interface Snapshot {
  /** In key order (by UTF-16 code unit). */
  readonly items: readonly Stored[];
  readonly revision: Revision;
}

/**
 * The cluster's state: revisioned, ordered, durable. Keys are slash-separated paths
 * (`/registry/<group>/<resource>/<namespace>/<name>`); a prefix selects every key that starts with it.
 */
export interface Store {
  /** The revision of the newest commit; 0 when nothing was ever written. */
  readonly revision: Revision;
  /** Watches and subscriptions under way. */
  readonly watches: number;
  get(key: string): Stored | undefined;
  /** How many objects there are under a prefix. */
  count(prefix: string): number;
  /** The state now or at a revision that is not compacted (StoreError `expired`) and not in the future (`future`). */
  list(prefix: string, at?: Revision): Snapshot;
  /** Durable when it resolves; visible to get, list and watch from then on. The removed object for `remove`. */
  commit(change: Change): Promise<Stored>;
  /**
   * Every event after revision `from` under the prefix, in order, without gaps or repeats, until the signal fires.
   * Throws StoreError `expired` when `from` is older than the compaction, `slow` when the reader fell so far behind
   * that its queue passed the limit: it must list again.
   */
  watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<StoreEvent>;
  /**
   * The same events for a reader that wants them in batches and without waiting: `onReady` is called, once until the
   * next `take`, when there is something to take. Throws as `watch` does.
   */
  subscribe(prefix: string, from: Revision, onReady: () => void): Subscription;
  /** Forgets events up to and including `before`. */
  compact(before: Revision): Promise<void>;
  /** Finishes what is under way and releases the data folder. */
  close(): Promise<void>;
}

export type StoreErrorCode = 'exists' | 'conflict' | 'expired' | 'future' | 'slow' | 'locked' | 'closed' | 'failed';

/** `failed`: the medium refused the write (disk full, read-only); nothing of the batch was kept. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly code: StoreErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
