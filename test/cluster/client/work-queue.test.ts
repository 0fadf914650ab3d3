import assert from 'node:assert/strict';
import fc from 'fast-check';
import { WorkQueue } from '../../../src/cluster/client/work-queue.js';
import { ManualClock } from './manual-clock.js';

const a = { namespace: 'shop', name: 'a' };
const b = { namespace: 'shop', name: 'b' };

describe('WorkQueue', () => {
  it('hands out a key once however often it is added', async () => {
    const queue = new WorkQueue({ clock: new ManualClock() });
    queue.add(a);
    queue.add(b);
    queue.add(a);
    assert.deepEqual(await queue.take(), a);
    assert.deepEqual(await queue.take(), b);
    assert.equal(queue.length, 0);
  });

  it('never hands out a key that is worked on, and hands it out again afterwards', async () => {
    const queue = new WorkQueue({ clock: new ManualClock() });
    queue.add(a);
    await queue.take();
    queue.add(a);
    queue.add(a);
    let second: unknown;
    const taking = queue.take().then((key) => {
      second = key;
    });
    await Promise.resolve();
    assert.equal(second, undefined);
    queue.done(a);
    await taking;
    assert.deepEqual(second, a);
  });

  it('doubles the delay of a failing key up to the longest, and starts again after forget', () => {
    const queue = new WorkQueue({ clock: new ManualClock(), baseDelayMs: 10, maxDelayMs: 50 });
    assert.deepEqual(
      [1, 2, 3, 4, 5].map(() => queue.addRateLimited(a)),
      [10, 20, 40, 50, 50],
    );
    assert.equal(queue.failures(a), 5);
    queue.forget(a);
    assert.equal(queue.addRateLimited(a), 10);
  });

  it('adds a delayed key when its time has come, the earliest time counting', async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock });
    queue.addAfter(a, 1000);
    queue.addAfter(a, 300);
    queue.addAfter(b, 500);
    queue.addAfter(b, 5000);
    await clock.advance(299);
    assert.equal(queue.length, 0);
    await clock.advance(1);
    assert.deepEqual(await queue.take(), a);
    await clock.advance(200);
    assert.deepEqual(await queue.take(), b);
    assert.equal(queue.delayed, 0);
  });

  it('refuses new keys when full', () => {
    const queue = new WorkQueue({ clock: new ManualClock(), limit: 2 });
    assert.equal(queue.add(a), true);
    assert.equal(queue.add(b), true);
    assert.equal(queue.add({ name: 'c' }), false);
    assert.equal(queue.add(a), true);
  });

  it('ends waiting takers and its timer when it is closed', async () => {
    const clock = new ManualClock();
    const queue = new WorkQueue({ clock });
    queue.addAfter(a, 1000);
    const taking = queue.take();
    await queue.close();
    assert.equal(await taking, undefined);
    assert.equal(await queue.take(), undefined);
    assert.equal(clock.sleepers, 0);
  });

  it('loses no key and never works twice on one, whatever the order of calls', async () => {
    const step = fc.record({ add: fc.boolean(), key: fc.constantFrom('p', 'q', 'r') });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const queue = new WorkQueue({ clock: new ManualClock() });
        const active = new Set<string>();
        const dirty = new Set<string>();
        for (const { add, key } of steps) {
          if (add) {
            queue.add({ name: key });
            dirty.add(key);
          } else if (active.has(key)) {
            active.delete(key);
            queue.done({ name: key });
          } else if (queue.length > 0) {
            const taken = (await queue.take())?.name ?? '';
            assert.equal(active.has(taken), false);
            active.add(taken);
            dirty.delete(taken);
          }
        }
        for (const key of active) queue.done({ name: key });
        const rest = new Set<string>();
        while (queue.length > 0) rest.add((await queue.take())?.name ?? '');
        assert.deepEqual([...rest].sort(), [...dirty].sort());
      }),
    );
  });
});
