import assert from 'node:assert/strict';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createHttpClient } from '../../../src/cluster/client/http-client.js';
import type { HttpClient } from '../../../src/cluster/client/http-client.js';
import { ApiError, isApiError } from '../../../src/objects/api-error.js';
import { Deployment } from '../../../src/objects/kinds/apps-v1.js';
import { ConfigMap, Namespace, Pod } from '../../../src/objects/kinds/core-v1.js';
import { ManualClock } from './manual-clock.js';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Answer = (response: ServerResponse, seen: Seen) => void;

const json =
  (body: unknown, code = 200, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

const status = (code: number, reason: string, message: string, details: object = {}): Answer =>
  json({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, details, code }, code);

const discoveryOf = (group: string, version: string, resources: readonly [string, string, boolean][]) => ({
  metadata: { name: group },
  versions: [
    {
      version,
      resources: resources.map(([resource, kind, namespaced]) => ({
        resource,
        responseKind: { group, version, kind },
        scope: namespaced ? 'Namespaced' : 'Cluster',
        verbs: ['get', 'list', 'watch'],
      })),
    },
  ],
});

const aggregated = (...items: object[]): Answer =>
  json({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', items });

const DISCOVERY: Readonly<Record<string, Answer>> = {
  'GET /api': aggregated(
    discoveryOf('', 'v1', [
      ['configmaps', 'ConfigMap', true],
      ['pods', 'Pod', true],
      ['namespaces', 'Namespace', false],
    ]),
  ),
  'GET /apis': aggregated(discoveryOf('apps', 'v1', [['deployments', 'Deployment', true]])),
};

const text = async (request: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const piece of request) body += String(piece);
  return body;
};

describe('createHttpClient', () => {
  let server: Server;
  let client: HttpClient;
  let answers: Record<string, Answer | Answer[]>;
  let seen: Seen[];
  let sockets: Set<Socket>;
  let clock: ManualClock;

  beforeEach(async () => {
    answers = { ...DISCOVERY };
    seen = [];
    sockets = new Set();
    clock = new ManualClock();
    server = createServer((request, response) => {
      void text(request).then((body) => {
        const entry = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
        seen.push(entry);
        const known = answers[`${entry.method} ${entry.url}`] ?? answers[`${entry.method} ${entry.url.split('?')[0]}`];
        const answer = Array.isArray(known) ? known.shift() : known;
        (answer ?? status(404, 'NotFound', 'the server could not find the requested resource'))(response, entry);
      });
    });
    server.on('connection', (socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = createHttpClient(
      { server: `http://127.0.0.1:${port}`, token: 'secret' },
      { clock, userAgent: 'fairlead/test' },
    );
  });

  afterEach(async () => {
    client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('finds paths by discovery, asked once, over one kept connection', async () => {
    answers['GET /api/v1/namespaces/shop/configmaps/a'] = json({ metadata: { name: 'a' } });
    answers['GET /api/v1/namespaces/shop'] = json({ metadata: { name: 'shop' } });
    answers['GET /apis/apps/v1/namespaces/shop/deployments/web'] = json({ metadata: { name: 'web' } });
    await client.get(ConfigMap, { namespace: 'shop', name: 'a' });
    await client.get(Namespace, { name: 'shop' });
    await client.get(Deployment, { namespace: 'shop', name: 'web' });
    assert.equal(
      seen.filter((request) => request.url.startsWith('/apis') && !request.url.includes('deploy')).length,
      1,
    );
    assert.ok(sockets.size <= 2, 'discovery asks twice at once, everything else reuses a connection');
    assert.equal(seen.at(-1)?.headers.authorization, 'Bearer secret');
    assert.equal(seen.at(-1)?.headers['user-agent'], 'fairlead/test');
  });

  it('discovers a server that does not know the aggregated form', async () => {
    answers['GET /api'] = json({ kind: 'APIVersions', versions: ['v1'] });
    answers['GET /apis'] = json({
      kind: 'APIGroupList',
      groups: [{ versions: [{ groupVersion: 'broken.example/v1' }] }],
    });
    answers['GET /api/v1'] = json({
      resources: [
        { name: 'pods', kind: 'Pod', namespaced: true, verbs: ['get'] },
        { name: 'pods/log', kind: 'Pod', namespaced: true, verbs: ['get'] },
      ],
    });
    answers['GET /apis/broken.example/v1'] = status(503, 'ServiceUnavailable', 'down');
    assert.deepEqual(await client.resources(), [
      { apiVersion: 'v1', kind: 'Pod', resource: 'pods', namespaced: true, verbs: ['get'] },
    ]);
  });

  it('answers undefined for an object that is not there, throws for a kind that is not served', async () => {
    answers['GET /api/v1/namespaces/shop/configmaps/gone'] = status(404, 'NotFound', 'configmaps "gone" not found', {
      name: 'gone',
      kind: 'configmaps',
    });
    assert.equal(await client.get(ConfigMap, { namespace: 'shop', name: 'gone' }), undefined);
    await assert.rejects(client.get({ apiVersion: 'x.example/v1', kind: 'Thing' }, { name: 'a' }), (error) =>
      isApiError(error, 'NotFound'),
    );
    await assert.rejects(client.get(ConfigMap, { namespace: 'shop', name: 'unrouted' }), (error) =>
      isApiError(error, 'NotFound'),
    );
  });

  it('sends writes in the forms of the API', async () => {
    const object: ConfigMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'shop', name: 'a' },
      data: {},
    };
    const path = '/api/v1/namespaces/shop/configmaps';
    answers[`POST ${path}`] = json(object, 201);
    for (const method of ['PUT', 'PATCH', 'DELETE']) answers[`${method} ${path}/a`] = json(object);
    answers[`PUT ${path}/a/status`] = json(object);
    await client.create(object, { fieldManager: 'm', dryRun: true });
    await client.update(object);
    await client.updateStatus(object);
    await client.patch(ConfigMap, { namespace: 'shop', name: 'a' }, { type: 'merge', body: { data: null } });
    await client.apply(object, { fieldManager: 'm', force: true, fieldValidation: 'Strict' });
    await client.delete(ConfigMap, { namespace: 'shop', name: 'a' }, { propagationPolicy: 'Orphan' });
    assert.deepEqual(
      seen.slice(2).map((request) => [request.method, request.url.replace(path, ''), request.headers['content-type']]),
      [
        ['POST', '?fieldManager=m&dryRun=All', 'application/json'],
        ['PUT', '/a', 'application/json'],
        ['PUT', '/a/status', 'application/json'],
        ['PATCH', '/a', 'application/merge-patch+json'],
        ['PATCH', '/a?fieldManager=m&fieldValidation=Strict&force=true', 'application/apply-patch+yaml'],
        ['DELETE', '/a', 'application/json'],
      ],
    );
    assert.deepEqual(JSON.parse(seen.at(-1)?.body ?? ''), {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: 'Orphan',
    });
  });

  it('turns a Status into an ApiError with its reason, details and code', async () => {
    answers['PUT /api/v1/namespaces/shop/configmaps/a'] = status(409, 'Conflict', 'modified', { name: 'a' });
    const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'shop', name: 'a' } };
    await assert.rejects(client.update(object), (error) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual(
        [error.reason, error.code, error.message, error.details],
        ['Conflict', 409, 'modified', { name: 'a' }],
      );
      return true;
    });
    answers['PUT /api/v1/namespaces/shop/configmaps/a'] = (response) => response.writeHead(502).end('bad gateway');
    await assert.rejects(client.update(object), (error) => error instanceof ApiError && error.code === 502);
  });

  it('repeats what the server asks to repeat later', async () => {
    const { port } = server.address() as AddressInfo;
    const slept: number[] = [];
    const patient = createHttpClient(
      { server: `http://127.0.0.1:${port}` },
      { clock: { now: () => clock.now(), sleep: async (ms) => void slept.push(ms) } },
    );
    answers['GET /api/v1/namespaces/shop'] = [
      json({}, 429, { 'retry-after': '3' }),
      json({}, 503, { 'retry-after': '100' }),
      json({ metadata: { name: 'shop' } }),
    ];
    assert.equal((await patient.get(Namespace, { name: 'shop' }))?.metadata.name, 'shop');
    assert.deepEqual(slept, [3000, 30_000]);
    patient.close();
  });

  it('says which request timed out', async () => {
    const { port } = server.address() as AddressInfo;
    const impatient = createHttpClient({ server: `http://127.0.0.1:${port}` }, { clock, timeoutMs: 30 });
    answers['GET /api'] = () => undefined;
    await assert.rejects(
      impatient.resources(),
      (error) => isApiError(error, 'Timeout') && /GET \/api:/.test(error.message),
    );
    impatient.close();
  });

  it('watches: paged list, bookmark, events in any pieces, an error event, until the signal', async () => {
    const pods = '/api/v1/namespaces/shop/pods';
    answers[`GET ${pods}?limit=500`] = json({
      metadata: { resourceVersion: '5', continue: 'more' },
      items: [{ metadata: { name: 'a' } }],
    });
    answers[`GET ${pods}?limit=500&continue=more`] = json({
      metadata: { resourceVersion: '5' },
      items: [{ metadata: { name: 'b' } }],
    });
    const frame = Buffer.from(
      `${JSON.stringify({ type: 'MODIFIED', object: { metadata: { name: 'ä', resourceVersion: '6' } } })}\n${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } })}\n`,
    );
    const cut = frame.indexOf('ä') + 1;
    answers[`GET ${pods}`] = (response) => {
      response.writeHead(200);
      response.write(frame.subarray(0, cut));
      setImmediate(() => {
        response.write(frame.subarray(cut));
        response.end(
          `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'old' } })}\n`,
        );
      });
    };
    const told: string[] = [];
    const stop = new AbortController();
    await assert.rejects(
      async () => {
        for await (const event of client.watch(Pod, { namespace: 'shop' }, stop.signal)) {
          told.push(
            event.type === 'bookmark'
              ? `bookmark ${event.resourceVersion} ${event.initialEventsEnd}`
              : `${event.type} ${event.object.kind} ${event.object.metadata.name}`,
          );
        }
      },
      (error) => isApiError(error, 'Expired'),
    );
    assert.deepEqual(told, ['added Pod a', 'added Pod b', 'bookmark 5 true', 'modified Pod ä', 'bookmark 9 false']);
    const watch = seen.at(-1)?.url ?? '';
    assert.match(watch, /watch=1&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=\d+/);
  });

  it('ends a watch quietly when the signal fires', async () => {
    const stop = new AbortController();
    answers['GET /api/v1/pods'] = (response) => {
      response.writeHead(200).flushHeaders();
      setImmediate(() => stop.abort());
    };
    for await (const event of client.watch(Pod, { resourceVersion: '1' }, stop.signal)) assert.fail(event.type);
  });
});
