import assert from 'node:assert/strict';
import pino from 'pino';
import { isApiError } from '../../../src/objects/api-error.js';
import { isConditionTrue } from '../../../src/objects/conditions.js';
import { CustomResourceDefinition } from '../../../src/objects/kinds/apiextensions-k8s-io-v1.js';
import type { KubeObject } from '../../../src/objects/object.js';
import { createApi, type Api } from '../../../src/cluster/api/api.js';
import { compareVersions } from '../../../src/cluster/api/custom/served-versions.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';

const definition: CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
    versions: ['v1beta1', 'v1'].map((name) => ({
      name,
      served: true,
      storage: name === 'v1',
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: {
            spec: { type: 'object', properties: { size: { type: 'integer' } } },
            status: { type: 'object' },
          },
        },
      },
      subresources: { status: {} },
      selectableFields: [{ jsonPath: '.spec.size' }],
    })),
  },
};

const widget = (name: string, size: number): KubeObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name, namespace: 'default' },
  spec: { size },
});

const established = async (api: Api, signal: AbortSignal): Promise<void> => {
  await api.client().create(definition);
  for await (const event of api.client().watch(CustomResourceDefinition, {}, signal)) {
    if (event.type !== 'bookmark' && isConditionTrue(event.object.status?.conditions, 'Established')) return;
  }
};

describe('custom resources', () => {
  const stop = new AbortController();
  let api: Api;

  beforeEach(async () => {
    api = createApi({ store: createMemoryStore(), log: pino({ level: 'silent' }) });
    await api.start(stop.signal);
    await established(api, stop.signal);
  });

  after(() => stop.abort());

  it('are served in every version as soon as their definition is established', async () => {
    const client = api.client();
    const created = await client.create(widget('a', 3));
    assert.equal(created.metadata.generation, 1);
    const beta = { apiVersion: 'example.com/v1beta1', kind: 'Widget' };
    const read = await client.get(beta, { namespace: 'default', name: 'a' });
    assert.equal(read?.apiVersion, 'example.com/v1beta1');
    const { items } = await client.list(widget('', 0), { fieldSelector: 'spec.size=3' });
    assert.equal(items.length, 1);
    assert.equal((await client.list(widget('', 0), { fieldSelector: 'spec.size=4' })).items.length, 0);
  });

  it('are read with the defaults that their definition got after they were written', async () => {
    const client = api.client();
    await client.create(widget('old', 3));
    const value = { type: 'string', default: 'red' };
    const body = [0, 1].map((version) => {
      const path = `/spec/versions/${version}/schema/openAPIV3Schema/properties/spec/properties/color`;
      return { op: 'add' as const, path, value };
    });
    await client.patch(CustomResourceDefinition, { name: 'widgets.example.com' }, { type: 'json', body });
    const specs = async (): Promise<readonly unknown[]> => {
      const { items } = await client.list(widget('', 0));
      const one = await client.get(widget('', 0), { namespace: 'default', name: 'old' });
      return [items[0]?.['spec'], one?.['spec']];
    };
    while ((await specs()).some((spec) => (spec as { color?: string }).color === undefined)) {
      await new Promise(setImmediate);
    }
    assert.deepEqual(await specs(), [
      { size: 3, color: 'red' },
      { size: 3, color: 'red' },
    ]);
  });

  it('are read without the fields that their definition lost after they were written', async () => {
    const client = api.client();
    await client.create(widget('a', 3));
    const versions = definition.spec.versions.map(({ selectableFields: _none, ...version }) => ({
      ...version,
      schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } },
    }));
    const body = { spec: { versions } };
    await client.patch(CustomResourceDefinition, { name: 'widgets.example.com' }, { type: 'merge', body });
    const key = { namespace: 'default', name: 'a' };
    let read = await client.get(widget('', 0), key);
    for (let tries = 0; tries < 100 && Object.keys(read?.['spec'] as object).length > 0; tries += 1) {
      await new Promise(setImmediate);
      read = await client.get(widget('', 0), key);
    }
    assert.deepEqual(read?.['spec'], {});
  });

  it('are removed with their definition, after their finalizers', async () => {
    const client = api.client();
    const held = { ...widget('a', 3), metadata: { ...widget('a', 3).metadata, finalizers: ['example.com/hold'] } };
    await client.create(held);
    await client.create(widget('b', 3));
    const key = { namespace: 'default', name: 'a' };
    const gone = (async () => {
      for await (const event of client.watch(CustomResourceDefinition, {}, stop.signal)) {
        if (event.type === 'deleted') return;
        if (event.type === 'modified' && event.object.metadata.deletionTimestamp !== undefined) {
          await client.patch(held, key, { type: 'merge', body: { metadata: { finalizers: null } } });
        }
      }
    })();
    await new Promise(setImmediate);
    await client.delete(CustomResourceDefinition, { name: 'widgets.example.com' });
    await gone;
    await assert.rejects(client.list(widget('', 0)), (error) => isApiError(error, 'NotFound'));
  });

  it('are not served when their names belong to another definition', async () => {
    const other: CustomResourceDefinition = {
      ...definition,
      metadata: { name: 'gadgets.example.com' },
      spec: { ...definition.spec, names: { plural: 'gadgets', kind: 'Widget' } },
    };
    await api.client().create(other);
    for await (const event of api.client().watch(CustomResourceDefinition, {}, stop.signal)) {
      if (event.type === 'bookmark' || event.object.metadata.name !== 'gadgets.example.com') continue;
      const accepted = event.object.status?.conditions?.find(({ type }) => type === 'NamesAccepted');
      if (accepted === undefined) continue;
      assert.equal(accepted.reason, 'ListKindConflict');
      assert.equal(isConditionTrue(event.object.status?.conditions, 'Established'), false);
      return;
    }
  });
});

describe('compareVersions', () => {
  it('puts stable versions first and the newest before the older', () => {
    const versions = ['foo1', 'v1alpha1', 'v1', 'v10', 'v1beta2', 'v2', 'v1beta1', 'bar'];
    assert.deepEqual(versions.toSorted(compareVersions), [
      'v10',
      'v2',
      'v1',
      'v1beta2',
      'v1beta1',
      'v1alpha1',
      'bar',
      'foo1',
    ]);
  });
});
