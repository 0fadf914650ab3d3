import assert from 'node:assert/strict';
import pino from 'pino';
import { isApiError } from '../../../src/objects/api-error.js';
import type { LimitRange, ResourceQuota, ServiceAccount } from '../../../src/objects/kinds/core-v1.js';
import { Pod } from '../../../src/objects/kinds/core-v1.js';
import type { KubeObject } from '../../../src/objects/object.js';
import { createApi, type PluginName } from '../../../src/cluster/api/api.js';
import type { Client } from '../../../src/cluster/client/client.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';

const clientWithout = async (...disabledPlugins: PluginName[]): Promise<Client> => {
  const api = createApi({ store: createMemoryStore(), log: pino({ level: 'silent' }), disabledPlugins });
  await api.start(new AbortController().signal);
  return api.client();
};

const pod = (name: string, spec: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});

const refusedWith = (message: RegExp) => (error: unknown) =>
  isApiError(error, 'Forbidden') && message.test(error.message);

describe('ServiceAccount admission', () => {
  const account = (more: Partial<ServiceAccount> = {}): ServiceAccount => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
    ...more,
  });

  it('refuses a pod whose account is not there', async () => {
    const client = await clientWithout();
    await assert.rejects(
      client.create(pod('p')),
      refusedWith(/error looking up service account default\/default: serviceaccount "default" not found/),
    );
  });

  it('mounts a token into every container', async () => {
    const client = await clientWithout();
    await client.create(account());
    const created = await client.create(pod('p'));
    assert.equal(created.spec.serviceAccountName, 'default');
    const [volume] = created.spec.volumes ?? [];
    assert.match(volume?.name ?? '', /^kube-api-access-/);
    assert.equal(
      created.spec.containers[0]?.volumeMounts?.[0]?.mountPath,
      '/var/run/secrets/kubernetes.io/serviceaccount',
    );
  });

  it('mounts none when the account declines, and hands on its pull secrets', async () => {
    const client = await clientWithout();
    await client.create(account({ automountServiceAccountToken: false, imagePullSecrets: [{ name: 'registry' }] }));
    const created = await client.create(pod('p'));
    assert.equal(created.spec.volumes, undefined);
    assert.deepEqual(created.spec.imagePullSecrets, [{ name: 'registry' }]);
  });
});

describe('Priority admission', () => {
  it('gives pods the number of their class, and refuses one that does not exist', async () => {
    const client = await clientWithout('ServiceAccount');
    const critical = await client.create(pod('a', { priorityClassName: 'system-node-critical' }));
    assert.equal(critical.spec.priority, 2_000_001_000);
    assert.equal((await client.create(pod('b'))).spec.priority, 0);
    await assert.rejects(
      client.create(pod('c', { priorityClassName: 'none' })),
      refusedWith(/no PriorityClass with name none was found/),
    );
  });
});

describe('LimitRanger', () => {
  const limits: LimitRange = {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'l', namespace: 'default' },
    spec: {
      limits: [{ type: 'Container', default: { cpu: '500m' }, defaultRequest: { cpu: '250m' }, max: { cpu: '1' } }],
    },
  };

  it('fills in what containers do not say, and refuses too much', async () => {
    const client = await clientWithout('ServiceAccount');
    await client.create(limits);
    const created = await client.create(pod('p'));
    assert.deepEqual(created.spec.containers[0]?.resources, { limits: { cpu: '500m' }, requests: { cpu: '250m' } });
    assert.equal(
      created.metadata.annotations?.['kubernetes.io/limit-ranger'],
      'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
    );
    const large = pod('q', { containers: [{ name: 'c', image: 'i', resources: { limits: { cpu: '2' } } }] });
    await assert.rejects(client.create(large), refusedWith(/maximum cpu usage per Container is 1, but limit is 2/));
  });
});

describe('ResourceQuota admission', () => {
  const quota = (hard: Record<string, string>): ResourceQuota => ({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'q', namespace: 'default' },
    spec: { hard },
  });

  it('refuses what the quota has no room for, also when both come at once', async () => {
    const client = await clientWithout('ServiceAccount');
    await client.create(quota({ pods: '1' }));
    const results = await Promise.allSettled([client.create(pod('a')), client.create(pod('b'))]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    await assert.rejects(
      client.create(pod('c')),
      refusedWith(/^pods "c" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1$/),
    );
    const [first] = (await client.list(Pod)).items;
    await client.delete(Pod, { namespace: 'default', name: first?.metadata.name ?? '' });
    await client.create(pod('c'));
  });

  it('asks pods for the resources that it limits', async () => {
    const client = await clientWithout('ServiceAccount');
    await client.create(quota({ 'requests.cpu': '1' }));
    await assert.rejects(client.create(pod('a')), refusedWith(/failed quota: q: must specify requests.cpu for: c/));
    const asking = pod('b', { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '2' } } }] });
    await assert.rejects(
      client.create(asking),
      refusedWith(/requested: requests.cpu=2, used: requests.cpu=0, limited: requests.cpu=1/),
    );
  });

  it('refuses changes that take more than is left, and lets those that give back', async () => {
    const client = await clientWithout('ServiceAccount');
    await client.create(quota({ 'services.nodeports': '1', 'requests.storage': '3Gi' }));
    const service = (name: string, ports: number[]): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'default' },
      spec: { ports: ports.map((port) => ({ name: `p${port}`, port })) },
    });
    const type = (name: string): Promise<unknown> =>
      client.patch(
        service('', []),
        { namespace: 'default', name },
        { type: 'merge', body: { spec: { type: 'NodePort' } } },
      );
    await client.create(service('one', [80]));
    await client.create(service('two', [80]));
    await type('one');
    await assert.rejects(
      type('two'),
      refusedWith(/requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1$/),
    );
    await client.patch(
      service('', []),
      { namespace: 'default', name: 'one' },
      { type: 'merge', body: { metadata: { labels: { a: 'b' } } } },
    );
  });

  it('counts the largest of the containers that start one after the other', async () => {
    const client = await clientWithout('ServiceAccount');
    await client.create(quota({ 'requests.cpu': '2' }));
    const cpu = (name: string, amount: string): object => ({
      name,
      image: 'i',
      resources: { requests: { cpu: amount } },
    });
    await assert.rejects(
      client.create(pod('a', { initContainers: [cpu('i', '3')], containers: [cpu('c', '1')] } as never)),
      refusedWith(/requested: requests.cpu=3,/),
    );
    await client.create(
      pod('b', { initContainers: [cpu('i', '2'), cpu('j', '1')], containers: [cpu('c', '1')] } as never),
    );
  });

  it('counts objects of any kind', async () => {
    const client = await clientWithout('ServiceAccount');
    await client.create(quota({ 'count/configmaps': '1' }));
    const map = (name: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default' },
    });
    await client.create(map('a'));
    await assert.rejects(client.create(map('b')), refusedWith(/exceeded quota/));
  });
});
