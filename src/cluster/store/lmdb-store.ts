import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database, RootDatabase } from 'lmdb';
import { open } from 'lmdb';
import { claimFolder, releaseFolder } from './folder-owner.js';
import type { Journal, JournalState } from './journal.js';
import type { RevisionedStoreOptions } from './revisioned-store.js';
import { RevisionedStore } from './revisioned-store.js';
import type { Revision, Store, StoreEvent } from './store.js';
import { StoreError } from './store.js';
import { revisionOf } from './stored-object.js';

/**
 * Opens the durable store in a folder of its own, which is made when it does not exist. One process at a time: throws
 * StoreError `locked` when another one has it, `failed` when its content cannot be read.
 */
export const openLmdbStore = (folder: string, options: RevisionedStoreOptions = {}): Store => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const root = openRoot(folder);
  try {
    claimFolder(root, folder);
    return new RevisionedStore(lmdbJournal(root, folder), options);
  } catch (error) {
    void root.close();
    throw error;
  }
};

/**
 * Address space for the file, which itself stays as small as its content. With less, LMDB maps the file anew each time
 * that it has grown and keeps the older maps, so that its pages count several times as memory of this process.
 */
const MAP_BYTES = 64 * 1024 ** 3;

const openRoot = (folder: string): RootDatabase => {
  try {
    // Without overlapping sync a transaction's promise resolves after fsync, which is what `commit` promises.
    return open({
      path: join(folder, 'store.lmdb'),
      encoding: 'json',
      overlappingSync: false,
      maxDbs: 4,
      mapSize: MAP_BYTES,
    });
  } catch (error) {
    throw new StoreError('failed', `Cannot open the store in ${folder}: ${String(error)}`, { cause: error });
  }
};

interface EventHead {
  readonly type: StoreEvent['type'];
  readonly key: string;
}

/**
 * Three databases: `objects` (key -> JSON of the object), `events` (revision -> type, key and the JSON of what the key
 * held before) and the root (`revision`, `compacted`, `owner`).
 */
const lmdbJournal = (root: RootDatabase, folder: string): Journal => {
  const objects: Database<Buffer, string> = root.openDB({ name: 'objects', encoding: 'binary' });
  const events: Database<Buffer, number> = root.openDB({ name: 'events', encoding: 'binary' });
  const numberAt = (key: string): number => (root.get(key) as number | undefined) ?? 0;
  return {
    load: (): JournalState => ({
      revision: numberAt('revision'),
      compacted: numberAt('compacted'),
      objects: objects.getRange().map(({ key, value }) => ({ key, revision: revisionOf(value), bytes: value })),
      events: events.getRange().map(({ key: revision, value }) => ({ revision, ...decodeEvent(value) })),
    }),
    append: async (batch) => {
      const written = root.transaction(() => {
        for (const event of batch) {
          const { key, bytes } = event.stored;
          if (event.type === 'removed') void objects.remove(key);
          else void objects.put(key, Buffer.from(bytes));
          void events.put(event.revision, encodeEvent(event));
        }
        void root.put('revision', batch.at(-1)?.revision ?? numberAt('revision'));
      });
      await written.catch(failWithReason);
    },
    compact: async (before: Revision) => {
      await root.transaction(() => {
        for (const revision of events.getKeys({ end: before + 1 })) void events.remove(revision);
        void root.put('compacted', before);
      });
    },
    close: async () => {
      releaseFolder(root, folder);
      await root.close();
    },
  };
};

/** LMDB wraps the system's reason, and calls a full disk an input/output error. */
const failWithReason = (error: unknown): never => {
  const reason = (error as { readonly commitError?: unknown }).commitError ?? error;
  const text = reason instanceof Error ? reason.message : String(reason);
  throw new Error(`${text}: is the disk full, or can it not be written?`, { cause: error });
};

const NEWLINE = 10;

/** A line of JSON with type and key, then the previous object's bytes. */
const encodeEvent = ({ type, stored, previous }: StoreEvent): Buffer => {
  const head: EventHead = { type, key: stored.key };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), previous?.bytes ?? Buffer.alloc(0)]);
};

const decodeEvent = (value: Buffer): EventHead & { previous: Uint8Array | undefined } => {
  const end = value.indexOf(NEWLINE);
  const head = JSON.parse(value.subarray(0, end).toString('utf8')) as EventHead;
  return { ...head, previous: end + 1 < value.length ? Buffer.from(value.subarray(end + 1)) : undefined };
};
