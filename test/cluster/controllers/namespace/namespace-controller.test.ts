import assert from 'node:assert/strict';
import { createNamespaceController } from '../../../../src/cluster/controllers/namespace/namespace-controller.js';
import { ConfigMap, Namespace, Pod, Secret } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest } from '../cluster-under-test.js';

describe('the Namespace controller', () => {
  let cluster: ClusterUnderTest;
  beforeEach(async () => {
    cluster = await ClusterUnderTest.start((deps) => [createNamespaceController(deps)]);
    await cluster.createNamespace('gone');
  });
  afterEach(() => cluster.close());

  const namespace = () => cluster.client.get(Namespace, { name: 'gone' });
  const conditions = async (): Promise<string[]> =>
    ((await namespace())?.status?.conditions ?? [])
      .filter(({ status }) => status === 'True')
      .map(({ type, message }) => `${type}: ${message}`);
  const remove = async (): Promise<void> => {
    await cluster.client.delete(Namespace, { name: 'gone' });
  };

  it('removes an empty namespace', async () => {
    await remove();
    await cluster.until('gone', async () => (await namespace()) === undefined);
  });

  it('deletes the content, and leaves other namespaces alone', async () => {
    await cluster.client.create<ConfigMap>({ ...ConfigMap, metadata: { name: 'a', namespace: 'gone' } });
    await cluster.client.create<Secret>({ ...Secret, metadata: { name: 'b', namespace: 'gone' } });
    await cluster.client.create<ConfigMap>({ ...ConfigMap, metadata: { name: 'c', namespace: 'shop' } });
    await remove();
    await cluster.until('gone', async () => (await namespace()) === undefined);
    assert.equal((await cluster.list(ConfigMap, 'gone')).length, 0);
    assert.equal((await cluster.list(ConfigMap)).length, 1);
  });

  it('deletes pods first and waits for them', async () => {
    await cluster.client.create<ConfigMap>({ ...ConfigMap, metadata: { name: 'a', namespace: 'gone' } });
    const pod = await cluster.client.create<Pod>({
      ...Pod,
      metadata: { name: 'p', namespace: 'gone' },
      spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }] },
    });
    await remove();
    await cluster.until('told', async () => (await conditions()).length > 0);
    assert.deepEqual(await conditions(), [
      'NamespaceContentRemaining: Some resources are remaining: pods. has 1 resource instances',
    ]);
    await cluster.quiet();
    assert.equal((await cluster.list(ConfigMap, 'gone')).length, 1);
    await cluster.delete(pod, { gracePeriodSeconds: 0 });
    await cluster.until('gone', async () => (await namespace()) === undefined);
  });

  it('says which finalizers hold the content', async () => {
    await cluster.client.create<ConfigMap>({
      ...ConfigMap,
      metadata: { name: 'a', namespace: 'gone', finalizers: ['example.com/hold'] },
    });
    await remove();
    await cluster.until('told', async () => (await conditions()).length === 2);
    assert.equal(
      (await conditions())[1],
      'NamespaceFinalizersRemaining: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    );
    const held = await cluster.client.get(ConfigMap, { namespace: 'gone', name: 'a' });
    assert.ok(held);
    await cluster.client.update<ConfigMap>({ ...held, metadata: { ...held.metadata, finalizers: [] } });
    await cluster.until('gone', async () => (await namespace()) === undefined);
  });
});
