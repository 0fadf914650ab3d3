import assert from 'node:assert/strict';
import { oldRuns, oldSandboxes } from '../../../../src/runtime/kubelet/pods/remove-old-runs.js';
import { observed, run, sandbox } from '../pods.js';

const ended = (attempt: number, sandboxId = 's0') => run('c', { attempt, exitCode: 1, sandboxId });

describe('oldRuns', () => {
  it('keeps the newest run and one before it', () => {
    const seen = observed([run('c', { attempt: 3 }), ended(2), ended(1), ended(0), run('d')]);
    assert.deepEqual(
      oldRuns(seen).map(({ id }) => id),
      ['c-1', 'c-0'],
    );
  });
});

describe('oldSandboxes', () => {
  it('keeps the newest, those that are up, and those whose runs are kept', () => {
    const sandboxes = [sandbox(3), sandbox(2, 'notReady'), sandbox(1, 'notReady'), sandbox(0, 'ready')];
    assert.deepEqual(oldSandboxes(observed([run('c', { attempt: 1, sandboxId: 's3' }), ended(0, 's2')], sandboxes)), [
      's1',
    ]);
  });
});
