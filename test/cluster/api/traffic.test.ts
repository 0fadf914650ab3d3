import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { Traffic } from '../../../src/cluster/api/http/traffic/traffic.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';
import { ServerUnderTest } from './server-under-test.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/** A token of the service account `default/bob`, who may do everything with ConfigMaps, and read `path`. */
const tokenOfBob = async (server: ServerUnderTest, path: string): Promise<string> => {
  const make = async (at: string, body: object): Promise<void> => {
    const { code, text } = await server.ask(at, { method: 'POST', body });
    assert.equal(code, 201, text);
  };
  await make('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'bob' } });
  await make(`${RBAC}/clusterroles`, {
    metadata: { name: 'maps' },
    rules: [
      { verbs: ['*'], apiGroups: [''], resources: ['configmaps'] },
      { verbs: ['get'], nonResourceURLs: [path] },
    ],
  });
  await make(`${RBAC}/clusterrolebindings`, {
    metadata: { name: 'maps' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'maps' },
    subjects: [{ kind: 'ServiceAccount', name: 'bob', namespace: 'default' }],
  });
  const answer = await server.ask('/api/v1/namespaces/default/serviceaccounts/bob/token', { method: 'POST', body: {} });
  return answer.json()['status'].token as string;
};

describe('too many requests at once', () => {
  const traffic = new Traffic({ mutating: 0, readOnly: 0 });
  let server: ServerUnderTest;
  let token: string;
  before(async () => {
    server = await ServerUnderTest.start(createMemoryStore(), traffic);
    token = await tokenOfBob(server, '/none');
  });
  after(() => server.stop());

  it('are turned away with the time after which to try again', async () => {
    for (const ask of [{}, { method: 'POST', body: { metadata: { name: 'a' } } }]) {
      const answer = await server.ask(MAPS, { ...ask, token });
      assert.deepEqual([answer.code, answer.headers['retry-after']], [429, '1']);
      assert.equal(answer.json()['reason'], 'TooManyRequests');
    }
    assert.deepEqual(traffic.dropped, { mutating: 1, readOnly: 1 });
    assert.deepEqual(traffic.inFlight, { mutating: 0, readOnly: 0 });
  });

  it('do not keep out administrators, probes and watches', async () => {
    assert.equal((await server.ask(MAPS)).code, 200);
    assert.equal((await server.ask('/readyz', { token })).code, 200);
    const options: RequestOptions = {
      host: '127.0.0.1',
      port: server.server.port,
      path: `${MAPS}?watch=1`,
      headers: { authorization: `Bearer ${token}` },
      agent: server.agent,
    };
    const [watch] = (await once(get(options), 'response')) as [IncomingMessage];
    assert.equal(watch.statusCode, 200);
    const { text } = await server.ask('/metrics');
    assert.match(text, /^apiserver_longrunning_requests\{verb="WATCH",.*resource="configmaps",.*\} 1$/m);
    watch.destroy();
  });
});

describe('the metrics of the server', () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await ServerUnderTest.start();
  });
  after(() => server.stop());

  const valueOf = async (series: RegExp): Promise<number> => {
    const { code, text, headers } = await server.ask('/metrics');
    assert.equal(code, 200);
    assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
    const [line] = text.split('\n').filter((each) => series.test(each));
    return Number(line?.split(' ').at(-1) ?? Number.NaN);
  };

  it('count requests, objects and watches', async () => {
    const before = await valueOf(/^apiserver_storage_objects\{resource="configmaps"\}/);
    await server.ask(MAPS, { method: 'POST', body: { metadata: { name: 'counted' } } });
    assert.equal(await valueOf(/^apiserver_storage_objects\{resource="configmaps"\}/), before + 1);
    const created = /^apiserver_request_total\{verb="POST",group="",version="v1",resource="configmaps",.*code="201"\}/;
    assert.equal(await valueOf(created), 1);
    assert.equal(await valueOf(/^apiserver_request_duration_seconds_count\{verb="POST",.*resource="configmaps"/), 1);
    assert.ok((await valueOf(/^process_resident_memory_bytes /)) > 1e7);
    assert.ok((await valueOf(/^fairlead_store_watches /)) > 0);
    assert.equal(await valueOf(/^apiserver_current_inflight_requests\{request_kind="readOnly"\}/), 1);
  });

  it('are for those who may read them', async () => {
    assert.equal((await server.ask('/metrics', { token: null })).code, 401);
    const stranger = await tokenOfBob(server, '/metrics/other');
    assert.equal((await server.ask('/metrics', { token: stranger })).code, 403);
    const role = await server.ask(`${RBAC}/clusterroles/maps`);
    const body = { ...role.json(), rules: [{ verbs: ['get'], nonResourceURLs: ['/metrics'] }] };
    await server.ask(`${RBAC}/clusterroles/maps`, { method: 'PUT', body });
    assert.equal((await server.ask('/metrics', { token: stranger })).code, 200);
  });
});
