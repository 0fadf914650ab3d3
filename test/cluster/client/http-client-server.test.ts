import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Api } from '../../../src/cluster/api/api.js';
import { createApi } from '../../../src/cluster/api/api.js';
import type { ApiServer } from '../../../src/cluster/api/http/server.js';
import { startApiServer } from '../../../src/cluster/api/http/server.js';
import { ADMIN_USER, staticToken } from '../../../src/cluster/auth/authenticator.js';
import type { Credentials } from '../../../src/cluster/auth/credentials.js';
import { openCredentials } from '../../../src/cluster/auth/credentials.js';
import type { HttpClient } from '../../../src/cluster/client/http-client.js';
import { createHttpClient } from '../../../src/cluster/client/http-client.js';
import { createInformerSet } from '../../../src/cluster/client/informer-set.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';
import { isApiError } from '../../../src/objects/api-error.js';
import { systemClock } from '../../../src/objects/clock.js';
import { CustomResourceDefinition } from '../../../src/objects/kinds/apiextensions-k8s-io-v1.js';
import { Deployment } from '../../../src/objects/kinds/apps-v1.js';
import { ConfigMap, Namespace, Pod } from '../../../src/objects/kinds/core-v1.js';

const log = pino({ level: 'silent' });
const key = (name: string) => ({ namespace: 'default', name });

describe('createHttpClient against our own server', () => {
  let folder: string;
  let api: Api;
  let server: ApiServer;
  let credentials: Credentials;
  let client: HttpClient;
  let stop: AbortController;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-http-client-'));
    stop = new AbortController();
    credentials = await openCredentials(folder, { now: Date.now(), hosts: [] });
    const tokenChecks = [staticToken(credentials.adminToken, ADMIN_USER)];
    api = createApi({ store: createMemoryStore(), log, tokenChecks, disabledPlugins: ['ServiceAccount'] });
    await api.start(stop.signal);
    const authority = credentials.authority.certificate;
    server = await startApiServer(
      { api, log, authority, certificate: credentials.server },
      { host: '127.0.0.1', port: 0 },
    );
    client = createHttpClient({ server: server.url, ca: authority, token: credentials.adminToken });
  });

  after(async () => {
    client.close();
    stop.abort();
    await server.close();
    await rm(folder, { recursive: true });
  });

  const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: key(name),
    data,
  });

  it('creates, reads, changes, applies and deletes', async () => {
    const made = await client.create(configMap('a', { x: '1' }));
    assert.ok(made.metadata.uid !== undefined);
    assert.deepEqual(await client.get(ConfigMap, key('a')), made);
    const changed = await client.update({ ...made, data: { x: '2' } });
    await assert.rejects(client.update({ ...made, data: { x: '3' } }), (error) => isApiError(error, 'Conflict'));
    const patched = await client.patch(ConfigMap, key('a'), {
      type: 'json',
      body: [{ op: 'add', path: '/data/y', value: '4' }],
    });
    assert.deepEqual(patched.data, { x: '2', y: '4' });
    assert.notEqual(patched.metadata.resourceVersion, changed.metadata.resourceVersion);
    const applied = await client.apply(configMap('a', { z: '5' }), { fieldManager: 'tester' });
    assert.deepEqual(applied.data, { x: '2', y: '4', z: '5' });
    await assert.rejects(client.apply(configMap('a', { x: '9' }), { fieldManager: 'tester' }), (error) =>
      isApiError(error, 'Conflict'),
    );
    const left = await client.delete(ConfigMap, key('a'));
    assert.equal(left?.metadata.name, 'a');
    assert.equal(await client.get(ConfigMap, key('a')), undefined);
    assert.equal(await client.delete(ConfigMap, key('a')), undefined);
  });

  it('writes nothing on a dry run and tells of an invalid object', async () => {
    await client.create(configMap('dry'), { dryRun: true });
    assert.equal(await client.get(ConfigMap, key('dry')), undefined);
    await assert.rejects(client.create(configMap('Wrong Name')), (error) => isApiError(error, 'Invalid'));
  });

  it('reaches status and other subresources', async () => {
    const template = {
      metadata: { name: '', labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    const made = await client.create<Deployment>({
      ...Deployment,
      metadata: key('web'),
      spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template },
    });
    const written = await client.updateStatus<Deployment>({
      ...made,
      spec: { ...made.spec, replicas: 9 },
      status: { replicas: 2, readyReplicas: 1 },
    });
    assert.deepEqual([written.spec.replicas, written.status?.readyReplicas], [2, 1]);
    const scale = await client.patch(
      Deployment,
      key('web'),
      { type: 'merge', body: { spec: { replicas: 5 } } },
      { subresource: 'scale' },
    );
    assert.equal((scale as unknown as { kind: string }).kind, 'Scale');
    assert.equal((await client.get(Deployment, key('web')))?.spec.replicas, 5);
    const pod = await client.create<Pod>({
      ...Pod,
      metadata: key('p'),
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target: { kind: 'Node', name: 'n1' } };
    await client.subresource(Pod, key('p'), 'binding', body);
    assert.equal((await client.get(Pod, key(pod.metadata.name)))?.spec.nodeName, 'n1');
  });

  it('keeps an informer in step with the server, by a paged list and a watch', async () => {
    await client.create<Namespace>({ ...Namespace, metadata: { name: 'many' }, spec: {} });
    const inside = api.client();
    for (let number = 0; number < 620; number++) {
      await inside.create({ ...configMap(`c${number}`), metadata: { namespace: 'many', name: `c${number}` } });
    }
    const informers = createInformerSet(client, { log, clock: systemClock });
    const informer = informers.informer(ConfigMap, { namespace: 'many' });
    const ended = new AbortController();
    await informers.start(ended.signal);
    assert.equal(informer.list().length, 620);
    const told = new Promise<string>((resolve) => {
      informer.onEvent(({ type, object }) => {
        if (type === 'deleted') resolve(object.metadata.name);
      });
    });
    await inside.delete(ConfigMap, { namespace: 'many', name: 'c7' });
    assert.equal(await told, 'c7');
    assert.equal(informer.list().length, 619);
    ended.abort();
  });

  it('finds a kind that was defined after it had asked what there is', async () => {
    await client.resources();
    await client.create<CustomResourceDefinition>({
      ...CustomResourceDefinition,
      metadata: { name: 'things.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    });
    const fresh = createHttpClient({
      server: server.url,
      ca: credentials.authority.certificate,
      token: credentials.adminToken,
    });
    const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: key('t') };
    const attempt = async (left: number): Promise<string> => {
      try {
        return (await fresh.create(thing)).metadata.name;
      } catch (error) {
        if (left === 0) throw error;
        await new Promise((resolve) => setImmediate(resolve));
        return attempt(left - 1);
      }
    };
    assert.equal(await attempt(50), 't');
    fresh.close();
  });

  it('is known by its client certificate', async () => {
    const { certificate: clientCertificate, key: clientKey } = credentials.admin;
    const certified = createHttpClient({
      server: server.url,
      ca: credentials.authority.certificate,
      clientCertificate,
      clientKey,
    });
    assert.equal((await certified.get(Namespace, { name: 'default' }))?.metadata.name, 'default');
    certified.close();
  });

  it('is refused without a credential, and refuses a server that it cannot check', async () => {
    const stranger = createHttpClient({ server: server.url, ca: credentials.authority.certificate, token: 'wrong' });
    await assert.rejects(stranger.list(Pod), (error) => isApiError(error, 'Unauthorized'));
    stranger.close();
    const careful = createHttpClient({ server: server.url, token: credentials.adminToken });
    await assert.rejects(
      careful.list(Pod),
      (error) => isApiError(error, 'ServiceUnavailable') && /certificate/.test(error.message),
    );
    careful.close();
  });
});
