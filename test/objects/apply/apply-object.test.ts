import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isApiError } from '../../../src/objects/api-error.js';
import { applyObject, applyOrThrow, trackUpdate } from '../../../src/objects/apply/apply-object.js';
import { parseFieldsV1, setsEqual } from '../../../src/objects/apply/field-set.js';
import { formatFieldsV1 } from '../../../src/objects/apply/shared-sets.js';
import { decodeManagers, MAX_UPDATE_MANAGERS } from '../../../src/objects/apply/managed-fields.js';
import { mergeTypeOfCustomKind } from '../../../src/objects/apply/openapi-merge-type.js';
import type { KubeObject } from '../../../src/objects/object.js';

const NOON = '2024-01-01T12:00:00Z';
const LATER = '2024-01-01T13:00:00Z';

const deployment = (spec: Record<string, unknown>, metadata: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec,
});

const stored = (object: KubeObject): KubeObject => ({ ...object, metadata: { ...object.metadata, uid: 'u1' } });
const create = (object: KubeObject, manager: string): KubeObject =>
  stored(trackUpdate({ live: undefined, updated: object, manager, now: NOON }));
const apply = (live: KubeObject | undefined, applied: KubeObject, manager: string, force = false): KubeObject => {
  const object = applyOrThrow({ live, applied, manager, force, now: LATER });
  return live === undefined ? stored(object) : object;
};
const managersOf = (object: KubeObject): Record<string, unknown> =>
  Object.fromEntries((object.metadata.managedFields ?? []).map((entry) => [entry.manager, entry.fieldsV1]));
const specOf = (object: KubeObject): Record<string, unknown> => object['spec'] as Record<string, unknown>;

describe('trackUpdate', () => {
  it('gives a created object the managed fields that kubectl create leaves on a real server', () => {
    const created = create(
      deployment(
        {
          replicas: 1,
          selector: { matchLabels: { app: 'web' } },
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
          template: {
            metadata: { labels: { app: 'web' } },
            spec: {
              containers: [
                { name: 'web', image: 'web:1', ports: [{ containerPort: 80, protocol: 'TCP' }], resources: {} },
              ],
              restartPolicy: 'Always',
              securityContext: {},
            },
          },
        },
        { labels: { app: 'web' } },
      ),
      'kubectl-create',
    );
    assert.deepEqual(managersOf(created)['kubectl-create'], {
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': {
        'f:replicas': {},
        'f:selector': {},
        'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} }, 'f:type': {} },
        'f:template': {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"web"}': {
                '.': {},
                'f:image': {},
                'f:name': {},
                'f:ports': {
                  '.': {},
                  'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
                },
                'f:resources': {},
              },
            },
            'f:restartPolicy': {},
            'f:securityContext': {},
          },
        },
      },
    });
  });

  it('gives the writer what it changed, with the time of the change', () => {
    const live = create(deployment({ replicas: 1, paused: true }), 'kubectl');
    const updated = trackUpdate({
      live,
      updated: { ...live, spec: { replicas: 2, paused: true } },
      manager: 'hpa',
      now: LATER,
    });
    assert.deepEqual(managersOf(updated), {
      kubectl: { 'f:spec': { 'f:paused': {} } },
      hpa: { 'f:spec': { 'f:replicas': {} } },
    });
    assert.deepEqual(
      updated.metadata.managedFields?.map(({ time }) => time),
      [NOON, LATER],
    );
  });

  it('changes nothing for a write that changes nothing', () => {
    const live = create(deployment({ replicas: 1 }), 'kubectl');
    const updated = trackUpdate({ live, updated: live, manager: 'other', now: LATER });
    assert.deepEqual(updated.metadata.managedFields, live.metadata.managedFields);
  });

  it('keeps writes of a subresource apart and out of reset fields', () => {
    const live = create(deployment({ replicas: 1 }), 'kubectl');
    const withStatus = { ...live, status: { replicas: 1 } };
    const updated = trackUpdate({
      live,
      updated: withStatus,
      manager: 'controller',
      subresource: 'status',
      now: LATER,
    });
    assert.equal(updated.metadata.managedFields?.[1]?.subresource, 'status');
    const reset = trackUpdate({ live, updated: withStatus, manager: 'x', now: LATER, resetFields: [['status']] });
    assert.deepEqual(Object.keys(managersOf(reset)), ['kubectl']);
  });

  it('forgets managers when asked to and does not track what was never tracked', () => {
    const live = create(deployment({ replicas: 1 }), 'kubectl');
    const emptied = { ...live, metadata: { ...live.metadata, managedFields: [{}] } };
    const reset = trackUpdate({ live, updated: emptied, manager: 'kubectl', now: LATER });
    assert.equal(reset.metadata.managedFields, undefined);
    const untracked = trackUpdate({
      live: reset,
      updated: { ...reset, spec: { replicas: 5 } },
      manager: 'kubectl',
      now: LATER,
    });
    assert.equal(untracked.metadata.managedFields, undefined);
  });

  it('folds the oldest of many managers together', () => {
    let live = create(deployment({ replicas: 1 }), 'first');
    for (let index = 0; index < 15; index += 1) {
      const updated = {
        ...live,
        metadata: { ...live.metadata, annotations: { ...live.metadata.annotations, [`a${index}`]: '1' } },
      };
      live = trackUpdate({ live, updated, manager: `m${index}`, now: NOON });
    }
    assert.equal(live.metadata.managedFields?.length, MAX_UPDATE_MANAGERS);
    assert.ok(live.metadata.managedFields.some(({ manager }) => manager === 'ancient-changes'));
  });
});

describe('applyObject', () => {
  it('creates with exactly the applied fields', () => {
    const object = apply(undefined, deployment({ replicas: 3 }), 'helm');
    assert.deepEqual(managersOf(object), { helm: { 'f:spec': { 'f:replicas': {} } } });
    assert.equal(object.metadata.managedFields?.[0]?.operation, 'Apply');
  });

  it('refuses to change what another manager set, in the words of Kubernetes', () => {
    const live = create(deployment({ replicas: 1 }), 'kubectl-client-side-apply');
    assert.throws(
      () => apply(live, deployment({ replicas: 3 }), 'helm'),
      (error: unknown) =>
        isApiError(error, 'Conflict') &&
        error.message ===
          'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas' &&
        error.details.causes?.[0]?.reason === 'FieldManagerConflict',
    );
  });

  it('takes over by force', () => {
    const live = create(deployment({ replicas: 1 }), 'kubectl');
    const forced = apply(live, deployment({ replicas: 3 }), 'helm', true);
    assert.deepEqual(managersOf(forced), { helm: { 'f:spec': { 'f:replicas': {} } } });
  });

  it('shares what is applied with the same value, and removes it when the last owner leaves it out', () => {
    const first = apply(undefined, deployment({ replicas: 3, paused: true }), 'a');
    const shared = apply(first, deployment({ replicas: 3 }), 'b');
    assert.deepEqual(managersOf(shared)['b'], { 'f:spec': { 'f:replicas': {} } });
    const left = apply(shared, deployment({}), 'a');
    assert.deepEqual([specOf(left)['replicas'], specOf(left)['paused']], [3, undefined]);
    assert.equal(specOf(apply(left, deployment({}), 'b'))['replicas'], undefined);
  });

  it('merges keyed lists by key, keeps what others own and removes what it alone owned', () => {
    const containers = (...names: string[]) => ({
      template: { spec: { containers: names.map((name) => ({ name, image: name })) } },
    });
    const first = apply(undefined, deployment(containers('a', 'b')), 'helm');
    const injected = trackUpdate({
      live: first,
      updated: { ...first, ...deployment(containers('a', 'b', 'sidecar'), { ...first.metadata }) },
      manager: 'mesh',
      now: LATER,
    });
    const next = apply(injected, deployment(containers('c', 'a')), 'helm');
    const template = specOf(next)['template'] as { spec: { containers: { name: string }[] } };
    assert.deepEqual(
      template.spec.containers.map(({ name }) => name),
      ['c', 'a', 'sidecar'],
    );
  });

  it('replaces atomic lists and maps as a whole', () => {
    const first = apply(undefined, deployment({ selector: { matchLabels: { a: '1' } } }), 'helm');
    const next = apply(first, deployment({ selector: { matchLabels: { b: '2' } } }), 'helm');
    assert.deepEqual(specOf(next)['selector'], { matchLabels: { b: '2' } });
  });

  it('gives elements that share a key one owner, and leaves them to it', () => {
    const list = (...values: number[]) => ({
      template: {
        spec: {
          containers: [...values.map((value) => ({ name: 'a', image: `i${value}` })), { name: 'b', image: 'x' }],
        },
      },
    });
    const first = apply(undefined, deployment(list(1)), 'helm');
    const doubled = trackUpdate({ live: first, updated: { ...first, spec: list(1, 2) }, manager: 'old', now: LATER });
    const next = apply(
      doubled,
      deployment({ template: { spec: { containers: [{ name: 'b', image: 'x' }] } } }),
      'helm',
    );
    const { spec } = specOf(next)['template'] as { spec: { containers: { name: string }[] } };
    assert.deepEqual(
      spec.containers.map(({ name }) => name),
      ['a', 'a', 'b'],
    );
  });

  it('returns the live object itself when nothing changes', () => {
    const applied = deployment({ replicas: 3, template: { spec: { containers: [{ name: 'a', image: 'x' }] } } });
    const live = apply(undefined, applied, 'helm');
    assert.equal(applyObject({ live, applied, manager: 'helm', now: LATER }).object, live);
  });

  it('gives what was there before the first apply a manager of its own', () => {
    const live = stored(deployment({ replicas: 1, paused: true }));
    const next = apply(live, deployment({ replicas: 1 }), 'helm');
    assert.deepEqual(managersOf(next)['before-first-apply'], { 'f:spec': { 'f:paused': {}, 'f:replicas': {} } });
  });

  it('lets kubectl move from client-side to server-side apply', () => {
    const manifest = deployment({ replicas: 1 });
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(manifest) };
    const live = create(deployment({ replicas: 1 }, { annotations }), 'kubectl-client-side-apply');
    const migrated = apply(live, deployment({ replicas: 4 }), 'kubectl');
    assert.equal(specOf(migrated)['replicas'], 4);
    assert.equal(
      migrated.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'],
      '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":4}}\n',
    );
    const changed = trackUpdate({ live, updated: { ...live, spec: { replicas: 9 } }, manager: 'hpa', now: LATER });
    assert.throws(() => apply(changed, deployment({ replicas: 4 }), 'kubectl'), /conflict with "hpa"/);
  });

  it('refuses fields that the kind does not have, keys given twice and managedFields', () => {
    const message = (applied: KubeObject): string => {
      try {
        apply(undefined, applied, 'helm');
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    assert.equal(
      message(deployment({ replica: 1 })),
      'failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.replica: field not declared in schema',
    );
    assert.match(
      message(deployment({ replicas: 'x' })),
      /\.spec\.replicas: expected numeric \(int or float\), got string$/,
    );
    const twice = { template: { spec: { containers: [{ name: 'a' }, { name: 'a' }] } } };
    assert.match(message(deployment(twice)), /duplicate entries for key \[name="a"\]$/);
    assert.equal(message(deployment({}, { managedFields: [] })), 'metadata.managedFields must be nil');
  });

  it('merges custom objects as their schema says', () => {
    const schema = mergeTypeOfCustomKind({
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          properties: {
            set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
            list: { type: 'array', items: { type: 'string' } },
            map: {
              type: 'array',
              'x-kubernetes-list-type': 'map',
              'x-kubernetes-list-map-keys': ['id', 'zone'],
              items: {
                type: 'object',
                properties: {
                  id: { type: 'integer' },
                  zone: { type: 'string', default: 'z' },
                  value: { type: 'string' },
                },
              },
            },
          },
        },
      },
    });
    const widget = (spec: Record<string, unknown>): KubeObject => ({
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'w' },
      spec,
    });
    const first = stored(
      applyOrThrow({
        live: undefined,
        applied: widget({ set: ['a'], list: ['x'], map: [{ id: 1, value: 'one' }] }),
        manager: 'a',
        now: NOON,
        schema,
      }),
    );
    const next = applyOrThrow({
      live: first,
      applied: widget({ set: ['b'], map: [{ id: 1, zone: 'z', value: 'one' }, { id: 2 }] }),
      manager: 'b',
      now: NOON,
      schema,
    });
    assert.deepEqual(specOf(next), {
      set: ['a', 'b'],
      list: ['x'],
      map: [{ id: 1, zone: 'z', value: 'one' }, { id: 2 }],
    });
  });

  const anySpec = fc.record(
    {
      replicas: fc.integer({ min: 1, max: 3 }),
      paused: fc.constant(true),
      template: fc.record({
        spec: fc.record(
          {
            containers: fc.uniqueArray(
              fc.record({ name: fc.constantFrom('a', 'b', 'c'), image: fc.constantFrom('x', 'y') }),
              { selector: ({ name }) => name, minLength: 1 },
            ),
            nodeSelector: fc.dictionary(fc.constantFrom('k', '__proto__'), fc.constant('v'), { minKeys: 1 }),
          },
          { requiredKeys: [] },
        ),
      }),
    },
    { requiredKeys: [] },
  );

  it('is idempotent, and a forced apply always gives the applied values', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b'), anySpec), { minLength: 1, maxLength: 5 }), (steps) => {
        let live: KubeObject | undefined;
        for (const [manager, spec] of steps) {
          live = apply(live, deployment(spec), manager, true);
          const again = applyObject({ live, applied: deployment(spec), manager, now: '2030-01-01T00:00:00Z' });
          assert.equal(again.object, live);
          if (spec.replicas !== undefined) assert.equal(specOf(live)['replicas'], spec.replicas);
        }
      }),
    );
  });

  it('lets those who own an emptied map own it still, and keeps the metadata of an object that loses its labels', () => {
    const labelled = apply(undefined, deployment({ replicas: 1 }, { labels: { tier: 'web' } }), 'helm');
    const both = apply(labelled, deployment({ replicas: 1 }, { labels: {} }), 'argo');
    const bare = apply(both, deployment({ replicas: 1 }), 'helm');
    assert.deepEqual([bare.metadata.name, bare.metadata.labels], ['web', undefined]);
    assert.deepEqual(managersOf(bare)['argo'], { 'f:metadata': { 'f:labels': {} }, 'f:spec': { 'f:replicas': {} } });
  });

  it('leaves nothing behind when every applier has let go', () => {
    fc.assert(
      fc.property(anySpec, anySpec, (one, two) => {
        let live = apply(undefined, deployment(one), 'a', true);
        live = apply(live, deployment(two), 'b', true);
        const { spec: _, ...nothing } = deployment({});
        live = apply(live, nothing, 'a');
        live = apply(live, nothing, 'b');
        assert.equal(live.metadata.managedFields, undefined);
        assert.equal(JSON.stringify(live).includes('image'), false);
      }),
    );
  });
});

describe('FieldsV1', () => {
  it('reads and writes the form and the order of Kubernetes', () => {
    const fields = {
      'f:b': {},
      'f:a': {
        '.': {},
        'k:{"name":"b","port":1}': { '.': {}, 'f:x': {} },
        'v:"s"': {},
        'v:2': {},
        'k:{"name":"a","port":10}': {},
      },
    };
    assert.equal(
      JSON.stringify(formatFieldsV1(parseFieldsV1(fields))),
      '{"f:a":{".":{},"k:{\\"name\\":\\"a\\",\\"port\\":10}":{},"k:{\\"name\\":\\"b\\",\\"port\\":1}":{".":{},"f:x":{}},"v:2":{},"v:\\"s\\"":{}},"f:b":{}}',
    );
  });

  it('refuses what is no set of fields', () => {
    assert.throws(() => parseFieldsV1({ 'x:y': {} }));
    assert.throws(() => parseFieldsV1({ 'k:{': {} }));
    assert.throws(() => parseFieldsV1({ 'f:a': 1 }));
    assert.throws(() => decodeManagers([{ operation: 'Apply', apiVersion: 'v1' }]), /missing fieldsType/);
  });

  it('reads back what it writes', () => {
    const element = fc.oneof(
      fc.string().map((name) => `f:${name}`),
      fc
        .dictionary(fc.string(), fc.oneof(fc.string(), fc.integer()), { minKeys: 1 })
        .map((keys) => `k:${JSON.stringify(keys)}`),
      fc.oneof(fc.string(), fc.integer(), fc.boolean()).map((value) => `v:${JSON.stringify(value)}`),
    );
    const leaf = fc.constant<Record<string, unknown>>({});
    const below = fc.dictionary(element, fc.dictionary(element, leaf, { maxKeys: 3 }), { maxKeys: 3 });
    const tree = fc.dictionary(element, below, { maxKeys: 3 });
    fc.assert(
      fc.property(tree, (fields) => {
        const set = parseFieldsV1(fields);
        const text = JSON.stringify(formatFieldsV1(set));
        const again = parseFieldsV1(JSON.parse(text) as Record<string, unknown>);
        assert.ok(setsEqual(set, again));
        assert.equal(JSON.stringify(formatFieldsV1(again)), text);
      }),
    );
  });
});
