import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:http2';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { API_SERVICE, type ApiService } from '../../../../src/cluster/api/registration/api-services.js';
import { Traffic } from '../../../../src/cluster/api/http/traffic/traffic.js';
import { openCredentials } from '../../../../src/cluster/auth/credentials.js';
import type { Client, WatchEvent } from '../../../../src/cluster/client/client.js';
import { createMemoryStore } from '../../../../src/cluster/store/memory-store.js';
import type { Store } from '../../../../src/cluster/store/store.js';
import type { Condition } from '../../../../src/objects/conditions.js';
import { Service } from '../../../../src/objects/kinds/core-v1.js';
import { ServerUnderTest } from '../server-under-test.js';
import { AggregatedServerUnderTest, GROUP } from './aggregated-server-under-test.js';

const NAME = `v1.${GROUP}`;
const ROOT = `/apis/${GROUP}/v1`;
const FORECAST = `${ROOT}/namespaces/default/forecasts/monday`;
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

describe('aggregated servers', () => {
  let folder: string;
  let store: Store;
  let server: ServerUnderTest;
  let client: Client;
  let weather: AggregatedServerUnderTest;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-front-proxy-'));
    const { frontProxy } = await openCredentials(folder, { now: Date.now() });
    store = createMemoryStore();
    server = await ServerUnderTest.start(store, new Traffic(), { frontProxy });
    client = server.api.client();
    weather = await AggregatedServerUnderTest.start('weather.default.svc', frontProxy.authority.certificate);
  });
  afterEach(async () => {
    await weather.stop();
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const service = (spec: Service['spec']) =>
    client.create<Service>({ ...Service, metadata: { namespace: 'default', name: 'weather' }, spec });

  const register = (spec: ApiService['spec'] = {}) =>
    client.create<ApiService>({
      ...API_SERVICE,
      metadata: { name: NAME },
      spec: {
        group: GROUP,
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        service: { namespace: 'default', name: 'weather', port: weather.port },
        ...spec,
      },
    });

  /** The condition of the APIService, as soon as it has one for which `isWanted`. */
  const condition = async (isWanted = (_reason: string): boolean => true): Promise<string> => {
    const found = (event: WatchEvent<ApiService>): Condition | undefined =>
      event.type === 'added' || event.type === 'modified'
        ? event.object.status?.conditions?.find(({ type }) => type === 'Available')
        : undefined;
    const options = { fieldSelector: `metadata.name=${NAME}` };
    for await (const event of client.watch(API_SERVICE, options, AbortSignal.timeout(5000))) {
      const said = found(event);
      if (said !== undefined && isWanted(said.reason ?? '')) return `${said.status} ${said.reason}: ${said.message}`;
    }
    return 'none';
  };

  /** The Service leads to this machine by its name. */
  const start = async (): Promise<void> => {
    await service({ type: 'ExternalName', externalName: 'localhost' });
    await register({ caBundle: weather.caBundle });
    assert.equal(await condition(), 'True Passed: all checks passed');
  };

  it('are asked in the name of whoever asks, under the certificate of the front proxy', async () => {
    await start();
    const headers = { 'x-remote-user': 'mallory', 'x-custom': 'kept' };
    const answer = await server.ask(`${FORECAST}?pretty=true`, { headers });
    assert.deepEqual([answer.code, answer.json()['text'], answer.headers['x-weather']], [200, 'sunny', 'yes']);
    const [{ headers: got, ...rest } = assert.fail('nothing came')] = weather.asked;
    assert.deepEqual(rest, {
      method: 'GET',
      url: `${FORECAST}?pretty=true`,
      body: '',
      commonName: 'front-proxy-client',
    });
    assert.deepEqual(
      [got['x-remote-user'], got['x-remote-group'], got.authorization, got['x-custom']],
      ['kubernetes-admin', 'system:masters, system:authenticated', undefined, 'kept'],
    );
    const made = await server.ask(`${ROOT}/namespaces/default/forecasts`, { method: 'POST', body: { text: 'rain' } });
    assert.deepEqual([made.code, weather.asked[1]?.method, weather.asked[1]?.body], [201, 'POST', '{"text":"rain"}']);
  });

  it('answer clients of HTTP/2 too, without what belongs to a connection of HTTP/1', async () => {
    await start();
    const session = connect(server.server.url, { rejectUnauthorized: false });
    const authorization = `Bearer ${server.credentials.adminToken}`;
    const stream = session.request({ ':path': FORECAST, authorization });
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    session.destroy();
    assert.deepEqual([headers[':status'], headers['x-weather'], headers['connection']], [200, 'yes', undefined]);
  });

  it('are asked only for what the sender may do', async () => {
    await start();
    const headers = { 'impersonate-user': 'alice', 'impersonate-extra-shop%2fteam': 'a' };
    const refused = await server.ask(FORECAST, { headers });
    assert.equal(refused.code, 403);
    assert.match(
      refused.json()['message'] as string,
      /^forecasts\.weather\.example "monday" is forbidden: User "alice" cannot get resource "forecasts" in API group "weather\.example" in the namespace "default"/,
    );
    const rules = [{ apiGroups: [GROUP], resources: ['forecasts'], verbs: ['get'] }];
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    await server.ask(`${rbac}/clusterroles`, { method: 'POST', body: { metadata: { name: 'reader' }, rules } });
    const subjects = [{ kind: 'User', name: 'alice', apiGroup: 'rbac.authorization.k8s.io' }];
    const roleRef = { kind: 'ClusterRole', name: 'reader', apiGroup: 'rbac.authorization.k8s.io' };
    const binding = { metadata: { name: 'alice' }, subjects, roleRef };
    await server.ask(`${rbac}/clusterrolebindings`, { method: 'POST', body: binding });
    assert.equal((await server.ask(FORECAST, { headers })).code, 200);
    const [{ headers: got } = assert.fail('nothing came')] = weather.asked;
    assert.deepEqual([got['x-remote-user'], got['x-remote-extra-shop%2fteam']], ['alice', 'a']);
    assert.equal((await server.ask(FORECAST, { method: 'DELETE', headers })).code, 403);
    assert.equal(weather.asked.length, 1);
  });

  it('take part in discovery and OpenAPI', async () => {
    await start();
    const groups = (await server.ask('/apis', { headers: { accept: AGGREGATED } })).json()['items'] as {
      metadata: { name: string };
      versions: unknown[];
    }[];
    assert.deepEqual(groups.find(({ metadata }) => metadata.name === GROUP)?.versions, [
      {
        version: 'v1',
        freshness: 'Current',
        resources: [
          {
            resource: 'forecasts',
            responseKind: { group: GROUP, version: 'v1', kind: 'Forecast' },
            scope: 'Namespaced',
            singularResource: 'forecast',
            verbs: ['get', 'list', 'watch', 'create'],
            shortNames: ['fc'],
            subresources: [
              {
                subresource: 'status',
                responseKind: { group: GROUP, version: 'v1', kind: 'Forecast' },
                verbs: ['get'],
              },
            ],
          },
        ],
      },
    ]);
    assert.equal((await server.ask(`/apis/${GROUP}`)).json()['preferredVersion'].version, 'v1');
    assert.equal((await server.ask(ROOT)).json()['groupVersion'], `${GROUP}/v1`);
    const { paths } = (await server.ask('/openapi/v3')).json();
    const url = paths[ROOT.slice(1)].serverRelativeURL as string;
    assert.equal((await server.ask(url)).json()['info'].title, 'weather');
    await client.delete(API_SERVICE, { name: NAME });
    for (let code = 0; code !== 404; ) ({ code } = await server.ask(`/apis/${GROUP}`));
  });

  it('send watches and streams as they come', async () => {
    await start();
    const watched = await server.ask(`${ROOT}/forecasts?watch=true`);
    assert.equal(watched.text, '{"type":"ADDED"}\n{"type":"DELETED"}\n');
    const sent = request({
      host: '127.0.0.1',
      port: server.server.port,
      path: `${FORECAST}/stream`,
      rejectUnauthorized: false,
      headers: {
        authorization: `Bearer ${server.credentials.adminToken}`,
        connection: 'Upgrade',
        upgrade: 'echo',
      },
    });
    sent.end();
    const [, socket] = (await once(sent, 'upgrade')) as [unknown, Duplex];
    socket.write('hello');
    assert.equal(String((await once(socket, 'data'))[0]), 'hello');
    socket.destroy();
  });

  it('that do not answer are a 503 in plain text, and stale in discovery', async () => {
    await start();
    await weather.stop();
    const failed = await server.ask(FORECAST);
    assert.deepEqual([failed.code, failed.headers['content-type']], [503, 'text/plain; charset=utf-8']);
    assert.match(failed.text, /^error trying to reach service: .*ECONNREFUSED/);
    await client.patch(API_SERVICE, { name: NAME }, { type: 'merge', body: { spec: { versionPriority: 7 } } });
    assert.match(
      await condition((reason) => reason !== 'Passed'),
      /^False FailedDiscoveryCheck: failing or missing response from https:\/\/localhost:\d+\/apis\/weather\.example\/v1: /,
    );
    const refused = await server.ask(FORECAST);
    assert.deepEqual([refused.code, refused.text], [503, 'service unavailable\n']);
    const { items } = (await server.ask('/apis', { headers: { accept: AGGREGATED } })).json();
    assert.equal(
      items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === GROUP).versions[0].freshness,
      'Stale',
    );
  });

  it('must show a certificate of the bundle, unless nobody asks for one', async () => {
    await service({ type: 'ExternalName', externalName: 'localhost' });
    await register({ caBundle: Buffer.from(server.credentials.authority.certificate).toString('base64') });
    assert.match(await condition(), /FailedDiscoveryCheck: .*certificate/);
    await client.delete(API_SERVICE, { name: NAME });
    await register({ insecureSkipTLSVerify: true });
    assert.equal(await condition(), 'True Passed: all checks passed');
  });

  it('are told apart by what is missing on the way to them', async () => {
    const said: string[] = [];
    const look = async (): Promise<void> => {
      await register({ insecureSkipTLSVerify: true });
      said.push((await condition()).replace(String(weather.port), 'PORT'));
      await client.delete(API_SERVICE, { name: NAME });
    };
    await look();
    const made = await service({ ports: [{ port: 1, name: 'https' }] });
    await look();
    await client.update<Service>({ ...made, spec: { ...made.spec, ports: [{ port: weather.port, name: 'https' }] } });
    await look();
    const key = '/registry/discovery.k8s.io/endpointslices/default/weather-1';
    const slice = (ready: boolean) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'weather-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'weather' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready } }],
      ports: [{ name: 'https', port: weather.port, protocol: 'TCP' }],
    });
    const { revision } = await store.commit({ type: 'create', key, object: slice(false) });
    await look();
    await store.commit({ type: 'replace', key, object: slice(true), revision });
    await look();
    assert.deepEqual(said, [
      'False ServiceNotFound: service/weather in "default" is not present',
      'False ServicePortError: service/weather in "default" is not listening on port PORT',
      'False EndpointsNotFound: cannot find endpointslices for service/weather in "default"',
      'False MissingEndpoints: endpointslices for service/weather in "default" have no addresses with port name "https"',
      'True Passed: all checks passed',
    ]);
  });

  it('find how to know this server in a ConfigMap', async () => {
    const { data } = (
      await server.ask('/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication')
    ).json();
    assert.equal(data['requestheader-allowed-names'], '["front-proxy-client"]');
    assert.match(data['requestheader-client-ca-file'] as string, /BEGIN CERTIFICATE/);
  });
});
