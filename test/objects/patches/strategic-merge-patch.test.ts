import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isApiError } from '../../../src/objects/api-error.js';
import { applyStrategicMergePatch } from '../../../src/objects/patches/strategic-merge-patch.js';

const POD = { apiVersion: 'v1', kind: 'Pod' };
const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };
const patchPodSpec = (spec: Record<string, unknown>, patch: Record<string, unknown>): unknown =>
  applyStrategicMergePatch({ spec }, { spec: patch }, POD)['spec'];

describe('applyStrategicMergePatch', () => {
  it('merges containers by name and keeps the rest', () => {
    assert.deepEqual(
      patchPodSpec(
        {
          containers: [
            { name: 'a', image: 'a:1', env: [{ name: 'X', value: '1' }] },
            { name: 'b', image: 'b:1' },
          ],
        },
        {
          containers: [
            { name: 'a', image: 'a:2', env: [{ name: 'Y', value: '2' }] },
            { name: 'c', image: 'c:1' },
          ],
        },
      ),
      {
        // kubectl patch --local prints this order: what is new stands before what the live object alone has.
        containers: [
          {
            name: 'a',
            image: 'a:2',
            env: [
              { name: 'Y', value: '2' },
              { name: 'X', value: '1' },
            ],
          },
          { name: 'c', image: 'c:1' },
          { name: 'b', image: 'b:1' },
        ],
      },
    );
  });

  it('replaces lists that do not merge', () => {
    assert.deepEqual(patchPodSpec({ tolerations: [{ key: 'a' }] }, { tolerations: [{ key: 'b' }] }), {
      tolerations: [{ key: 'b' }],
    });
  });

  it('deletes an element and replaces a list by directive', () => {
    const containers = [{ name: 'a' }, { name: 'b' }];
    assert.deepEqual(patchPodSpec({ containers }, { containers: [{ name: 'a', $patch: 'delete' }] }), {
      containers: [{ name: 'b' }],
    });
    assert.deepEqual(patchPodSpec({ containers }, { containers: [{ $patch: 'replace' }, { name: 'c' }] }), {
      containers: [{ name: 'c' }],
    });
  });

  it('replaces and empties maps by directive', () => {
    assert.deepEqual(
      patchPodSpec({ securityContext: { runAsUser: 1 } }, { securityContext: { $patch: 'replace', fsGroup: 2 } }),
      {
        securityContext: { fsGroup: 2 },
      },
    );
    assert.deepEqual(patchPodSpec({ securityContext: { runAsUser: 1 } }, { securityContext: { $patch: 'delete' } }), {
      securityContext: {},
    });
  });

  it('keeps only the keys to retain', () => {
    const spec = { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } };
    const patched = applyStrategicMergePatch(
      { spec },
      { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
      DEPLOYMENT,
    );
    assert.deepEqual(patched, { spec: { strategy: { type: 'Recreate' } } });
    assert.throws(
      () =>
        applyStrategicMergePatch(
          { spec },
          { spec: { strategy: { $retainKeys: ['type'], rollingUpdate: {} } } },
          DEPLOYMENT,
        ),
      (error: unknown) => isApiError(error, 'BadRequest'),
    );
  });

  it('merges and deletes values of a list of strings', () => {
    const object = { metadata: { finalizers: ['a', 'b'] } };
    const add = applyStrategicMergePatch(object, { metadata: { finalizers: ['c', 'a'] } }, POD);
    assert.deepEqual(add, { metadata: { finalizers: ['c', 'a', 'b'] } });
    const remove = applyStrategicMergePatch(
      object,
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
      POD,
    );
    assert.deepEqual(remove, { metadata: { finalizers: ['b'] } });
  });

  it('orders elements as $setElementOrder says', () => {
    assert.deepEqual(
      patchPodSpec(
        { containers: [{ name: 'a' }, { name: 'injected' }, { name: 'b' }] },
        { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [{ name: 'b', image: 'x' }] },
      ),
      { containers: [{ name: 'injected' }, { name: 'b', image: 'x' }, { name: 'a' }] },
    );
  });

  it('drops nulls and directives of what is new', () => {
    assert.deepEqual(
      patchPodSpec(
        {},
        { securityContext: { runAsUser: null, fsGroup: 1 }, volumes: [{ name: 'v', $patch: 'delete' }] },
      ),
      {
        securityContext: { fsGroup: 1 },
        volumes: [],
      },
    );
  });

  it('refuses elements without their key, unknown directives and unknown kinds', () => {
    const refused = (reason: 'Unknown' | 'BadRequest', run: () => unknown): void => {
      assert.throws(run, (error: unknown) => isApiError(error, reason));
    };
    refused('Unknown', () => patchPodSpec({ containers: [{ name: 'a' }] }, { containers: [{ image: 'x' }] }));
    refused('Unknown', () => patchPodSpec({ securityContext: {} }, { securityContext: { $patch: 'burn' } }));
    refused('BadRequest', () => patchPodSpec({ containers: [] }, { '$setElementOrder/containers': 'a' }));
    refused('BadRequest', () => applyStrategicMergePatch({}, {}, { apiVersion: 'example.com/v1', kind: 'Widget' }));
  });

  it('never changes its arguments and changes nothing the second time', () => {
    const container = fc.record({ name: fc.constantFrom('a', 'b', 'c'), image: fc.constantFrom('x', 'y') });
    const podSpec = fc.record(
      {
        containers: fc.uniqueArray(container, { selector: ({ name }) => name }),
        nodeSelector: fc.dictionary(fc.constantFrom('k', '__proto__', 'l'), fc.constantFrom('1', '2')),
        priority: fc.integer(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(podSpec, podSpec, (live, patch) => {
        const before = JSON.stringify([live, patch]);
        const once = patchPodSpec(live, patch) as Record<string, unknown>;
        assert.equal(JSON.stringify([live, patch]), before);
        assert.deepEqual(patchPodSpec(once, patch), once);
      }),
    );
  });
});
