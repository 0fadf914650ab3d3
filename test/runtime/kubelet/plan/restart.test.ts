import assert from 'node:assert/strict';
import fc from 'fast-check';
import { restartBackoff } from '../../../../src/runtime/kubelet/plan/restart.js';
import { NOW, run } from '../pods.js';

describe('restartBackoff', () => {
  it('starts the first time at once, then waits 10 s, doubled up to 300 s', () => {
    const delays: number[] = [];
    let backoffMs = 0;
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const ended = run('c', { exitCode: 1, attempt, backoffMs, finishedAt: NOW });
      const backoff = restartBackoff(ended, NOW);
      delays.push(backoff.readyAt - NOW);
      backoffMs = backoff.nextDelayMs;
    }
    assert.deepEqual(delays, [0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  });

  it('begins anew after ten minutes of running', () => {
    const ended = run('c', { exitCode: 1, backoffMs: 160_000, startedAt: NOW - 700_000, finishedAt: NOW - 1000 });
    assert.deepEqual(restartBackoff(ended, NOW), { readyAt: NOW, delayMs: 0, nextDelayMs: 10_000 });
  });

  it('never waits longer than its delay, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.constantFrom(0, 10_000, 300_000), (skew, backoffMs) => {
        const ended = run('c', { exitCode: 1, backoffMs, startedAt: NOW + skew - 5000, finishedAt: NOW + skew });
        const backoff = restartBackoff(ended, NOW);
        assert.ok(backoff.readyAt - NOW <= backoffMs + 1000);
        assert.ok(backoff.nextDelayMs >= 10_000 && backoff.nextDelayMs <= 300_000);
      }),
    );
  });
});
