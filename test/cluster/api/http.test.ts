import assert from 'node:assert/strict';
import { Agent, get } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { decodeProtobuf, encodeProtobuf } from '../../../src/objects/protobuf/protobuf.js';
import { ServerUnderTest } from './server-under-test.js';

const PODS = '/api/v1/namespaces/default/pods';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

const configMap = (name: string, data: Record<string, string> = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

describe('the HTTPS server', () => {
  let server: ServerUnderTest;

  before(async () => {
    server = await ServerUnderTest.start();
  });

  after(() => server.stop());

  it('asks for a credential on every path but health and version', async () => {
    for (const path of ['/healthz', '/livez', '/readyz', '/readyz/ping', '/version']) {
      assert.equal((await server.ask(path, { token: null })).code, 200, path);
    }
    for (const path of ['/', '/api', '/apis', '/openapi/v3', PODS, '/metrics', '/nothing', '/versions', '/healthzz']) {
      const answer = await server.ask(path, { token: null });
      assert.equal(answer.code, 401, path);
      assert.equal(answer.json()['reason'], 'Unauthorized');
    }
    assert.equal((await server.ask(PODS, { token: 'wrong' })).code, 401);
  });

  it('knows a client by its certificate', async () => {
    const { certificate, key } = server.credentials.admin;
    const agent = new Agent({ cert: certificate, key, rejectUnauthorized: false });
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const answer = await server.ask(path, { method: 'POST', body: review, token: null, agent });
    assert.equal(answer.json()['status'].userInfo.username, 'kubernetes-admin');
    agent.destroy();
  });

  it('lets the administrator act as somebody else, and nobody else do so', async () => {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const headers = { 'impersonate-user': 'joe', 'impersonate-group': 'devs' };
    const answer = await server.ask(path, { method: 'POST', body: review, headers });
    assert.deepEqual(answer.json()['status'].userInfo, { username: 'joe', groups: ['devs', 'system:authenticated'] });
    await server.ask('/api/v1/namespaces/default/serviceaccounts', {
      method: 'POST',
      body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bob' } },
    });
    const granted = await server.ask('/api/v1/namespaces/default/serviceaccounts/bob/token', {
      method: 'POST',
      body: {},
    });
    const token = granted.json()['status'].token as string;
    assert.equal((await server.ask(path, { method: 'POST', body: review, headers, token })).code, 403);
  });

  it('answers discovery in both forms, with a tag', async () => {
    const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const first = await server.ask('/apis', { headers: { accept: aggregated } });
    assert.equal(first.headers['content-type'], 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    assert.equal(first.json()['kind'], 'APIGroupDiscoveryList');
    const tag = String(first.headers.etag);
    const again = await server.ask('/apis', { headers: { accept: aggregated, 'if-none-match': tag } });
    assert.equal(again.code, 304);
    assert.equal((await server.ask('/apis')).json()['kind'], 'APIGroupList');
    const core = (await server.ask('/api/v1')).json();
    assert.ok(core['resources'].some((each: { name: string }) => each.name === 'pods/log'));
    assert.equal((await server.ask('/apis/none')).code, 404);
  });

  it('shows Tables and metadata to those who ask', async () => {
    await server.ask(CONFIG_MAPS, { method: 'POST', body: configMap('shown', { a: '1' }) });
    const table = await server.ask(`${CONFIG_MAPS}?fieldSelector=metadata.name%3Dshown`, {
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
    });
    assert.deepEqual(
      table.json()['columnDefinitions'].map(({ name }: { name: string }) => name),
      ['Name', 'Data', 'Age'],
    );
    assert.deepEqual(table.json()['rows'][0].cells.slice(0, 2), ['shown', 1]);
    const partial = await server.ask(`${CONFIG_MAPS}/shown`, {
      headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
    });
    assert.deepEqual(Object.keys(partial.json()), ['kind', 'apiVersion', 'metadata']);
    assert.equal((await server.ask(CONFIG_MAPS, { headers: { accept: 'image/png' } })).code, 406);
    assert.match(
      (await server.ask(`${CONFIG_MAPS}/shown`, { headers: { accept: 'application/yaml' } })).text,
      /^apiVersion: v1\n(?:.|\n)*creationTimestamp: "20/,
    );
  });

  it('reads JSON, YAML and protobuf', async () => {
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-yaml}\ndata: {a: b}\n';
    const headers = { 'content-type': 'application/yaml' };
    assert.equal((await server.ask(CONFIG_MAPS, { method: 'POST', body: yaml, headers })).code, 201);
    const bytes = encodeProtobuf({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'from-protobuf' },
      data: { a: 'c' },
    });
    const protobuf = { 'content-type': 'application/vnd.kubernetes.protobuf' };
    const created = await server.ask(CONFIG_MAPS, { method: 'POST', body: bytes, headers: protobuf });
    assert.deepEqual(created.json()['data'], { a: 'c' });
    const unknown = await server.ask(CONFIG_MAPS, {
      method: 'POST',
      body: 'x',
      headers: { 'content-type': 'text/html' },
    });
    assert.equal(unknown.code, 415);
  });

  it('writes protobuf for those who take nothing else', async () => {
    await server.ask(CONFIG_MAPS, { method: 'POST', body: configMap('binary', { a: '1' }) });
    const accept = 'application/vnd.kubernetes.protobuf';
    const one = await server.ask(`${CONFIG_MAPS}/binary`, { headers: { accept } });
    assert.equal(one.headers['content-type'], accept);
    assert.deepEqual(decodeProtobuf(one.bytes)['data'], { a: '1' });
    const list = await server.ask(`${CONFIG_MAPS}?limit=2`, { headers: { accept } });
    assert.equal(decodeProtobuf(list.bytes).kind, 'ConfigMapList');
    const both = await server.ask(`${CONFIG_MAPS}/binary`, { headers: { accept: `${accept}, */*` } });
    assert.equal(both.headers['content-type'], 'application/json');
  });

  it('indents JSON for people', async () => {
    const path = '/api/v1/namespaces/default';
    const text = async (query: string, agent = 'kubectl/v1.35.2') =>
      (await server.ask(`${path}${query}`, { headers: { 'user-agent': agent } })).text.slice(0, 4);
    assert.equal(await text('', 'curl/8.5.0'), '{\n  ');
    assert.equal(await text('?pretty=true'), '{\n  ');
    assert.equal(await text('?pretty=0', 'Mozilla/5.0 (X11)'), '{"ap');
    assert.equal(await text(''), '{"ap');
    const refused = await server.ask('/api/v1/namespaces/none', { headers: { 'user-agent': 'Wget/1.21' } });
    assert.match(refused.text, /^ {2}"reason": "NotFound",$/m);
  });

  it('compresses large answers', async () => {
    for (let index = 0; index < 3; index += 1) {
      await server.ask(CONFIG_MAPS, { method: 'POST', body: configMap(`big-${index}`, { text: 'x'.repeat(100_000) }) });
    }
    const answer = await server.ask(CONFIG_MAPS, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(answer.headers['content-encoding'], 'gzip');
    const list = JSON.parse(gunzipSync(answer.bytes).toString('utf8')) as { kind: string };
    assert.equal(list.kind, 'ConfigMapList');
  });

  it('refuses or warns of unknown and repeated fields, as it is asked', async () => {
    const body =
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"odd"},"dat":{},"data":{"a":"1"},"data":{"a":"2"}}';
    const strict = await server.ask(`${CONFIG_MAPS}?fieldValidation=Strict`, { method: 'POST', body });
    assert.equal(strict.code, 400);
    assert.match(
      strict.json()['message'] as string,
      /strict decoding error: duplicate field "data", unknown field "dat"/,
    );
    const warned = await server.ask(`${CONFIG_MAPS}?dryRun=All`, { method: 'POST', body });
    assert.equal(warned.code, 201);
    assert.match(
      String(warned.headers['warning']),
      /299 - "duplicate field \\"data\\"", 299 - "unknown field \\"dat\\""/,
    );
    assert.equal((await server.ask(`${CONFIG_MAPS}/odd`)).code, 404);
  });

  it('says what is wrong with parameters', async () => {
    const wrong: readonly (readonly [string, string, number])[] = [
      ['GET', `${PODS}?resourceVersion=abc`, 400],
      ['GET', `${PODS}?resourceVersionMatch=Exact`, 422],
      ['GET', `${PODS}?sendInitialEvents=true`, 422],
      ['GET', `${PODS}?watch=true&sendInitialEvents=true`, 422],
      ['GET', `${PODS}?continue=nonsense`, 400],
      ['GET', `${PODS}?fieldSelector=spec.none%3D1`, 400],
      ['GET', `${PODS}?labelSelector=%3D%3D`, 400],
      ['GET', `${PODS}?limit=many`, 400],
      ['POST', `${PODS}?dryRun=Some`, 422],
      ['POST', `${PODS}?fieldManager=${'x'.repeat(129)}`, 422],
      ['POST', `${PODS}?fieldValidation=Sometimes`, 422],
      ['DELETE', '/api/v1/namespaces', 405],
      ['GET', '/api/v1/pods/name', 404],
      ['GET', '/api/v1/namespaces/default/nodes', 404],
      ['GET', '/api/v1/namespaces/default/pods/p/nothing', 404],
      ['PUT', PODS, 405],
    ];
    for (const [method, path, code] of wrong) {
      const body = method === 'GET' || method === 'DELETE' ? undefined : configMap('x');
      const answer = await server.ask(path, { method, ...(body === undefined ? {} : { body }) });
      assert.equal(answer.code, code, `${method} ${path}: ${answer.text}`);
      assert.equal(answer.json()['kind'], 'Status');
    }
  });

  it('answers paths of no API in plain text', async () => {
    const plain = [
      ['/nothing', 404, '404 page not found\n'],
      ['/apis/nothing/v1/things', 404, '404 page not found\n'],
      ['/healthz/nothing', 404, '404 page not found\n'],
      ['/api/v1/namespaces/%zz/pods', 400, '400 Bad Request'],
    ] as const;
    for (const [path, code, text] of plain) {
      const answer = await server.ask(path);
      assert.deepEqual([answer.code, answer.text], [code, text], path);
      assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
    }
  });

  it('says errors in the form that the client reads', async () => {
    const yaml = await server.ask(`${CONFIG_MAPS}/nothing`, { headers: { accept: 'application/yaml' } });
    assert.match(yaml.text, /^apiVersion: v1\ncode: 404\n/);
    const protobuf = await server.ask(`${CONFIG_MAPS}/nothing`, {
      headers: { accept: 'application/vnd.kubernetes.protobuf' },
    });
    assert.equal(protobuf.bytes.subarray(0, 4).toString('latin1'), 'k8s\0');
    assert.equal(protobuf.headers['content-type'], 'application/vnd.kubernetes.protobuf');
  });

  it('refuses bodies above 3 MiB', async () => {
    const body = JSON.stringify(configMap('huge', { text: 'x'.repeat(4 * 1024 * 1024) }));
    const answer = await server.ask(CONFIG_MAPS, { method: 'POST', body }).catch(() => undefined);
    assert.ok(answer === undefined || answer.code === 413);
    assert.equal((await server.ask('/readyz')).code, 200);
  });

  it('streams a watch: the state, a bookmark, then changes, and ends in time', async () => {
    const query =
      'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1';
    const path = `${CONFIG_MAPS}?${query}&fieldSelector=metadata.name%3Dshown`;
    const lines = await new Promise<{ type: string; object: { metadata: Record<string, unknown> } }[]>(
      (resolve, reject) => {
        let text = '';
        const headers = { authorization: `Bearer ${server.credentials.adminToken}` };
        get(
          { host: '127.0.0.1', port: server.server.port, path, headers, rejectUnauthorized: false, agent: false },
          (answer) => {
            answer.once('data', () => void server.ask(`${CONFIG_MAPS}/shown`, { method: 'DELETE' }));
            answer.on('data', (chunk: Buffer) => {
              text += chunk.toString('utf8');
            });
            answer.once('end', () =>
              resolve(
                text
                  .trim()
                  .split('\n')
                  .map((line) => JSON.parse(line) as never),
              ),
            );
          },
        ).once('error', reject);
      },
    );
    assert.deepEqual(
      lines.map(({ type }) => type),
      ['ADDED', 'BOOKMARK', 'DELETED', 'BOOKMARK'],
    );
    assert.deepEqual(lines[1]?.object.metadata['annotations'], { 'k8s.io/initial-events-end': 'true' });
  });

  it('goes on with pages of a forgotten version only inconsistently', async () => {
    const page = await server.ask(`${CONFIG_MAPS}?limit=1`);
    const token = page.json()['metadata'].continue as string;
    assert.ok(page.json()['metadata'].remainingItemCount > 0);
    const { store } = server.api.pipeline.machinery;
    await server.ask(CONFIG_MAPS, { method: 'POST', body: configMap('later') });
    await store.compact(store.revision);
    const expired = await server.ask(`${CONFIG_MAPS}?limit=1&continue=${token}`);
    assert.equal(expired.code, 410);
    assert.equal(expired.json()['reason'], 'Expired');
    const rest = await server.ask(`${CONFIG_MAPS}?continue=${String(expired.json()['metadata'].continue)}`);
    assert.equal(rest.code, 200);
  });
});
