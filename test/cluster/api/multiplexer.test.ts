import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';
import { ServerUnderTest } from './server-under-test.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const REVIEWS = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

const configMap = (name: string, data: Readonly<Record<string, string>> = {}): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

interface Answer {
  readonly code: number | undefined;
  readonly text: string;
}

const dialTls = (port: number): TLSSocket =>
  connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false }).on('error', () => undefined);

describe('the server over HTTP/2', () => {
  let server: ServerUnderTest;
  let session: ClientHttp2Session;

  const dial = (options: { readonly cert?: string; readonly key?: string } = {}): ClientHttp2Session =>
    connect(server.server.url, { rejectUnauthorized: false, ...options });

  const open = (method: string, path: string, on = session, isSecret = true): ClientHttp2Stream =>
    on.request({
      ':method': method,
      ':path': path,
      'content-type': 'application/json',
      ...(isSecret ? { authorization: `Bearer ${server.credentials.adminToken}` } : {}),
    });

  const codeOf = async (stream: ClientHttp2Stream): Promise<number | undefined> => {
    const [headers] = (await once(stream, 'response')) as [Record<string, number>];
    return headers[':status'];
  };

  const answerOf = async (stream: ClientHttp2Stream, body?: string): Promise<Answer> => {
    if (body === undefined) stream.end();
    else stream.end(body);
    const code = await codeOf(stream);
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += String(chunk);
    return { code, text };
  };

  beforeEach(async () => {
    server = await ServerUnderTest.start(createMemoryStore({ maxWatchQueue: 20 }));
    session = dial();
  });

  afterEach(async () => {
    session.destroy();
    await server.stop();
  });

  it('answers many requests at once on one connection', async () => {
    const names = Array.from({ length: 90 }, (_, index) => `map-${index}`);
    const made = await Promise.all(names.map((name) => answerOf(open('POST', MAPS), configMap(name))));
    assert.deepEqual([...new Set(made.map(({ code }) => code))], [201]);
    const { text } = await answerOf(open('GET', MAPS));
    const { items } = JSON.parse(text) as { items: { metadata: { name: string } }[] };
    const known = new Set(items.map(({ metadata }) => metadata.name));
    assert.deepEqual(
      names.filter((name) => !known.has(name)),
      [],
    );
    const missing = await answerOf(open('GET', `${MAPS}/none`));
    assert.equal(missing.code, 404);
    assert.match(missing.text, /configmaps \\"none\\" not found/);
  });

  it('lets an administrator act as somebody else, with groups and notes', async () => {
    const stream = session.request({
      ':method': 'POST',
      ':path': REVIEWS,
      'content-type': 'application/json',
      authorization: `Bearer ${server.credentials.adminToken}`,
      'impersonate-user': 'jane',
      'impersonate-group': ['a', 'b,c'],
      'impersonate-extra-key1': ['one,two', 'three'],
    });
    const { text } = await answerOf(stream, '{}');
    const { status } = JSON.parse(text) as { status: { userInfo: unknown } };
    assert.deepEqual(status.userInfo, {
      username: 'jane',
      groups: ['a', 'b,c', 'system:authenticated'],
      extra: { key1: ['one,two', 'three'] },
    });
  });

  it('knows a client by its certificate, and refuses one that shows nothing', async () => {
    assert.equal((await answerOf(open('GET', MAPS, session, false))).code, 401);
    const { certificate, key } = server.credentials.admin;
    const known = dial({ cert: certificate, key });
    const { text } = await answerOf(open('POST', REVIEWS, known, false), '{}');
    known.destroy();
    assert.match(text, /"username":"kubernetes-admin"/);
  });

  it('creates nothing of a body that was cut off, and goes on with the others', async () => {
    const cut = open('POST', MAPS);
    const whole = open('POST', MAPS);
    cut.on('error', () => undefined);
    // All that a ConfigMap needs, but not all that was to come.
    cut.write(configMap('cut'));
    // What is asked after it is answered when the server has it.
    await answerOf(open('GET', MAPS));
    // Closing would end the body first.
    cut.destroy(new Error('cut'));
    assert.equal((await answerOf(whole, configMap('whole'))).code, 201);
    assert.equal((await answerOf(open('GET', `${MAPS}/cut`))).code, 404);
  });

  it('refuses bodies above 3 MiB, and goes on with the connection', async () => {
    const answer = await answerOf(open('POST', MAPS), configMap('large', { a: 'x'.repeat(4 * 1024 * 1024) }));
    assert.equal(answer.code, 413);
    assert.equal((await answerOf(open('POST', MAPS), configMap('small'))).code, 201);
  });

  it('streams watches beside each other and ends them one by one', async () => {
    const paths = ['one', 'two'].map((name) => `${MAPS}?watch=1&fieldSelector=metadata.name%3D${name}`);
    const watches = paths.map((path) => open('GET', path).setEncoding('utf8') as ClientHttp2Stream);
    assert.deepEqual(await Promise.all(watches.map(codeOf)), [200, 200]);
    const [first, second] = watches as [ClientHttp2Stream, ClientHttp2Stream];
    const heard = once(first, 'data');
    await answerOf(open('POST', MAPS), configMap('one'));
    assert.match(String(await heard), /^\{"type":"ADDED"/);
    first.close();
    const others = once(second, 'data');
    await answerOf(open('POST', MAPS), configMap('two'));
    assert.match(String(await others), /"name":"two"/);
  });

  it('does not keep what a client does not read', async () => {
    await answerOf(open('POST', MAPS), configMap('read-slowly'));
    const watch = open('GET', `${MAPS}?watch=1&fieldSelector=metadata.name%3Dread-slowly`);
    await codeOf(watch);
    watch.pause();
    const changes = 60;
    const value = 'x'.repeat(500_000);
    for (let change = 0; change < changes; change += 1) {
      const body = configMap('read-slowly', { value, change: String(change) });
      assert.equal((await answerOf(open('PUT', `${MAPS}/read-slowly`), body)).code, 200);
    }
    let text = '';
    for await (const chunk of watch.setEncoding('utf8')) text += String(chunk);
    const frames = text.trimEnd().split('\n');
    assert.match(frames.at(-1) ?? '', /^\{"type":"ERROR".*"reason":"Expired"/);
    assert.ok(frames.length < changes / 2, `${frames.length} changes were kept`);
  });

  it('keeps a connection until the last of its requests is answered when it is closed', async () => {
    const [first, last] = [open('POST', MAPS), open('POST', MAPS)];
    for (const stream of [first, last]) stream.write(configMap('late').slice(0, 10));
    const unfinished = dialTls(server.server.port);
    unfinished.write('GET / HTTP/1.1\r\n');
    await answerOf(open('GET', MAPS));
    const closed = server.server.close();
    assert.equal((await answerOf(first, configMap('late').slice(10))).code, 201);
    // Connections that nothing is under way on are ended now.
    await once(unfinished, 'close');
    assert.equal((await answerOf(last, configMap('late').slice(10))).code, 409);
    await closed;
  });

  it('finishes what is under way and ends watches when it is closed', async () => {
    const watch = open('GET', `${MAPS}?watch=1&resourceVersion=0&allowWatchBookmarks=true`).setEncoding('utf8');
    const write = open('POST', MAPS);
    write.write(configMap('late').slice(0, 10));
    assert.equal(await codeOf(watch as ClientHttp2Stream), 200);
    const closed = server.server.close();
    let told = '';
    for await (const chunk of watch) told += String(chunk);
    assert.match(told, /"BOOKMARK"/);
    assert.equal((await answerOf(write, configMap('late').slice(10))).code, 201);
    await closed;
  });
});
