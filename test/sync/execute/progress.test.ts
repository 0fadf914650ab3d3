import assert from 'node:assert/strict';
import type { KubeObject } from '../../../src/objects/object.js';
import type { OperationPhase, ResourceResult, SyncPhase } from '../../../src/sync/applications/application.js';
import type { Target } from '../../../src/sync/compare/targets.js';
import type { SyncTask } from '../../../src/sync/execute/plan.js';
import {
  nextFailStep,
  nextStep,
  resultFor,
  resultsOf,
  UNCHANGED,
  updateRunning,
} from '../../../src/sync/execute/progress.js';
import type { Health } from '../../../src/sync/health/health.js';

const task = (name: string, wave = 0, phase: SyncPhase = 'Sync', more: Partial<SyncTask> = {}): SyncTask => {
  const object: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'default' } };
  const id = { group: 'apps', kind: 'Deployment', namespace: 'default', name };
  const target = { id, key: `apps/Deployment:default/${name}`, object } as Target;
  return { key: `${phase} apps/Deployment:default/${name}`, id, phase, wave, hook: phase !== 'Sync', target, ...more };
};

const result = (of: SyncTask, hookPhase: OperationPhase, message = 'configured'): ResourceResult =>
  resultFor(of, { status: 'Synced', hookPhase, message });

const live = { apiVersion: 'v1', kind: 'X', metadata: { name: 'x' } };
const after = (of: SyncTask, tasks: readonly SyncTask[], health: Health | undefined, message?: string, gone = false) =>
  updateRunning(tasks, resultsOf([result(of, 'Running', message)]), () => ({
    live: gone ? undefined : live,
    health,
  })).get(of.key);

describe('nextStep', () => {
  const first = task('a', -1);
  const second = task('b', 0);
  const third = task('c', 0);
  const tasks = [first, second, third];

  it('runs a wave after the one before is healthy', () => {
    assert.deepEqual(nextStep(tasks, new Map()), { type: 'run', tasks: [first] });
    const waiting = nextStep(tasks, resultsOf([result(first, 'Running')]));
    assert.deepEqual(waiting, { type: 'wait', message: 'waiting for healthy state of apps/Deployment/a' });
    assert.deepEqual(nextStep(tasks, resultsOf([result(first, 'Succeeded')])), { type: 'run', tasks: [second, third] });
  });

  it('takes up a wave of which a part was done', () => {
    const results = resultsOf([result(first, 'Succeeded'), result(third, 'Running')]);
    assert.deepEqual(nextStep(tasks, results), { type: 'run', tasks: [second] });
  });

  it('stops after a wave that failed', () => {
    const results = resultsOf([result(first, 'Failed', 'no image')]);
    assert.deepEqual(nextStep(tasks, results), {
      type: 'failed',
      message: 'apps/Deployment/a: no image',
      failure: 'health',
    });
  });

  it('holds the whole step of a deletion back until it is approved', () => {
    const { target: _target, ...deletion } = task('db', 0, 'Sync', { live, needsApproval: true });
    const more = { ...deletion, key: 'Sync v1/X:/y', needsApproval: true };
    const all = [first, second, deletion, more];
    const results = resultsOf([result(first, 'Succeeded')]);
    const message = 'waiting for pruning confirmation of apps/Deployment/db and 1 more resources';
    assert.deepEqual(nextStep(all, results), { type: 'approval', message });
    assert.deepEqual(nextStep(all, results, true), { type: 'run', tasks: [second, deletion, more] });
    const skipped = { ...deletion, skip: 'ignored (requires pruning)' };
    assert.deepEqual(nextStep([first, skipped], results), { type: 'run', tasks: [skipped] });
  });

  it('is done when the last wave is healthy, not when it is written', () => {
    const written = resultsOf([result(first, 'Succeeded'), result(second, 'Succeeded'), result(third, 'Running')]);
    assert.equal(nextStep(tasks, written).type, 'wait');
    assert.equal(nextStep(tasks, written.set(third.key, result(third, 'Succeeded'))).type, 'done');
    assert.equal(nextStep([], new Map()).type, 'done');
  });

  it('leaves hooks of the phase SyncFail to failures', () => {
    const alarm = task('alarm', 0, 'SyncFail');
    assert.equal(nextStep([first, alarm], resultsOf([result(first, 'Succeeded')])).type, 'done');
    assert.deepEqual(nextFailStep([first, alarm], new Map()), { type: 'run', tasks: [alarm] });
  });

  it('tells hooks that fail from objects that do', () => {
    const hook = task('migrate', 0, 'PreSync');
    const failed = nextStep([hook, first], resultsOf([result(hook, 'Failed', 'exit 1')]));
    assert.deepEqual(failed, { type: 'failed', message: 'hook apps/Deployment/migrate: exit 1', failure: 'hook' });
  });
});

describe('updateRunning', () => {
  const one = task('a');
  const last = task('z', 1);

  it('ends a task whose object is healthy or has no health', () => {
    assert.equal(after(one, [one], { status: 'Healthy' })?.hookPhase, 'Succeeded');
    assert.equal(after(one, [one], undefined)?.hookPhase, 'Succeeded');
    assert.equal(after(one, [one], { status: 'Progressing' })?.hookPhase, 'Running');
  });

  it('fails a task whose object is degraded, unless the sync has not touched it', () => {
    const degraded: Health = { status: 'Degraded', message: 'bad' };
    assert.equal(after(one, [one], degraded)?.hookPhase, 'Failed');
    assert.equal(after(one, [one], degraded, UNCHANGED)?.hookPhase, 'Running');
  });

  it('waits for a suspended object only when something comes after it', () => {
    assert.equal(after(one, [one, last], { status: 'Suspended' })?.hookPhase, 'Running');
    assert.equal(after(one, [one], { status: 'Suspended' })?.hookPhase, 'Succeeded');
  });

  it('fails a task whose object has vanished', () => {
    assert.equal(after(one, [one], undefined, 'created', true)?.hookPhase, 'Error');
  });

  it('ends a deletion when the object is gone', () => {
    const { target: _target, ...prune } = task('a');
    assert.equal(after(prune, [prune], undefined, 'pruned', true)?.hookPhase, 'Succeeded');
    assert.equal(after(prune, [prune], { status: 'Progressing' }, 'pruned')?.hookPhase, 'Running');
  });

  it('fails a hook that is degraded or unknown', () => {
    const hook = task('h', 0, 'PreSync');
    assert.equal(after(hook, [hook, one], { status: 'Unknown' })?.hookPhase, 'Failed');
    assert.equal(after(hook, [hook, one], { status: 'Suspended' })?.hookPhase, 'Running');
  });
});
