import type { Journal } from './journal.js';
import type { RevisionedStoreOptions } from './revisioned-store.js';
import { RevisionedStore } from './revisioned-store.js';
import type { Store, StoreEvent } from './store.js';

/** A store that is gone with its process: for tests. Its objects are frozen, so that a mutation fails at once. */
export const createMemoryStore = (options: RevisionedStoreOptions = {}): Store =>
  new RevisionedStore(memoryJournal(), options);

const memoryJournal = (): Journal => ({
  load: () => ({ revision: 0, compacted: 0, objects: [], events: [] }),
  append: async (events: readonly StoreEvent[]) => {
    for (const { stored } of events) freezeDeep(stored.object);
  },
  compact: async () => undefined,
  close: async () => undefined,
});

const freezeDeep = (value: unknown): void => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freezeDeep(part);
};
