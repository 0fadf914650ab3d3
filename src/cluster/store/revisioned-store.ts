import { EventLog } from './event-log.js';
import type { Journal } from './journal.js';
import { KeyIndex } from './key-index.js';
import type { Change, Revision, Snapshot, Store, Stored, StoreEvent, Subscription } from './store.js';
import { StoreError } from './store.js';
import { StoredObject } from './stored-object.js';
import { WatchQueue } from './watch-queue.js';

export interface RevisionedStoreOptions {
  /** Events kept for watches that resume and for lists at an older revision; the oldest are forgotten first. */
  readonly maxEvents?: number;
  /** Events that one watch may be behind before it is ended. */
  readonly maxWatchQueue?: number;
}

/** The newest commit under way of a key; `stored` is undefined for a removal. */
interface Underway {
  readonly stored: Stored | undefined;
  /** Settles when it is durable and visible, or refused. */
  readonly settled: Promise<unknown>;
}

const doNothing = (): void => undefined;

interface Pending {
  readonly event: StoreEvent;
  readonly resolve: (stored: Stored) => void;
  readonly reject: (error: StoreError) => void;
}

/**
 * The store: state and recent events in memory, made durable by a journal. Commits that arrive while a write is under
 * way share the next one (group commit), and become visible only when they are durable.
 */
export class RevisionedStore implements Store {
  readonly #objects = new Map<string, Stored>();
  readonly #keys = new KeyIndex();
  readonly #log: EventLog;
  #revision: Revision;
  #assigned: Revision;
  readonly #watches = new Set<WatchQueue>();
  /** What keys will hold when the commits under way are durable. */
  readonly #overlay = new Map<string, Underway>();
  #waiting: Pending[] = [];
  #flushing: Promise<void> | undefined;
  #closed = false;
  readonly #maxEvents: number;
  readonly #maxWatchQueue: number;

  constructor(
    private readonly journal: Journal,
    options: RevisionedStoreOptions = {},
  ) {
    this.#maxEvents = options.maxEvents ?? 10_000;
    this.#maxWatchQueue = options.maxWatchQueue ?? 20_000;
    const state = journal.load();
    this.#revision = state.revision;
    this.#assigned = state.revision;
    for (const { key, revision, bytes } of state.objects) {
      this.#objects.set(key, new StoredObject(key, revision, bytes));
      this.#keys.add(key);
    }
    this.#log = EventLog.restore(state, (key) => this.#objects.get(key)?.bytes);
  }

  get revision(): Revision {
    return this.#revision;
  }

  get watches(): number {
    return this.#watches.size;
  }

  count(prefix: string): number {
    return this.#keys.withPrefix(prefix).length;
  }

  get(key: string): Stored | undefined {
    return this.#objects.get(key);
  }

  list(prefix: string, at: Revision = this.#revision): Snapshot {
    if (at > this.#revision) throw new StoreError('future', `Revision ${at} is newer than ${this.#revision}`);
    if (at < this.#log.compacted) throw this.#expired(at);
    if (at === this.#revision) return { items: this.#current(prefix), revision: at };
    return { items: this.#past(prefix, at), revision: at };
  }

  async commit(change: Change): Promise<Stored> {
    if (this.#closed) throw new StoreError('closed', 'The store is closed');
    const { key } = change;
    const underway = this.#overlay.get(key);
    let event: StoreEvent;
    try {
      event = this.#eventOf(change, underway === undefined ? this.#objects.get(key) : underway.stored);
    } catch (error) {
      // Whoever lost to a write that nobody can read yet would read the old state again and lose again.
      await underway?.settled;
      throw error;
    }
    const written = new Promise<Stored>((resolve, reject) => {
      this.#waiting.push({ event, resolve, reject });
    });
    const settled = written.catch(() => undefined);
    this.#overlay.set(key, { stored: event.type === 'removed' ? undefined : event.stored, settled });
    this.#flushing ??= this.#flush();
    return await written;
  }

  subscribe(prefix: string, from: Revision, onReady: () => void): Subscription {
    if (from > this.#revision) throw new StoreError('future', `Revision ${from} is newer than ${this.#revision}`);
    if (from < this.#log.compacted) throw this.#expired(from);
    const queue = new WatchQueue({
      prefix,
      limit: this.#maxWatchQueue,
      missed: this.#log.after(from, prefix),
      onReady,
      onEnd: () => this.#watches.delete(queue),
    });
    this.#watches.add(queue);
    return queue;
  }

  async *watch(prefix: string, from: Revision, signal: AbortSignal): AsyncGenerator<StoreEvent, void, undefined> {
    let wake = doNothing;
    const tell = (): void => wake();
    const subscription = this.subscribe(prefix, from, tell);
    signal.addEventListener('abort', tell, { once: true });
    try {
      while (!signal.aborted) {
        const events = subscription.take();
        for (const event of events) {
          yield event;
          if (signal.aborted) return;
        }
        if (events.length > 0) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      signal.removeEventListener('abort', tell);
      subscription.end();
    }
  }

  async compact(before: Revision): Promise<void> {
    const target = Math.min(before, this.#revision);
    if (target <= this.#log.compacted) return;
    this.#log.compact(target);
    await this.journal.compact(target);
  }

  async close(): Promise<void> {
    this.#closed = true;
    while (this.#flushing !== undefined) await this.#flushing;
    for (const queue of this.#watches) queue.fail(new StoreError('closed', 'The store is closed'));
    await this.journal.close();
  }

  #current(prefix: string): readonly Stored[] {
    return this.#keys.withPrefix(prefix).map((key) => this.#objects.get(key) as Stored);
  }

  /** The state at an older revision: today's, with the events since then undone from the newest to the oldest. */
  #past(prefix: string, at: Revision): readonly Stored[] {
    const state = new Map(this.#current(prefix).map((stored) => [stored.key, stored]));
    for (const { stored, previous } of [...this.#log.after(at, prefix)].reverse()) {
      if (previous === undefined) state.delete(stored.key);
      else state.set(stored.key, previous);
    }
    return [...state.values()].sort((left, right) => (left.key < right.key ? -1 : 1));
  }

  /** Checks the change against what is durable or under way, and gives it the next revision. */
  #eventOf(change: Change, previous: Stored | undefined): StoreEvent {
    const { key } = change;
    if (change.type === 'create') {
      if (previous !== undefined) throw new StoreError('exists', `${key} exists at revision ${previous.revision}`);
    } else if (previous?.revision !== change.revision) {
      throw new StoreError(
        'conflict',
        `${key} is at revision ${previous?.revision ?? 'none'}, not at ${change.revision}`,
      );
    }
    this.#assigned += 1;
    const revision = this.#assigned;
    const source = change.object ?? (previous as Stored).object;
    const stored = StoredObject.of(key, revision, source);
    if (change.type === 'create') return { type: 'created', revision, stored };
    return { type: change.type === 'remove' ? 'removed' : 'replaced', revision, stored, previous: previous as Stored };
  }

  async #flush(): Promise<void> {
    // Everything that is committed in the same turn of the event loop shares the first write.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.journal.append(batch.map(({ event }) => event));
      } catch (error) {
        this.#refuse([...batch, ...this.#waiting], error);
        continue;
      }
      const behind = new Set<WatchQueue>();
      for (const { event } of batch) this.#show(event, behind);
      for (const watch of behind) watch.tell();
      for (const { event, resolve } of batch) resolve(event.stored);
      await this.#trim();
    }
    this.#flushing = undefined;
  }

  /** Nothing of the batch was kept, and what came after may build on it: all are refused. */
  #refuse(pending: readonly Pending[], cause: unknown): void {
    this.#waiting = [];
    this.#overlay.clear();
    const reason = cause instanceof Error ? cause.message : String(cause);
    for (const { event, reject } of pending) {
      reject(new StoreError('failed', `Cannot write ${event.stored.key}: ${reason}`, { cause }));
    }
  }

  /** Makes an event visible; adds the watches whose readers must be told of it. */
  #show(event: StoreEvent, behind: Set<WatchQueue>): void {
    const { stored, type } = event;
    if (this.#overlay.get(stored.key)?.stored === (type === 'removed' ? undefined : stored)) {
      this.#overlay.delete(stored.key);
    }
    if (type === 'removed') {
      this.#objects.delete(stored.key);
      this.#keys.delete(stored.key);
    } else {
      this.#objects.set(stored.key, stored);
      if (type === 'created') this.#keys.add(stored.key);
    }
    this.#revision = event.revision;
    this.#log.push(event);
    for (const watch of this.#watches) {
      if (stored.key.startsWith(watch.prefix) && watch.push(event)) behind.add(watch);
    }
  }

  /** Keeps the memory of events bounded; a quarter is forgotten at once so that it happens seldom. */
  async #trim(): Promise<void> {
    if (this.#log.size <= this.#maxEvents) return;
    // A failed compaction costs disk only; the next one tries again.
    await this.compact(this.#log.revisionAt(Math.ceil(this.#maxEvents / 4))).catch(() => undefined);
  }

  #expired(revision: Revision): StoreError {
    return new StoreError('expired', `Revision ${revision} is forgotten; the oldest known is ${this.#log.compacted}`);
  }
}
