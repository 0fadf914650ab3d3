import assert from 'node:assert/strict';
import { podInfo } from '../../../src/cluster/scheduler/cluster-snapshot.js';
import { SchedulingQueue } from '../../../src/cluster/scheduler/scheduling-queue.js';
import { pod } from './fixtures.js';

const info = (name: string, priority = 0) => podInfo(pod(name, { priority }));

describe('SchedulingQueue', () => {
  it('gives pods by priority, then in the order in which they came', () => {
    const queue = new SchedulingQueue();
    for (const one of [info('a'), info('b', 5), info('c'), info('d', 5)]) queue.add(one);
    const order = Array.from({ length: 5 }, () => queue.take(0)?.key);
    assert.deepEqual(order, ['default/b', 'default/d', 'default/a', 'default/c', undefined]);
  });

  it('sets a refused pod aside until something changes, and then for its backoff, which doubles to ten seconds', () => {
    const queue = new SchedulingQueue();
    queue.add(info('a'));
    let now = 0;
    for (const backoff of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
      assert.equal(queue.take(now)?.key, 'default/a');
      queue.refused('default/a', now, false);
      assert.equal(queue.take(now + 60_000), undefined);
      queue.wake();
      assert.equal(queue.take(now + backoff - 1), undefined);
      assert.equal(queue.nextDue(now), now + backoff);
      now += backoff;
    }
  });

  it('retries after the backoff alone when a write failed', () => {
    const queue = new SchedulingQueue();
    queue.add(info('a'));
    queue.take(0);
    queue.refused('default/a', 0, true);
    assert.equal(queue.take(999), undefined);
    assert.equal(queue.take(1000)?.key, 'default/a');
  });

  it('tries a pod that nothing woke again after five minutes', () => {
    const queue = new SchedulingQueue();
    queue.add(info('a'));
    queue.take(0);
    queue.refused('default/a', 0, false);
    assert.equal(queue.nextDue(0), 300_000);
    assert.equal(queue.nextDue(300_000), 300_000);
    assert.equal(queue.take(300_000)?.key, 'default/a');
  });

  it('tries a refused pod again at once when its spec has changed, not when its status has', () => {
    const queue = new SchedulingQueue();
    queue.add(info('a'));
    queue.take(0);
    queue.refused('default/a', 0, false);
    queue.add(podInfo({ ...pod('a', { priority: 0 }), status: { phase: 'Pending' } }));
    assert.equal(queue.take(0), undefined);
    queue.add(info('a', 1));
    assert.equal(queue.take(0)?.key, 'default/a');
  });

  it('takes the newer state of a pod without moving it, and forgets a pod that is removed', () => {
    const queue = new SchedulingQueue();
    queue.add(info('a'));
    queue.add(info('b'));
    const newer = info('a');
    queue.add(newer);
    assert.equal(queue.take(0), newer);
    queue.remove('default/b');
    assert.equal(queue.take(0), undefined);
    assert.equal(queue.size, 1);
  });
});
