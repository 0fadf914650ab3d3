import assert from 'node:assert/strict';
import pino from 'pino';
import { isApiError } from '../../../src/objects/api-error.js';
import { ConfigMap, Namespace, Pod, Service } from '../../../src/objects/kinds/core-v1.js';
import { Deployment } from '../../../src/objects/kinds/apps-v1.js';
import { createApi, type Api } from '../../../src/cluster/api/api.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';

const stop = new AbortController();

const startApi = async (): Promise<Api> => {
  const api = createApi({
    store: createMemoryStore(),
    log: pino({ level: 'silent' }),
    disabledPlugins: ['ServiceAccount'],
  });
  await api.start(stop.signal);
  return api;
};

const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});

const pod = (name: string, more: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'busybox' }], ...more },
});

const rejectsWith = async (promise: Promise<unknown>, reason: Parameters<typeof isApiError>[1], message?: RegExp) =>
  assert.rejects(
    promise,
    (error) => isApiError(error, reason) && (message === undefined || message.test(error.message)),
  );

describe('createApi', () => {
  it('makes the permanent namespaces at its start', async () => {
    const client = (await startApi()).client();
    const { items } = await client.list(Namespace);
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ['default', 'kube-node-lease', 'kube-public', 'kube-system'],
    );
    assert.equal(items[0]?.status?.phase, 'Active');
    assert.deepEqual(items[0]?.spec?.finalizers, ['kubernetes']);
  });

  it('publishes where the server is', async () => {
    const api = await startApi();
    await api.publish({ address: '10.0.0.1', port: 6443 });
    await api.publish({ address: '10.0.0.2', port: 6443 });
    const service = await api.client().get(Service, { namespace: 'default', name: 'kubernetes' });
    assert.equal(service?.spec.clusterIP, '10.96.0.1');
    const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' };
    const published = await api.client().get(slice, { namespace: 'default', name: 'kubernetes' });
    assert.deepEqual(published?.['endpoints'], [{ addresses: ['10.0.0.2'], conditions: { ready: true } }]);
  });

  it('creates, reads, changes and deletes an object', async () => {
    const client = (await startApi()).client();
    const created = await client.create(configMap('a', { x: '1' }));
    assert.ok(created.metadata.uid);
    assert.match(created.metadata.creationTimestamp ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const updated = await client.update({ ...created, data: { x: '2' } });
    assert.deepEqual(updated.data, { x: '2' });
    assert.equal(updated.metadata.uid, created.metadata.uid);
    await rejectsWith(client.update({ ...created, data: { x: '3' } }), 'Conflict', /the object has been modified/);
    const patched = await client.patch(
      ConfigMap,
      { namespace: 'default', name: 'a' },
      { type: 'merge', body: { data: { y: '1' } } },
    );
    assert.deepEqual(patched.data, { x: '2', y: '1' });
    await client.delete(ConfigMap, { namespace: 'default', name: 'a' });
    assert.equal(await client.get(ConfigMap, { namespace: 'default', name: 'a' }), undefined);
  });

  it('refuses a second object of a name and one in a namespace that is not there', async () => {
    const client = (await startApi()).client();
    await client.create(configMap('a'));
    await rejectsWith(client.create(configMap('a')), 'AlreadyExists', /^configmaps "a" already exists$/);
    const lost = { ...configMap('a'), metadata: { name: 'a', namespace: 'nowhere' } };
    await rejectsWith(client.create(lost), 'NotFound', /^namespaces "nowhere" not found$/);
  });

  it('draws a name for generateName', async () => {
    const client = (await startApi()).client();
    const named = { ...configMap(''), metadata: { name: '', generateName: 'web-', namespace: 'default' } };
    assert.match((await client.create(named)).metadata.name, /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it('writes nothing for a change that changes nothing', async () => {
    const client = (await startApi()).client();
    const created = await client.create(configMap('a', { x: '1' }));
    const same = await client.update({ ...configMap('a', { x: '1' }) });
    assert.equal(same.metadata.resourceVersion, created.metadata.resourceVersion);
  });

  it('keeps spec and status apart', async () => {
    const client = (await startApi()).client();
    const deployment: Deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', namespace: 'default' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'd' } },
        template: { metadata: { name: '', labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    };
    const created = await client.create({ ...deployment, status: { replicas: 9 } } as Deployment);
    assert.deepEqual(created.status, {});
    assert.equal(created.metadata.generation, 1);
    const status = { ...created, spec: { ...created.spec, replicas: 5 }, status: { replicas: 1 } };
    const reported = await client.updateStatus(status);
    assert.equal(reported.spec.replicas, 1);
    assert.equal(reported.status?.replicas, 1);
    assert.equal(reported.metadata.generation, 1);
    const key = { namespace: 'default', name: 'd' };
    await client.patch(Deployment, key, { type: 'merge', body: { spec: { replicas: 3 } } }, { subresource: 'scale' });
    const scaled = await client.get(Deployment, key);
    assert.equal(scaled?.spec.replicas, 3);
    assert.equal(scaled?.metadata.generation, 2);
  });

  it('deletes an unscheduled pod at once and a running one when its kubelet is done', async () => {
    const client = (await startApi()).client();
    await client.create(pod('waiting'));
    await client.delete(Pod, { namespace: 'default', name: 'waiting' });
    assert.equal(await client.get(Pod, { namespace: 'default', name: 'waiting' }), undefined);
    await client.create(pod('running'));
    const key = { namespace: 'default', name: 'running' };
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'running' },
      target: { kind: 'Node', name: 'n' },
    };
    await client.subresource(Pod, key, 'binding', binding);
    const marked = await client.delete(Pod, key);
    assert.equal(marked?.metadata.deletionGracePeriodSeconds, 30);
    assert.equal((await client.get(Pod, key))?.spec.nodeName, 'n');
    await client.delete(Pod, key, { gracePeriodSeconds: 0 });
    assert.equal(await client.get(Pod, key), undefined);
  });

  it('removes an object when its last finalizer goes', async () => {
    const client = (await startApi()).client();
    const held = { ...configMap('a'), metadata: { name: 'a', namespace: 'default', finalizers: ['example.com/hold'] } };
    await client.create(held);
    const key = { namespace: 'default', name: 'a' };
    assert.ok((await client.delete(ConfigMap, key))?.metadata.deletionTimestamp);
    await client.patch(ConfigMap, key, { type: 'merge', body: { metadata: { finalizers: null } } });
    assert.equal(await client.get(ConfigMap, key), undefined);
  });

  it('gives Services addresses and ports that no other has', async () => {
    const client = (await startApi()).client();
    const service = (name: string): Service => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'default' },
      spec: { type: 'NodePort', ports: [{ port: 80 }] },
    });
    const [a, b] = await Promise.all([client.create(service('a')), client.create(service('b'))]);
    assert.notEqual(a?.spec.clusterIP, b?.spec.clusterIP);
    assert.notEqual(a?.spec.ports?.[0]?.nodePort, b?.spec.ports?.[0]?.nodePort);
    const taken = { ...service('c'), spec: { ...service('c').spec, clusterIP: a?.spec.clusterIP ?? '' } };
    await rejectsWith(client.create(taken), 'Invalid', /provided IP is already allocated/);
    const { clusterIP: _kept, clusterIPs: _all, ...withoutAddress } = a?.spec ?? {};
    const again = await client.update({ ...a, spec: { ...withoutAddress, type: 'ClusterIP' } } as Service);
    assert.equal(again.spec.clusterIP, a?.spec.clusterIP);
    assert.equal(again.spec.ports?.[0]?.nodePort, undefined);
  });

  it('lists in pages that all show the same moment', async () => {
    const client = (await startApi()).client();
    for (const name of ['a', 'b', 'c', 'd']) await client.create(configMap(name));
    const first = await client.list(ConfigMap, { namespace: 'default', limit: 3 });
    assert.equal(first.items.length, 3);
    await client.delete(ConfigMap, { namespace: 'default', name: 'd' });
    const second = await client.list(ConfigMap, { namespace: 'default', limit: 3, continue: first.continue ?? '' });
    assert.deepEqual(
      second.items.map(({ metadata }) => metadata.name),
      ['d'],
    );
  });

  it('shows objects that enter and leave a selection as added and deleted', async () => {
    const api = await startApi();
    const client = api.client();
    const abort = new AbortController();
    const watch = client.watch(ConfigMap, { namespace: 'default', labelSelector: 'on=yes' }, abort.signal);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of watch) {
        seen.push(event.type === 'bookmark' ? 'bookmark' : `${event.type} ${event.object.metadata.name}`);
        if (seen.length === 4) abort.abort();
      }
    })();
    const key = { namespace: 'default', name: 'a' };
    await client.create(configMap('a'));
    await client.patch(ConfigMap, key, { type: 'merge', body: { metadata: { labels: { on: 'yes' } } } });
    await client.patch(ConfigMap, key, { type: 'merge', body: { data: { x: '1' } } });
    await client.patch(ConfigMap, key, { type: 'merge', body: { metadata: { labels: { on: 'no' } } } });
    await reading;
    assert.deepEqual(seen, ['bookmark', 'added a', 'modified a', 'deleted a']);
  });
});
