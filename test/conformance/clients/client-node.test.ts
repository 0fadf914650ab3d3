import assert from 'node:assert/strict';
import {
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  type V1ConfigMap,
} from 'kubernetes-client-node-1';
import { kubeconfigFor } from '../../../src/cluster/auth/kubeconfig.js';
import { ServerUnderTest } from '../../cluster/api/server-under-test.js';

// Version 1, as the newer one needs a newer Node than this project does.
describe('@kubernetes/client-node', function () {
  this.timeout(20_000);
  let server: ServerUnderTest;
  let config: KubeConfig;

  before(async () => {
    server = await ServerUnderTest.start();
    config = new KubeConfig();
    const { authority, admin } = server.credentials;
    config.loadFromString(
      kubeconfigFor({ server: server.server.url, authority: authority.certificate, clientCertificate: admin }),
    );
  });

  after(() => server.stop());

  it('reads, writes and pages', async () => {
    const core = config.makeApiClient(CoreV1Api);
    for (const name of ['a', 'b', 'c']) {
      await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name }, data: { name } } });
    }
    const first = await core.listNamespacedConfigMap({ namespace: 'default', limit: 2 });
    assert.equal(first.items.length, 2);
    const token = first.metadata?._continue ?? '';
    const rest = await core.listNamespacedConfigMap({ namespace: 'default', limit: 2, _continue: token });
    assert.deepEqual(
      rest.items.map(({ metadata }) => metadata?.name),
      ['c'],
    );
    await core.deleteCollectionNamespacedConfigMap({ namespace: 'default' });
    assert.equal((await core.listNamespacedConfigMap({ namespace: 'default' })).items.length, 0);
    await assert.rejects(core.readNamespacedConfigMap({ namespace: 'default', name: 'a' }), /not found/);
  });

  it('scales through the subresource', async () => {
    const apps = config.makeApiClient(AppsV1Api);
    const labels = { app: 'web' };
    const containers = [{ name: 'c', image: 'i' }];
    const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
    await apps.createNamespacedDeployment({ namespace: 'default', body: { metadata: { name: 'web' }, spec } });
    const scale = await apps.readNamespacedDeploymentScale({ namespace: 'default', name: 'web' });
    assert.equal(scale.spec?.replicas, 1);
    assert.equal(scale.status?.selector, 'app=web');
    await apps.replaceNamespacedDeploymentScale({
      namespace: 'default',
      name: 'web',
      body: Object.assign(scale, { spec: { replicas: 4 } }),
    });
    const read = await apps.readNamespacedDeployment({ namespace: 'default', name: 'web' });
    assert.equal(read.spec?.replicas, 4);
  });

  it('finds kinds by discovery', async () => {
    const objects = KubernetesObjectApi.makeApiClient(config);
    const made = await objects.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'default' },
    });
    assert.equal(made.kind, 'Secret');
    await objects.delete({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' } });
  });

  it('keeps an informer in step', async () => {
    const core = config.makeApiClient(CoreV1Api);
    await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name: 'before' } } });
    const path = '/api/v1/namespaces/default/configmaps';
    const informer = makeInformer<V1ConfigMap>(config, path, () =>
      core.listNamespacedConfigMap({ namespace: 'default' }),
    );
    const seen: string[] = [];
    let wake = (): void => undefined;
    const until = (length: number): Promise<void> =>
      new Promise((resolve) => {
        wake = () => {
          if (seen.length >= length) resolve();
        };
        wake();
      });
    for (const verb of ['add', 'update', 'delete'] as const) {
      informer.on(verb, (object) => {
        seen.push(`${verb} ${object.metadata?.name ?? ''}`);
        wake();
      });
    }
    await informer.start();
    await until(1);
    const during = await core.createNamespacedConfigMap({
      namespace: 'default',
      body: { metadata: { name: 'during' } },
    });
    await until(2);
    await core.replaceNamespacedConfigMap({
      namespace: 'default',
      name: 'during',
      body: Object.assign(during, { data: { a: 'b' } }),
    });
    await until(3);
    await core.deleteNamespacedConfigMap({ namespace: 'default', name: 'before' });
    await until(4);
    assert.deepEqual(seen, ['add before', 'add during', 'update during', 'delete before']);
    assert.deepEqual(
      informer.list().map(({ metadata }) => metadata?.name),
      ['during'],
    );
    await informer.stop();
  });
});
