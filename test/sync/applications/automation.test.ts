import assert from 'node:assert/strict';
import type { KubeObject } from '../../../src/objects/object.js';
import type { Application, ApplicationStatus, SyncPolicy } from '../../../src/sync/applications/application.js';
import type { AutomationInput } from '../../../src/sync/applications/automation.js';
import { correctionDelayMs, decideAutomation } from '../../../src/sync/applications/automation.js';
import type { Compared } from '../../../src/sync/compare/compare.js';
import { idText } from '../../../src/sync/compare/resource-id.js';
import type { Target } from '../../../src/sync/compare/targets.js';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const configMap = (name: string, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', annotations },
});
const differs = (name: string, live?: KubeObject): Compared => {
  const object = configMap(name);
  const target = { key: idText(object), object } as Target;
  return {
    key: target.key,
    target,
    status: 'OutOfSync',
    requiresPruning: false,
    ...(live === undefined ? {} : { live }),
  };
};
const same = (name: string): Compared => ({ ...differs(name, configMap(name)), status: 'Synced' });
const extra = (name: string): Compared => ({
  key: idText(configMap(name)),
  live: configMap(name),
  status: 'OutOfSync',
  requiresPruning: true,
});

const AUTOMATED: SyncPolicy = { automated: { prune: true, selfHeal: true } };
const input = (
  compared: readonly Compared[],
  syncPolicy: SyncPolicy = AUTOMATED,
  status: ApplicationStatus = {},
  more: Partial<AutomationInput> = {},
): AutomationInput => ({
  application: {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'shop', namespace: 'argocd' },
    spec: { project: 'default', destination: {}, syncPolicy },
    status,
  } satisfies Application,
  now: NOW,
  revision: 'r1',
  digest: 'd1',
  compared,
  hasHooks: false,
  quarantined: undefined,
  instance: 'shop',
  ...more,
});

const attempted = (
  phase: 'Succeeded' | 'Failed',
  count?: number,
  finishedAt = '2026-01-01T00:09:59Z',
): ApplicationStatus => ({
  operationState: {
    operation: { sync: count === undefined ? {} : { autoHealAttemptsCount: count } },
    phase,
    startedAt: '2026-01-01T00:09:58Z',
    finishedAt,
    syncResult: { revision: 'r1', manifests: 'd1' },
  },
});

describe('decideAutomation', () => {
  const decide = (...args: Parameters<typeof input>) => decideAutomation(input(...args));

  it('syncs a new state once, with pruning where it is on', () => {
    const decision = decide([differs('a')]);
    assert.ok(decision.type === 'sync');
    assert.deepEqual(decision.operation.sync, { revision: 'r1', prune: true });
    assert.deepEqual(decision.operation.retry, { limit: 5 });
  });

  it('does nothing while nothing differs, automation is off, or it is disabled', () => {
    assert.equal(decide([same('a')]).type, 'none');
    assert.equal(decide([differs('a')], {}).type, 'none');
    assert.equal(decide([differs('a')], { automated: { enabled: false } }).type, 'none');
  });

  it('does not try again what has failed', () => {
    assert.equal(decide([differs('a')], AUTOMATED, attempted('Failed')).type, 'none');
  });

  it('corrects only what drifted', () => {
    const decision = decide([differs('a', configMap('a')), same('b')], AUTOMATED, attempted('Succeeded'));
    assert.ok(decision.type === 'sync');
    assert.deepEqual(
      decision.operation.sync?.resources?.map(({ name }) => name),
      ['a'],
    );
    assert.equal(decision.operation.sync?.autoHealAttemptsCount, 1);
    assert.equal(decide([differs('a')], { automated: {} }, attempted('Succeeded')).type, 'none');
  });

  it('corrects ever more slowly what drifts again at once', () => {
    assert.equal(decide([differs('a')], AUTOMATED, attempted('Succeeded', 2)).type, 'sync');
    assert.deepEqual(decide([differs('a')], AUTOMATED, attempted('Succeeded', 4)), {
      type: 'none',
      requeueAfterMs: 5000,
    });
    assert.equal(decide([differs('a')], AUTOMATED, attempted('Succeeded', 9, '2026-01-01T00:00:00Z')).type, 'sync');
    assert.deepEqual([0, 2, 3, 4, 5, 50].map(correctionDelayMs), [0, 0, 2000, 6000, 18_000, 300_000]);
  });

  it('does not fight with another application over an object', () => {
    const taken = configMap('a', { 'argocd.argoproj.io/tracking-id': 'other:/ConfigMap:default/a' });
    assert.equal(decide([differs('a', taken)], AUTOMATED, attempted('Succeeded')).type, 'none');
  });

  it('does not sync only to prune when pruning is off', () => {
    assert.equal(decide([extra('a'), same('b')], { automated: {} }).type, 'none');
  });

  it('refuses to remove everything', () => {
    const decision = decide([extra('a'), extra('b')]);
    assert.ok(decision.type === 'none');
    assert.equal(decision.findings?.[0]?.reason, 'WouldRemoveEverything');
    assert.equal(decide([extra('a')], { automated: { prune: true, allowEmpty: true } }).type, 'sync');
  });

  it('goes back to what was healthy, also without automation where rollback is on', () => {
    const quarantined = { revision: 'bad', reason: 'no image', since: '2026-01-01T00:09:00Z' };
    for (const policy of [AUTOMATED, { rollback: { enabled: true } }]) {
      const decision = decide([differs('a')], policy, {}, { quarantined });
      assert.ok(decision.type === 'sync');
      assert.match(decision.operation.info?.[0]?.value ?? '', /rollback from bad: no image/);
    }
    assert.equal(decide([differs('a')], { rollback: { enabled: false } }, {}, { quarantined }).type, 'none');
  });
});
