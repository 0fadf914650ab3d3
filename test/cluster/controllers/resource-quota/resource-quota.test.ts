import assert from 'node:assert/strict';
import { podUsage } from '../../../../src/cluster/controllers/resource-quota/quota-usage.js';
import { createResourceQuotaController } from '../../../../src/cluster/controllers/resource-quota/resource-quota-controller.js';
import { ConfigMap, Pod, ResourceQuota, Service } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

const container = (cpu: string, memory: string, restartPolicy?: string) => ({
  name: 'c',
  image: 'i',
  resources: { requests: { cpu, memory }, limits: { cpu } },
  ...(restartPolicy === undefined ? {} : { restartPolicy }),
});

describe('podUsage', () => {
  it('takes containers together, the largest init container, sidecars and the overhead', () => {
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: {
        initContainers: [container('100m', '1Gi', 'Always'), container('2', '1Mi')],
        containers: [container('500m', '1Gi'), container('500m', '1Gi')],
        overhead: { cpu: '10m' },
      },
    };
    const usage = podUsage(pod);
    assert.deepEqual(
      [usage['requests.cpu'], usage['requests.memory'], usage['limits.cpu'], usage['cpu'], usage['pods']],
      ['2110m', '3Gi', '2110m', '2110m', '1'],
    );
    assert.deepEqual(podUsage({ ...pod, status: { phase: 'Succeeded' } }), { 'count/pods': '1' });
  });
});

describe('the ResourceQuota controller', () => {
  it('says how much is used, as things come and go', async () => {
    const cluster = await ClusterUnderTest.start((deps) => [createResourceQuotaController(deps)]);
    await cluster.client.create<ResourceQuota>({
      ...ResourceQuota,
      metadata: { name: 'q', namespace: NAMESPACE },
      spec: {
        hard: {
          pods: '5',
          'requests.cpu': '2',
          services: '3',
          'services.nodeports': '1',
          configmaps: '10',
          'count/secrets': '2',
        },
      },
    });
    await cluster.client.create<ConfigMap>({ ...ConfigMap, metadata: { name: 'a', namespace: NAMESPACE } });
    await cluster.client.create<Service>({
      ...Service,
      metadata: { name: 's', namespace: NAMESPACE },
      spec: { type: 'NodePort', ports: [{ port: 80 }] },
    });
    const pod = await cluster.client.create<Pod>({
      ...Pod,
      metadata: { name: 'p', namespace: NAMESPACE },
      spec: { containers: [container('500m', '1Mi')] },
    });
    const used = async () =>
      JSON.stringify((await cluster.get(ResourceQuota, 'q')).status?.used ?? {}, [
        'pods',
        'requests.cpu',
        'services',
        'services.nodeports',
        'configmaps',
        'count/secrets',
      ]);
    await cluster.until(
      'counted',
      async () =>
        (await used()) ===
        '{"pods":"1","requests.cpu":"500m","services":"1","services.nodeports":"1","configmaps":"1","count/secrets":"0"}',
    );
    await cluster.delete(pod);
    await cluster.until('freed', async () => (await used()).startsWith('{"pods":"0","requests.cpu":"0"'));
    await cluster.close();
  });

  it('counts only the pods of its scope', async () => {
    const cluster = await ClusterUnderTest.start((deps) => [createResourceQuotaController(deps)]);
    await cluster.client.create<ResourceQuota>({
      ...ResourceQuota,
      metadata: { name: 'q', namespace: NAMESPACE },
      spec: { hard: { pods: '5' }, scopes: ['BestEffort'] },
    });
    for (const [name, containers] of [
      ['effort', [container('1', '1Mi')]],
      ['none', [{ name: 'c', image: 'i' }]],
    ] as const) {
      await cluster.client.create<Pod>({ ...Pod, metadata: { name, namespace: NAMESPACE }, spec: { containers } });
    }
    await cluster.until('one', async () => (await cluster.get(ResourceQuota, 'q')).status?.used?.['pods'] === '1');
    await cluster.close();
  });
});
