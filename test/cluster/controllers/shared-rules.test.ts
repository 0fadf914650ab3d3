import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isSemanticallyEqual } from '../../../src/cluster/controllers/semantic-equality.js';
import { slowStart } from '../../../src/cluster/controllers/slow-start.js';
import { templateHash } from '../../../src/cluster/controllers/template-hash.js';
import { WriteBarrier } from '../../../src/cluster/controllers/write-barrier.js';
import type { Informer } from '../../../src/cluster/client/informer.js';
import type { KubeObject } from '../../../src/objects/object.js';

describe('isSemanticallyEqual', () => {
  it('takes absent, null and empty for the same, nothing else', () => {
    assert.ok(isSemanticallyEqual({ a: 1, b: [], c: {}, d: null }, { a: 1 }));
    assert.ok(isSemanticallyEqual(undefined, {}));
    assert.ok(!isSemanticallyEqual({ a: 0 }, {}));
    assert.ok(!isSemanticallyEqual({ a: '' }, {}));
    assert.ok(!isSemanticallyEqual([1, 2], [2, 1]));
    assert.ok(!isSemanticallyEqual({ a: [1] }, { a: { 0: 1 } }));
  });

  it('agrees with the hash of templates', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const copy = JSON.parse(JSON.stringify({ x: value })) as unknown;
        assert.ok(isSemanticallyEqual({ x: value }, copy));
        assert.equal(templateHash({ x: value, none: [] }, undefined), templateHash(copy, undefined));
      }),
    );
  });
});

describe('slowStart', () => {
  it('doubles its batches and stops after one with a failure', async () => {
    const started: number[] = [];
    const result = await slowStart(100, async (index) => {
      started.push(index);
      if (index === 5) throw new Error('refused');
    });
    assert.deepEqual([started.length, result.succeeded, (result.failure as Error).message], [7, 6, 'refused']);
    assert.deepEqual(await slowStart(0, async () => undefined), { succeeded: 0 });
  });
});

describe('WriteBarrier', () => {
  const object = (name: string, version: number, more = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name, uid: `uid-${name}`, resourceVersion: String(version), ...more },
  });
  const key = { namespace: 'shop', name: 'owner' };

  it('holds a key back until the informer has seen what was written and deleted for it', () => {
    const known = new Map([['b', object('b', 3)]]);
    const informer = { resourceVersion: '5', get: ({ name }: { name: string }) => known.get(name) };
    const barrier = new WriteBarrier(informer as unknown as Informer);
    assert.ok(barrier.isCaughtUp(key));
    barrier.wrote(key, object('a', 9));
    barrier.deleted(key, object('b', 3));
    assert.ok(!barrier.isCaughtUp(key));
    informer.resourceVersion = '9';
    assert.ok(!barrier.isCaughtUp(key));
    assert.ok(barrier.isCaughtUp({ namespace: 'shop', name: 'other' }));
    known.set('b', object('b', 10, { deletionTimestamp: '2026-01-01T00:00:00Z' }));
    assert.ok(barrier.isCaughtUp(key));
  });
});
