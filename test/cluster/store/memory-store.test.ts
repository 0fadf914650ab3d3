import assert from 'node:assert/strict';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';
import { RevisionedStore } from '../../../src/cluster/store/revisioned-store.js';
import type { StoreEvent } from '../../../src/cluster/store/store.js';
import { StoreError } from '../../../src/cluster/store/store.js';
import { configMap, describeStore, keyFor } from './store-conformance.js';

describeStore('createMemoryStore', createMemoryStore);

describe('RevisionedStore', () => {
  /** A journal that fails while `broken` and counts the batches that it was given. */
  const faultyStore = () => {
    const medium = { broken: false, batches: [] as number[] };
    const store = new RevisionedStore({
      load: () => ({ revision: 0, compacted: 0, objects: [], events: [] }),
      append: async (events: readonly StoreEvent[]) => {
        medium.batches.push(events.length);
        await new Promise((resolve) => setImmediate(resolve));
        if (medium.broken) throw new Error('no space left on device');
      },
      compact: async () => undefined,
      close: async () => undefined,
    });
    return { store, medium };
  };

  it('writes commits that arrive together in one batch', async () => {
    const { store, medium } = faultyStore();
    const create = (name: string) => store.commit({ type: 'create', key: keyFor(name), object: configMap(name) });
    await Promise.all(['a', 'b', 'c'].map(create));
    assert.deepEqual(medium.batches, [3]);
  });

  it('keeps nothing of a write that the medium refused, and goes on when it recovers', async () => {
    const { store, medium } = faultyStore();
    await store.commit({ type: 'create', key: keyFor('a'), object: configMap('a') });
    medium.broken = true;
    const refused = await Promise.allSettled([
      store.commit({ type: 'replace', key: keyFor('a'), object: configMap('a', { v: '2' }), revision: 1 }),
      store.commit({ type: 'create', key: keyFor('b'), object: configMap('b') }),
    ]);
    for (const result of refused) {
      assert.ok(result.status === 'rejected' && result.reason instanceof StoreError && result.reason.code === 'failed');
      assert.match(result.reason.message, /no space left on device/);
    }
    assert.deepEqual([store.revision, store.get(keyFor('a'))?.revision, store.get(keyFor('b'))], [1, 1, undefined]);
    medium.broken = false;
    const later = await store.commit({ type: 'replace', key: keyFor('a'), object: configMap('a'), revision: 1 });
    assert.ok(later.revision > 1);
  });

  it('tells the loser of a race only when the winner can be read, so that trying again succeeds', async () => {
    const { store } = faultyStore();
    await store.commit({ type: 'create', key: keyFor('a'), object: configMap('a') });
    const replace = (by: string) => {
      const { revision = 0 } = store.get(keyFor('a')) ?? {};
      return store.commit({ type: 'replace', key: keyFor('a'), object: configMap('a', { by }), revision });
    };
    const winner = replace('winner');
    await assert.rejects(replace('loser'), (error) => error instanceof StoreError && error.code === 'conflict');
    await replace('loser again');
    assert.deepEqual([(await winner).revision, store.get(keyFor('a'))?.revision], [2, 3]);
  });

  it('is not visible before it is durable', async () => {
    const { store } = faultyStore();
    const writing = store.commit({ type: 'create', key: keyFor('a'), object: configMap('a') });
    assert.deepEqual([store.get(keyFor('a')), store.revision], [undefined, 0]);
    await writing;
    assert.equal(store.revision, 1);
  });
});
