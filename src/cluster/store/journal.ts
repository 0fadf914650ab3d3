import type { Revision, StoreEvent } from './store.js';

/** What a journal gives back when a store opens. */
export interface JournalState {
  readonly revision: Revision;
  /** Events up to and including this revision are forgotten. */
  readonly compacted: Revision;
  /** Current objects: key, revision and JSON bytes. */
  readonly objects: Iterable<{ readonly key: string; readonly revision: Revision; readonly bytes: Uint8Array }>;
  /** Remembered events in order. `previous` is the JSON of what the key held before. */
  readonly events: Iterable<{
    readonly type: StoreEvent['type'];
    readonly key: string;
    readonly revision: Revision;
    readonly previous: Uint8Array | undefined;
  }>;
}

/** Where a store makes its events durable. */
export interface Journal {
  load(): JournalState;
  /** All or nothing; durable when it resolves. */
  append(events: readonly StoreEvent[]): Promise<void>;
  compact(before: Revision): Promise<void>;
  close(): Promise<void>;
}
