import assert from 'node:assert/strict';
import type { Client } from '../../../src/cluster/client/client.js';
import { ApiError } from '../../../src/objects/api-error.js';
import type { KubeObject } from '../../../src/objects/object.js';
import type { LiveObjects } from '../../../src/sync/compare/live-objects.js';
import { idText, resourceIdOf } from '../../../src/sync/compare/resource-id.js';
import type { Target } from '../../../src/sync/compare/targets.js';
import type { TaskContext } from '../../../src/sync/execute/apply-task.js';
import { applyTask, dryRunTask, OPERATION_ANNOTATION, pruneTask } from '../../../src/sync/execute/apply-task.js';
import type { SyncTask } from '../../../src/sync/execute/plan.js';

const object = (annotations: Record<string, string> = {}, more: object = {}): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', namespace: 'default', annotations, ...more },
});

const taskOf = (wanted: KubeObject, hook = false): SyncTask => {
  const target = { id: resourceIdOf(wanted), key: idText(wanted), object: wanted, file: 'j.yaml', line: 4 } as Target;
  return { key: `Sync ${target.key}`, id: target.id, phase: hook ? 'PreSync' : 'Sync', wave: 0, hook, target };
};

/** A client that answers as told and records what it was asked. */
const scripted = (
  live: KubeObject | undefined,
  apply: () => KubeObject = () => object({}, { resourceVersion: '9' }),
) => {
  const calls: string[] = [];
  const client = {
    apply: async (wanted: KubeObject) => {
      calls.push(`apply ${Object.keys(wanted.metadata.annotations ?? {}).join()}`.trim());
      return apply();
    },
    update: async () => {
      calls.push('update');
      return object({}, { resourceVersion: '9' });
    },
    delete: async (_kind: unknown, _key: unknown, options: { propagationPolicy: string; preconditions?: object }) => {
      calls.push(`delete ${options.propagationPolicy} ${JSON.stringify(options.preconditions ?? {})}`);
      return undefined;
    },
  } as unknown as Client;
  const seen = { get: () => live, observe: () => undefined } as unknown as LiveObjects;
  const context: TaskContext = {
    client,
    live: seen,
    instance: 'shop',
    operationId: 'op/0',
    syncOptions: [],
    ignoreDifferences: [],
    force: false,
  };
  return { calls, context };
};

const refuse = (): never => {
  throw new ApiError('Invalid', 'spec.template: field is immutable');
};
const live = object({}, { uid: 'u', resourceVersion: '5' });

describe('applyTask', () => {
  it('tells what was made, changed and left as it was', async () => {
    assert.equal((await applyTask(taskOf(object()), scripted(undefined).context))?.message, 'created');
    assert.equal((await applyTask(taskOf(object()), scripted(live).context))?.message, 'configured');
    assert.equal((await applyTask(taskOf(object()), scripted(live, () => live).context))?.message, 'unchanged');
  });

  it('reports a refusal with file and line, and passes on what is none', async () => {
    const result = await applyTask(taskOf(object()), scripted(live, refuse).context);
    assert.equal(result?.status, 'SyncFailed');
    assert.equal(result?.message, 'j.yaml:4: spec.template: field is immutable');
    const broken = scripted(live, () => {
      throw new ApiError('ServiceUnavailable', 'later');
    });
    await assert.rejects(applyTask(taskOf(object()), broken.context), /later/);
  });

  it('replaces what cannot be changed, when it may: deletes it, and waits until it is gone', async () => {
    for (const [options, force] of [
      [{ 'argocd.argoproj.io/sync-options': 'Force=true' }, false],
      [{}, true],
    ] as const) {
      const { calls, context } = scripted(live, refuse);
      assert.equal(await applyTask(taskOf(object(options)), { ...context, force }), undefined);
      assert.equal(calls.at(-1), 'delete Background {"uid":"u"}');
      const going = scripted(object({}, { uid: 'u', deletionTimestamp: 't' }), refuse);
      assert.equal(await applyTask(taskOf(object(options)), { ...going.context, force }), undefined);
      assert.equal(going.calls.filter((call) => call.startsWith('delete')).length, 0);
      assert.equal(await dryRunTask(taskOf(object(options)), { ...context, force }), undefined);
    }
  });

  it('puts the whole object with Replace=true', async () => {
    const { calls, context } = scripted(live);
    await applyTask(taskOf(object()), { ...context, syncOptions: ['Replace=true'] });
    assert.deepEqual(calls, ['update']);
  });

  it('leaves what belongs to another application, with FailOnSharedResource=true', async () => {
    const taken = object({ 'argocd.argoproj.io/tracking-id': 'other:batch/Job:default/j' });
    const { calls, context } = scripted(taken);
    const result = await applyTask(taskOf(object()), { ...context, syncOptions: ['FailOnSharedResource=true'] });
    assert.match(result?.message ?? '', /belongs to application "other"/);
    assert.deepEqual(calls, []);
  });

  it('removes an older hook first, and finds its own again after a crash', async () => {
    const older = scripted(live);
    assert.equal(await applyTask(taskOf(object(), true), older.context), undefined);
    assert.deepEqual(older.calls, ['delete Background {"uid":"u"}']);
    const own = scripted(object({ [OPERATION_ANNOTATION]: 'op/0' }));
    assert.equal((await applyTask(taskOf(object(), true), own.context))?.hookPhase, 'Running');
    assert.deepEqual(own.calls, []);
    const fresh = scripted(undefined);
    await applyTask(taskOf(object(), true), fresh.context);
    assert.deepEqual(fresh.calls, [`apply ${OPERATION_ANNOTATION}`]);
  });
});

describe('pruneTask', () => {
  const { target: _target, ...base } = taskOf(object());

  it('deletes the very object that was looked at, as the options say', async () => {
    const { calls, context } = scripted(live);
    assert.equal((await pruneTask({ ...base, live }, context)).hookPhase, 'Running');
    await pruneTask({ ...base, live }, { ...context, syncOptions: ['PrunePropagationPolicy=orphan'] });
    assert.deepEqual(calls, ['delete Foreground {"uid":"u"}', 'delete Orphan {"uid":"u"}']);
  });

  it('leaves alone what is to be skipped, is gone, or is on its way out', async () => {
    const { calls, context } = scripted(live);
    assert.equal((await pruneTask({ ...base, live, skip: 'ignored' }, context)).status, 'PruneSkipped');
    const going = object({}, { uid: 'u', deletionTimestamp: 't' });
    assert.equal((await pruneTask({ ...base, live: going }, context)).hookPhase, 'Running');
    assert.equal((await pruneTask({ ...base, live }, scripted(undefined).context)).hookPhase, 'Succeeded');
    assert.deepEqual(calls, []);
  });
});
