import assert from 'node:assert/strict';
import { createRootCaController } from '../../../../src/cluster/controllers/service-account/root-ca-controller.js';
import { createServiceAccountController } from '../../../../src/cluster/controllers/service-account/service-account-controller.js';
import { ConfigMap, ServiceAccount } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest } from '../cluster-under-test.js';

describe('the defaults of namespaces', () => {
  let cluster: ClusterUnderTest;
  beforeEach(async () => {
    cluster = await ClusterUnderTest.start((deps) => [
      createServiceAccountController(deps),
      createRootCaController(deps, 'CA'),
    ]);
  });
  afterEach(() => cluster.close());

  const account = async () => (await cluster.list(ServiceAccount))[0]?.metadata;
  const certificate = async () => (await cluster.list(ConfigMap))[0];

  it('makes the service account `default` again when it is deleted', async () => {
    await cluster.until('there', async () => (await account())?.name === 'default');
    const before = await account();
    await cluster.client.delete(ServiceAccount, { namespace: 'shop', name: 'default' });
    await cluster.until('there again', async () => {
      const now = await account();
      return now !== undefined && now.uid !== before?.uid;
    });
  });

  it('publishes the root certificate, and mends it', async () => {
    await cluster.until('there', async () => (await certificate())?.data?.['ca.crt'] === 'CA');
    assert.equal((await certificate())?.metadata.name, 'kube-root-ca.crt');
    await cluster.change(ConfigMap, 'kube-root-ca.crt', (object) => ({ ...object, data: { 'ca.crt': 'forged' } }));
    await cluster.until('mended', async () => (await certificate())?.data?.['ca.crt'] === 'CA');
  });

  it('serves every namespace, also one that is made later', async () => {
    await cluster.createNamespace('late');
    await cluster.until(
      'there',
      async () =>
        (await cluster.list(ServiceAccount, 'late')).length === 1 &&
        (await cluster.list(ConfigMap, 'late')).length === 1,
    );
  });
});
