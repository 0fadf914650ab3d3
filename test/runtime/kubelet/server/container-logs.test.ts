import assert from 'node:assert/strict';
import { logOptions } from '../../../../src/runtime/kubelet/server/container-logs.js';
import { ManualClock } from '../../../cluster/client/manual-clock.js';
import { NOW } from '../pods.js';

describe('logOptions', () => {
  const options = (query: string) => logOptions(new URLSearchParams(query), new ManualClock(NOW));

  it('reads all of PodLogOptions', () => {
    assert.deepEqual(options(''), { follow: false, timestamps: false, stream: 'all' });
    assert.deepEqual(options('follow=true&timestamps=1&tailLines=0&limitBytes=5&sinceSeconds=60&stream=Stderr'), {
      follow: true,
      timestamps: true,
      tailLines: 0,
      limitBytes: 5,
      since: NOW - 60_000,
      stream: 'stderr',
    });
    assert.equal(options('sinceTime=2026-01-01T00:00:00Z').since, Date.parse('2026-01-01T00:00:00Z'));
  });

  it('refuses what makes no sense', () => {
    for (const query of [
      'tailLines=-1',
      'tailLines=x',
      'limitBytes=0',
      'sinceTime=x',
      'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z',
    ]) {
      assert.throws(() => options(query), { name: 'ApiError', code: 400 });
    }
  });
});
