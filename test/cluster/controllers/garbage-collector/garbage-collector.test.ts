import assert from 'node:assert/strict';
import { createGarbageCollector } from '../../../../src/cluster/controllers/garbage-collector/garbage-collector.js';
import { CustomResourceDefinition } from '../../../../src/objects/kinds/apiextensions-k8s-io-v1.js';
import { ConfigMap, Secret } from '../../../../src/objects/kinds/core-v1.js';
import type { KubeObject, OwnerReference } from '../../../../src/objects/object.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

describe('the garbage collector', () => {
  let cluster: ClusterUnderTest;
  beforeEach(async () => {
    cluster = await ClusterUnderTest.start((deps) => [createGarbageCollector(deps)]);
  });
  afterEach(() => cluster.close());

  const reference = (owner: KubeObject, more: Partial<OwnerReference> = {}): OwnerReference => ({
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? '',
    ...more,
  });
  const configMap = (name: string, ownerReferences: OwnerReference[] = [], namespace = NAMESPACE) =>
    cluster.client.create<ConfigMap>({ ...ConfigMap, metadata: { name, namespace, ownerReferences } });
  const secret = (name: string, ownerReferences: OwnerReference[]) =>
    cluster.client.create<Secret>({ ...Secret, metadata: { name, namespace: NAMESPACE, ownerReferences } });
  const names = async (): Promise<string[]> =>
    [...(await cluster.list(ConfigMap)), ...(await cluster.list(Secret))].map((object) => object.metadata.name).sort();

  it('deletes dependents of dependents when the owner goes in the background', async () => {
    const owner = await configMap('owner');
    const child = await secret('child', [reference(owner)]);
    await configMap('grandchild', [reference(child)]);
    await configMap('unrelated');
    await cluster.quiet();
    assert.equal((await names()).length, 4);
    await cluster.delete(owner);
    await cluster.until('only the unrelated is left', async () => (await names()).join() === 'unrelated');
  });

  it('keeps a dependent as long as one owner is left, without the reference to the other', async () => {
    const first = await configMap('first');
    const second = await configMap('second');
    await secret('child', [reference(first), reference(second)]);
    await cluster.delete(first);
    await cluster.until(
      'one reference',
      async () => (await cluster.get(Secret, 'child')).metadata.ownerReferences?.length === 1,
    );
    assert.equal((await cluster.get(Secret, 'child')).metadata.ownerReferences?.[0]?.name, 'second');
    await cluster.delete(second);
    await cluster.until('gone', async () => (await names()).length === 0);
  });

  it('deletes what was created with an owner that never was, or is another object of that name', async () => {
    const other = await configMap('owner');
    await configMap('absent', [{ apiVersion: 'v1', kind: 'Secret', name: 'nobody', uid: 'u-1' }]);
    await configMap('mistaken', [reference(other, { uid: 'u-2' })]);
    await cluster.until('both gone', async () => (await names()).join() === 'owner');
  });

  it('takes an owner in another namespace for absent', async () => {
    await cluster.createNamespace('elsewhere');
    const owner = await configMap('owner', [], 'elsewhere');
    await secret('child', [reference(owner)]);
    await cluster.until('gone', async () => (await names()).length === 0);
    assert.ok((await cluster.events()).some((event) => event.startsWith('OwnerRefInvalidNamespace')));
  });

  it('never deletes because of an owner of a kind that is not served', async () => {
    await configMap('child', [{ apiVersion: 'gone.example/v1', kind: 'Thing', name: 'x', uid: 'u-1' }]);
    await cluster.clock.advance(60_000);
    assert.deepEqual(await names(), ['child']);
  });

  it('in the foreground deletes blocking dependents first, the owner last', async () => {
    const owner = await configMap('owner');
    const child = await secret('child', [reference(owner, { blockOwnerDeletion: true })]);
    await cluster.client.update<Secret>({ ...child, metadata: { ...child.metadata, finalizers: ['test/hold'] } });
    await cluster.delete(owner, { propagationPolicy: 'Foreground' });
    await cluster.until(
      'the child is being deleted',
      async () => (await cluster.get(Secret, 'child')).metadata.deletionTimestamp !== undefined,
    );
    await cluster.quiet();
    assert.deepEqual(await names(), ['child', 'owner']);
    await cluster.change(Secret, 'child', (object) => ({
      ...object,
      metadata: { ...object.metadata, finalizers: [] },
    }));
    await cluster.until('all gone', async () => (await names()).length === 0);
  });

  it('breaks a circle of objects that block each other', async () => {
    const first = await configMap('first');
    const second = await configMap('second', [reference(first, { blockOwnerDeletion: true })]);
    await cluster.change(ConfigMap, 'first', (object) => ({
      ...object,
      metadata: { ...object.metadata, ownerReferences: [reference(second, { blockOwnerDeletion: true })] },
    }));
    await cluster.delete(first, { propagationPolicy: 'Foreground' });
    await cluster.until('both gone', async () => (await names()).length === 0);
  });

  it('orphans: dependents stay and lose the reference', async () => {
    const owner = await configMap('owner');
    await secret('child', [reference(owner)]);
    await cluster.delete(owner, { propagationPolicy: 'Orphan' });
    await cluster.until('only the child', async () => (await names()).join() === 'child');
    assert.equal((await cluster.get(Secret, 'child')).metadata.ownerReferences?.length ?? 0, 0);
  });

  it('collects custom resources once their definition is served', async () => {
    await cluster.client.create<CustomResourceDefinition>({
      ...CustomResourceDefinition,
      metadata: { name: 'things.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    });
    const kind = { apiVersion: 'example.com/v1', kind: 'Thing' };
    await cluster.until('served', async () => (await cluster.client.resources()).some((each) => each.kind === 'Thing'));
    const thing = await cluster.client.create({ ...kind, metadata: { name: 'a', namespace: NAMESPACE } });
    const child = await secret('child', [reference(thing)]);
    await cluster.client.create({
      ...kind,
      metadata: { name: 'b', namespace: NAMESPACE, ownerReferences: [reference(child)] },
    });
    await cluster.delete(thing);
    await cluster.until(
      'all gone',
      async () => (await names()).length === 0 && (await cluster.list(kind)).length === 0,
      1000,
    );
  });
});
