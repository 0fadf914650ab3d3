import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { RevisionedStoreOptions } from '../../../src/cluster/store/revisioned-store.js';
import type { Store, StoreErrorCode, StoreEvent } from '../../../src/cluster/store/store.js';
import { StoreError } from '../../../src/cluster/store/store.js';
import type { KubeObject } from '../../../src/objects/object.js';

export const configMap = (name: string, data: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});

export const keyFor = (name: string): string => `/registry/core/configmaps/default/${name}`;
const ALL = '/registry/core/configmaps/';

const failsWith = (code: StoreErrorCode) => (error: unknown) => error instanceof StoreError && error.code === code;

/** Reads `count` events and ends the watch. */
const take = async (store: Store, prefix: string, from: number, count: number): Promise<StoreEvent[]> => {
  const abort = new AbortController();
  const events: StoreEvent[] = [];
  if (count === 0) return events;
  for await (const event of store.watch(prefix, from, abort.signal)) {
    events.push(event);
    if (events.length === count) abort.abort();
  }
  return events;
};

type Step = { op: 'create' | 'replace' | 'remove'; name: string; value: string };

const steps = fc.array(
  fc.record({
    op: fc.constantFrom<Step['op']>('create', 'replace', 'remove'),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    value: fc.string(),
  }),
  { maxLength: 40 },
);

const runStep = async (store: Store, { op, name, value }: Step): Promise<void> => {
  const key = keyFor(name);
  const revision = store.get(key)?.revision;
  if (op === 'create' && revision === undefined) {
    await store.commit({ type: 'create', key, object: configMap(name, { value }) });
  } else if (op === 'replace' && revision !== undefined) {
    await store.commit({ type: 'replace', key, object: configMap(name, { value }), revision });
  } else if (op === 'remove' && revision !== undefined) {
    await store.commit({ type: 'remove', key, revision });
  }
};

/** What every Store does. `open` gives an empty store; whoever calls it closes it. */
export const describeStore = (name: string, open: (options?: RevisionedStoreOptions) => Store): void => {
  describe(`${name}, as a Store`, () => {
    let store: Store;
    beforeEach(() => {
      store = open();
    });
    afterEach(async () => {
      await store.close();
    });

    it('gives every commit the next revision and writes it into the object', async () => {
      const first = await store.commit({ type: 'create', key: keyFor('a'), object: configMap('a') });
      const second = await store.commit({ type: 'create', key: keyFor('b'), object: configMap('b') });
      assert.deepEqual([first.revision, second.revision, store.revision], [1, 2, 2]);
      assert.equal(second.object.metadata.resourceVersion, '2');
      assert.deepEqual(JSON.parse(Buffer.from(second.bytes).toString()), second.object);
      assert.equal(store.get(keyFor('b')), store.list(ALL).items[1]);
    });

    it('refuses a create of an existing key and a write at another revision', async () => {
      await store.commit({ type: 'create', key: keyFor('a'), object: configMap('a') });
      await assert.rejects(
        store.commit({ type: 'create', key: keyFor('a'), object: configMap('a') }),
        failsWith('exists'),
      );
      await assert.rejects(
        store.commit({ type: 'replace', key: keyFor('a'), object: configMap('a'), revision: 7 }),
        failsWith('conflict'),
      );
      await assert.rejects(store.commit({ type: 'remove', key: keyFor('b'), revision: 1 }), failsWith('conflict'));
      assert.equal(store.revision, 1);
    });

    it('lets one of many writers at the same revision win', async () => {
      await store.commit({ type: 'create', key: keyFor('a'), object: configMap('a') });
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          store.commit({
            type: 'replace',
            key: keyFor('a'),
            object: configMap('a', { by: String(index) }),
            revision: 1,
          }),
        ),
      );
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
      assert.equal(store.get(keyFor('a'))?.revision, 2);
    });

    it('lists a prefix in key order, and nothing of a resource whose name only starts alike', async () => {
      for (const key of ['/registry/core/pods/x/b', '/registry/core/pods/x/a', '/registry/core/podsets/x/c']) {
        await store.commit({ type: 'create', key, object: configMap('n') });
      }
      const keys = (prefix: string): string[] => store.list(prefix).items.map(({ key }) => key);
      assert.deepEqual(keys('/registry/core/pods/'), ['/registry/core/pods/x/a', '/registry/core/pods/x/b']);
      assert.deepEqual(keys('/registry/core/pods/y/'), []);
      assert.equal(keys('/registry/').length, 3);
    });

    it('carries the last state with the revision of the removal', async () => {
      await store.commit({ type: 'create', key: keyFor('a'), object: configMap('a', { k: 'v' }) });
      const removed = await store.commit({ type: 'remove', key: keyFor('a'), revision: 1 });
      assert.deepEqual([removed.object['data'], removed.object.metadata.resourceVersion], [{ k: 'v' }, '2']);
      assert.equal(store.get(keyFor('a')), undefined);
    });

    it('tells watches of another last state, where a removal brings one', async () => {
      await store.commit({ type: 'create', key: keyFor('a'), object: configMap('a', { k: 'v' }) });
      const reading = take(store, ALL, 1, 1);
      await store.commit({ type: 'remove', key: keyFor('a'), revision: 1, object: configMap('a', { k: 'w' }) });
      const [event] = await reading;
      assert.deepEqual([event?.stored.object['data'], event?.previous?.object['data']], [{ k: 'w' }, { k: 'v' }]);
    });

    it('watches events in order, from the past into the present, with what was there before', async () => {
      await store.commit({ type: 'create', key: keyFor('a'), object: configMap('a', { v: '1' }) });
      await store.commit({ type: 'replace', key: keyFor('a'), object: configMap('a', { v: '2' }), revision: 1 });
      const reading = take(store, ALL, 0, 4);
      await store.commit({ type: 'create', key: keyFor('b'), object: configMap('b') });
      await store.commit({ type: 'remove', key: keyFor('a'), revision: 2 });
      const events = await reading;
      assert.deepEqual(
        events.map(({ type, revision, previous }) => [type, revision, previous?.revision]),
        [
          ['created', 1, undefined],
          ['replaced', 2, 1],
          ['created', 3, undefined],
          ['removed', 4, 2],
        ],
      );
    });

    it('resumes a watch after the revision that was seen last', async () => {
      for (const name of ['a', 'b', 'c'])
        await store.commit({ type: 'create', key: keyFor(name), object: configMap(name) });
      assert.deepEqual(
        (await take(store, ALL, 1, 2)).map(({ revision }) => revision),
        [2, 3],
      );
    });

    it('says expired for what is compacted and future for what is not there yet', async () => {
      for (const name of ['a', 'b', 'c'])
        await store.commit({ type: 'create', key: keyFor(name), object: configMap(name) });
      await store.compact(2);
      assert.throws(() => store.list(ALL, 1), failsWith('expired'));
      assert.throws(() => store.list(ALL, 9), failsWith('future'));
      await assert.rejects(take(store, ALL, 1, 1), failsWith('expired'));
      await assert.rejects(take(store, ALL, 9, 1), failsWith('future'));
      assert.deepEqual(
        (await take(store, ALL, 2, 1)).map(({ revision }) => revision),
        [3],
      );
      assert.equal(store.list(ALL).items.length, 3);
    });

    it('ends a watch that reads too slowly instead of keeping events without limit', async () => {
      const small = open({ maxWatchQueue: 3 });
      const abort = new AbortController();
      const watch = small.watch(ALL, 0, abort.signal)[Symbol.asyncIterator]();
      const first = watch.next();
      for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
        await small.commit({ type: 'create', key: keyFor(name), object: configMap(name) });
      }
      assert.equal((await first).value?.revision, 1);
      await assert.rejects(async () => {
        for (let count = 0; count < 10; count += 1) await watch.next();
      }, failsWith('slow'));
      await small.close();
    });

    it('forgets the oldest events past its limit, and says so', async () => {
      const small = open({ maxEvents: 8 });
      for (let index = 0; index < 20; index += 1) {
        await small.commit({ type: 'create', key: keyFor(`n${index}`), object: configMap(`n${index}`) });
      }
      await assert.rejects(take(small, ALL, 0, 1), failsWith('expired'));
      assert.equal((await take(small, ALL, 19, 1))[0]?.revision, 20);
      assert.equal(small.list(ALL).items.length, 20);
      await small.close();
    });

    it('ends a watch when its signal fires, also one that waits', async () => {
      const abort = new AbortController();
      const reading = (async () => {
        for await (const event of store.watch(ALL, 0, abort.signal)) assert.fail(`unexpected ${event.type}`);
      })();
      abort.abort();
      await reading;
    });

    it('replays to the list: events from the start give the state, at every revision', async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (sequence) => {
          const fresh = open();
          for (const step of sequence) await runStep(fresh, step);
          const events = await take(fresh, ALL, 0, fresh.revision);
          const state = new Map<string, KubeObject>();
          for (const { type, stored, revision } of events) {
            if (type === 'removed') state.delete(stored.key);
            else state.set(stored.key, stored.object);
            const listed = fresh.list(ALL, revision).items.map(({ key, object }) => [key, object]);
            assert.deepEqual(
              listed,
              [...state].sort(([left], [right]) => (left < right ? -1 : 1)),
            );
          }
          assert.deepEqual(
            events.map(({ revision }) => revision),
            Array.from({ length: fresh.revision }, (_, i) => i + 1),
          );
          await fresh.close();
        }),
        { numRuns: 40 },
      );
    });
  });
};
