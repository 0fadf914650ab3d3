import assert from 'node:assert/strict';
import type { Client } from '../../../../src/cluster/client/client.js';
import { createApi } from '../../../../src/cluster/api/api.js';
import { API_SERVICE, type ApiService } from '../../../../src/cluster/api/registration/api-services.js';
import { createMemoryStore } from '../../../../src/cluster/store/memory-store.js';
import { CustomResourceDefinition } from '../../../../src/objects/kinds/apiextensions-k8s-io-v1.js';
import { builtinResources } from '../../../../src/objects/schema/resource-table.js';
import { ClusterUnderTest } from '../../controllers/cluster-under-test.js';
import pino from 'pino';

const MANAGED = 'kube-aggregator.kubernetes.io/automanaged';

const definition = (versions: readonly string[]): CustomResourceDefinition => ({
  ...CustomResourceDefinition,
  metadata: { name: 'widgets.shop.example' },
  spec: {
    group: 'shop.example',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: versions.map((name, index) => ({
      name,
      served: true,
      storage: index === 0,
      schema: { openAPIV3Schema: { type: 'object' } },
    })),
  },
});

const withService = (group: string, version: string): ApiService => ({
  ...API_SERVICE,
  metadata: { name: `${version}.${group}` },
  spec: {
    group,
    version,
    groupPriorityMinimum: 100,
    versionPriority: 100,
    service: { namespace: 'kube-system', name: 'somewhere' },
  },
});

const available = (service: ApiService | undefined): string => {
  const condition = service?.status?.conditions?.find(({ type }) => type === 'Available');
  return `${condition?.status} ${condition?.reason}`;
};

describe('APIServices', () => {
  let cluster: ClusterUnderTest;
  let client: Client;

  before(async () => {
    cluster = await ClusterUnderTest.start(() => []);
    client = cluster.client;
  });
  after(() => cluster.close());

  const get = (name: string): Promise<ApiService | undefined> => client.get(API_SERVICE, { name });
  const until = (what: string, check: (service: ApiService | undefined) => boolean, name: string): Promise<void> =>
    cluster.until(what, async () => check(await get(name)));

  it('are there from the start for what is built in, and available', async () => {
    const { items } = await client.list(API_SERVICE);
    const groupVersions = new Set(builtinResources.map(({ apiVersion }) => apiVersion));
    groupVersions.delete(API_SERVICE.apiVersion);
    assert.equal(items.length, groupVersions.size);
    assert.ok(items.every((item) => available(item) === 'True Local' && item.metadata.labels?.[MANAGED] === 'onstart'));
    assert.deepEqual((await get('v1.'))?.spec, { version: 'v1', groupPriorityMinimum: 18_000, versionPriority: 1 });
    const apps = { group: 'apps', version: 'v1', groupPriorityMinimum: 17_800, versionPriority: 15 };
    assert.deepEqual((await get('v1.apps'))?.spec, apps);
  });

  it('come and go with the versions of a definition', async () => {
    await client.create(definition(['v1', 'v1beta1']));
    for (const version of ['v1', 'v1beta1']) {
      await until('made', (service) => available(service) === 'True Local', `${version}.shop.example`);
      const made = await get(`${version}.shop.example`);
      assert.equal(made?.metadata.labels?.[MANAGED], 'true');
      assert.deepEqual(made.spec, { group: 'shop.example', version, groupPriorityMinimum: 1000, versionPriority: 100 });
    }
    const key = { name: 'widgets.shop.example' };
    const body = [{ op: 'replace', path: '/spec/versions/1/served', value: false }];
    await client.patch(CustomResourceDefinition, key, { type: 'json', body });
    await until('gone', (service) => service === undefined, 'v1beta1.shop.example');
    assert.ok((await get('v1.shop.example')) !== undefined);
    await client.delete(CustomResourceDefinition, key);
    await until('gone', (service) => service === undefined, 'v1.shop.example');
  });

  it('come back when they are deleted or changed', async () => {
    const before = await get('v1.apps');
    await client.delete(API_SERVICE, { name: 'v1.apps' });
    await until('back', (service) => available(service) === 'True Local', 'v1.apps');
    assert.notEqual((await get('v1.apps'))?.metadata.uid, before?.metadata.uid);
    const body = { spec: { versionPriority: 99 } };
    await client.patch(API_SERVICE, { name: 'v1.batch' }, { type: 'merge', body });
    await until('right again', (service) => service?.spec?.versionPriority === 15, 'v1.batch');
  });

  it('of users are left alone, and told that their service is missing', async () => {
    const made = await client.create(withService('other.example', 'v1'));
    await until('told', (service) => available(service) === 'False ServiceNotFound', 'v1.other.example');
    assert.deepEqual((await get('v1.other.example'))?.spec, made.spec);
    await client.create(withService('metrics.k8s.io', 'v1beta1'));
    await until('served here', (service) => available(service) === 'True Local', 'v1beta1.metrics.k8s.io');
    await client.delete(API_SERVICE, { name: 'v1.other.example' });
    await cluster.quiet();
    assert.equal(await get('v1.other.example'), undefined);
  });

  it('are not written again when the server starts again', async () => {
    const store = createMemoryStore();
    const start = async (): Promise<void> => {
      const stopping = new AbortController();
      await createApi({ store, log: pino({ level: 'silent' }) }).start(stopping.signal);
      stopping.abort();
    };
    const versions = (): readonly string[] =>
      store.list('/registry/apiregistration.k8s.io/').items.map(({ object }) => object.metadata.resourceVersion ?? '');
    await start();
    const before = versions();
    await start();
    assert.ok(before.length > 10);
    assert.deepEqual(versions(), before);
  });
});
