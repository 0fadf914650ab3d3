import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KubeObject } from '../../../src/objects/object.js';
import type { Compared } from '../../../src/sync/compare/compare.js';
import { idText, resourceIdOf } from '../../../src/sync/compare/resource-id.js';
import type { Target } from '../../../src/sync/compare/targets.js';
import { hookTypes, waveOf } from '../../../src/sync/execute/annotations.js';
import { kindIndex } from '../../../src/sync/execute/kind-order.js';
import type { PlanOptions } from '../../../src/sync/execute/plan.js';
import { kindGroups, planSync, stepsOf } from '../../../src/sync/execute/plan.js';

const object = (
  apiVersion: string,
  kind: string,
  name: string,
  annotations: Record<string, string> = {},
  namespace: string | undefined = 'default',
): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, annotations, ...(namespace === undefined ? {} : { namespace }) },
});

const targetOf = (wanted: KubeObject): Target => ({
  id: resourceIdOf(wanted),
  key: idText(wanted),
  object: wanted,
  digest: 'd',
  hooks: hookTypes(wanted),
  wave: waveOf(wanted),
  file: 'f.yaml',
  line: 1,
  awaitsKind: false,
});

const wanted = (one: KubeObject, status: Compared['status'] = 'OutOfSync'): Compared => ({
  key: idText(one),
  target: targetOf(one),
  status,
  requiresPruning: false,
});

const extra = (live: KubeObject): Compared => ({ key: idText(live), live, status: 'OutOfSync', requiresPruning: true });

const OPTIONS: PlanOptions = { prune: true, syncOptions: [], pruneWhenHealthy: false };
const wave = (value: number): Record<string, string> => ({ 'argocd.argoproj.io/sync-wave': String(value) });

const planned = (
  compared: readonly Compared[],
  options: Partial<PlanOptions> = {},
  hooks: readonly KubeObject[] = [],
) =>
  planSync({ compared, hooks: hooks.map(targetOf), options: { ...OPTIONS, ...options } }).map(
    ({ phase, wave: at, id, target, skip }) =>
      `${phase} ${at} ${target === undefined ? 'prune ' : ''}${id.kind}/${id.name}${skip === undefined ? '' : ` ${skip}`}`,
  );

describe('planSync', () => {
  it('orders by wave, then by kind as Argo CD does, then by name', () => {
    const plan = planned([
      wanted(object('networking.k8s.io/v1', 'Ingress', 'i')),
      wanted(object('example.com/v1', 'Gadget', 'g')),
      wanted(object('apps/v1', 'Deployment', 'b')),
      wanted(object('apps/v1', 'Deployment', 'a')),
      wanted(object('v1', 'Service', 's')),
      wanted(object('v1', 'Secret', 'x', wave(1))),
      wanted(object('batch/v1', 'Job', 'j', wave(-1))),
    ]);
    assert.deepEqual(plan, [
      'Sync -1 Job/j',
      'Sync 0 Service/s',
      'Sync 0 Deployment/a',
      'Sync 0 Deployment/b',
      'Sync 0 Ingress/i',
      'Sync 0 Gadget/g',
      'Sync 1 Secret/x',
    ]);
  });

  it('asks for approval, or leaves alone, what says so or whose application does', () => {
    const says = (option: string): Record<string, string> => ({ 'argocd.argoproj.io/sync-options': option });
    const asked = (options: Partial<PlanOptions>, ...extras: readonly KubeObject[]) =>
      planSync({ compared: extras.map(extra), hooks: [], options: { ...OPTIONS, ...options } }).map(
        ({ id, needsApproval, skip }) => `${id.name} ${needsApproval ?? false} ${skip ?? ''}`,
      );
    const plain = object('v1', 'ConfigMap', 'plain');
    const careful = object('v1', 'ConfigMap', 'careful', says('Replace=true,Prune=confirm'));
    const never = object('v1', 'ConfigMap', 'never', says('Prune=false'));
    const freely = object('v1', 'ConfigMap', 'freely', says('Prune=true'));
    assert.deepEqual(asked({}, plain, careful, never), [
      'careful true ',
      'never false ignored (no prune)',
      'plain false ',
    ]);
    assert.deepEqual(asked({ syncOptions: ['Prune=confirm'] }, plain, freely), ['freely false ', 'plain true ']);
    assert.deepEqual(asked({ syncOptions: ['Prune=false'] }, plain), ['plain false ignored (no prune)']);
    assert.deepEqual(asked({ prune: false }, careful), ['careful false ignored (requires pruning)']);
  });

  it('puts hooks into their phases, several times when they say so, and leaves the skipped out', () => {
    const hook = (type: string): Record<string, string> => ({ 'argocd.argoproj.io/hook': type });
    const plan = planned([wanted(object('v1', 'ConfigMap', 'c'))], {}, [
      object('batch/v1', 'Job', 'pre-and-post', hook('PreSync,PostSync')),
      object('batch/v1', 'Job', 'fail', hook('SyncFail')),
      object('batch/v1', 'Job', 'skip', hook('Skip')),
      object('batch/v1', 'Job', 'gone', hook('PostDelete')),
      object('batch/v1', 'Job', 'helm', { 'helm.sh/hook': 'pre-upgrade,pre-install', 'helm.sh/hook-weight': '-5' }),
    ]);
    assert.deepEqual(plan, [
      'PreSync -5 Job/helm',
      'PreSync 0 Job/pre-and-post',
      'Sync 0 ConfigMap/c',
      'PostSync 0 Job/pre-and-post',
      'SyncFail 0 Job/fail',
    ]);
  });

  it('moves a namespace and a definition before what needs them, into its phase and wave', () => {
    const definition: KubeObject = {
      ...object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'gadgets.example.com', wave(3), undefined),
      spec: { group: 'example.com', names: { kind: 'Gadget' } },
    };
    const plan = planned(
      [
        wanted(object('v1', 'Namespace', 'shop', wave(5), undefined)),
        wanted(object('example.com/v1', 'Gadget', 'g', wave(-2), 'shop')),
        wanted(definition),
      ],
      {},
      [object('batch/v1', 'Job', 'pre', { 'argocd.argoproj.io/hook': 'PreSync' }, 'shop')],
    );
    assert.deepEqual(plan, [
      'PreSync 0 Namespace/shop',
      'PreSync 0 Job/pre',
      'Sync -2 CustomResourceDefinition/gadgets.example.com',
      'Sync -2 Gadget/g',
    ]);
  });

  it('deletes what the application no longer has, in mirrored waves', () => {
    const plan = planned([
      extra(object('v1', 'ConfigMap', 'low', wave(-1))),
      extra(object('v1', 'ConfigMap', 'mid', wave(0))),
      extra(object('v1', 'ConfigMap', 'high', wave(4))),
      wanted(object('v1', 'ConfigMap', 'new')),
    ]);
    assert.deepEqual(plan, [
      'Sync -1 prune ConfigMap/high',
      'Sync 0 prune ConfigMap/mid',
      'Sync 0 ConfigMap/new',
      'Sync 4 prune ConfigMap/low',
    ]);
  });

  it('deletes last with PruneLast, of the application or of the object', () => {
    const compared = [
      extra(object('v1', 'ConfigMap', 'a')),
      extra(object('v1', 'ConfigMap', 'b', { 'argocd.argoproj.io/sync-options': 'PruneLast=true' })),
      wanted(object('v1', 'ConfigMap', 'new', wave(7))),
    ];
    assert.deepEqual(planned(compared), [
      'Sync 0 prune ConfigMap/a',
      'Sync 7 ConfigMap/new',
      'Sync 8 prune ConfigMap/b',
    ]);
    const last = ['Sync 7 ConfigMap/new', 'Sync 8 prune ConfigMap/a', 'Sync 8 prune ConfigMap/b'];
    assert.deepEqual(planned(compared, { syncOptions: ['PruneLast=true'] }), last);
  });

  it('deletes only when all is healthy where a revision may be rolled back, still in mirrored waves', () => {
    const plan = planned(
      [
        extra(object('v1', 'ConfigMap', 'low', wave(0))),
        extra(object('v1', 'ConfigMap', 'high', wave(2))),
        wanted(object('v1', 'ConfigMap', 'new', wave(1))),
      ],
      { pruneWhenHealthy: true },
    );
    assert.deepEqual(plan, ['Sync 1 ConfigMap/new', 'Sync 3 prune ConfigMap/high', 'Sync 4 prune ConfigMap/low']);
  });

  it('leaves alone what must not be deleted, and says why', () => {
    const kept = object('v1', 'ConfigMap', 'k', { 'argocd.argoproj.io/sync-options': 'Prune=false' });
    assert.deepEqual(planned([extra(kept)]), ['Sync 0 prune ConfigMap/k ignored (no prune)']);
    const plain = extra(object('v1', 'ConfigMap', 'p'));
    assert.deepEqual(planned([plain], { prune: false }), ['Sync 0 prune ConfigMap/p ignored (requires pruning)']);
  });

  it('applies what differs only, and what it has begun, with ApplyOutOfSyncOnly', () => {
    const compared = [
      wanted(object('v1', 'ConfigMap', 'same'), 'Synced'),
      wanted(object('v1', 'ConfigMap', 'begun'), 'Synced'),
      wanted(object('v1', 'ConfigMap', 'differs')),
    ];
    const plan = planned(compared, {
      syncOptions: ['ApplyOutOfSyncOnly=true'],
      begun: new Set(['Sync /ConfigMap:default/begun']),
    });
    assert.deepEqual(plan, ['Sync 0 ConfigMap/begun', 'Sync 0 ConfigMap/differs']);
  });

  it('leaves hooks out of a selective sync', () => {
    const hook = object('batch/v1', 'Job', 'h', { 'argocd.argoproj.io/hook': 'PreSync' });
    const compared = [wanted(object('v1', 'ConfigMap', 'a')), wanted(object('v1', 'ConfigMap', 'b'))];
    assert.deepEqual(planned(compared, { selected: ({ name }) => name === 'a' }, [hook]), ['Sync 0 ConfigMap/a']);
  });

  it('never loses or doubles an object, and never runs a higher wave before a lower one', () => {
    const anObject = fc.record({
      kind: fc.constantFrom('ConfigMap', 'Namespace', 'Service', 'Job', 'Gadget'),
      name: fc.string({ minLength: 1, maxLength: 3 }),
      wave: fc.integer({ min: -3, max: 3 }),
      extra: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.uniqueArray(anObject, { selector: ({ kind, name }) => `${kind}/${name}` }), (many) => {
        const compared = many.map(({ kind, name, wave: at, extra: isExtra }) => {
          const one = object('v1', kind, name, wave(at), kind === 'Namespace' ? undefined : 'elsewhere');
          return isExtra ? extra(one) : wanted(one);
        });
        const plan = planSync({ compared, hooks: [], options: OPTIONS });
        assert.deepEqual(plan.map(({ key }) => key).sort(), compared.map(({ key }) => `Sync ${key}`).sort());
        const waves = plan.map(({ wave: at }) => at);
        assert.deepEqual(
          waves,
          [...waves].sort((left, right) => left - right),
        );
        assert.deepEqual(stepsOf(plan).flat(), plan);
        assert.deepEqual(kindGroups(plan).flat(), plan);
      }),
    );
  });
});

describe('kindIndex', () => {
  it('puts kinds without a place last', () => {
    assert.ok(kindIndex('Namespace') < kindIndex('NetworkPolicy'));
    assert.ok(kindIndex('APIService') < kindIndex('Gadget'));
    assert.equal(kindIndex('ValidatingWebhookConfiguration'), 0);
  });
});

describe('waveOf', () => {
  it('falls back to the weight of a Helm hook when the wave is no integer', () => {
    assert.equal(
      waveOf(object('v1', 'ConfigMap', 'c', { 'argocd.argoproj.io/sync-wave': '1.5', 'helm.sh/hook-weight': '-2' })),
      -2,
    );
    assert.equal(waveOf(object('v1', 'ConfigMap', 'c', { 'argocd.argoproj.io/sync-wave': 'x' })), 0);
  });
});
