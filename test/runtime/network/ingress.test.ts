import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingHttpHeaders, RequestListener, Server } from 'node:http';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import pino from 'pino';
import { WebSocket, WebSocketServer } from 'ws';
import { ServiceEndpoints } from '../../../src/runtime/network/service-endpoints.js';
import type { IngressServer } from '../../../src/runtime/network/ingress/start-ingress.js';
import { startIngress } from '../../../src/runtime/network/ingress/start-ingress.js';
import { Ingress } from '../../../src/objects/kinds/networking-k8s-io-v1.js';
import { hasLoopbackRange } from '../../../src/runtime/containers/process/pod-addresses.js';
import { skipWithout } from '../../components/components.js';
import { ClusterStub } from '../cluster-stub.js';
import { endpoint, ingress, path, service, slice } from './objects.js';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('startIngress', () => {
  let cluster: ClusterStub;
  let endpoints: ServiceEndpoints;
  let server: IngressServer;
  let backends: Server[];

  before(async function () {
    if (!(await hasLoopbackRange())) skipWithout(this, 'loopback addresses beside 127.0.0.1', 'run on Linux');
  });

  beforeEach(async () => {
    cluster = new ClusterStub();
    backends = [];
    endpoints = new ServiceEndpoints(cluster.informers);
    const { client, informers } = cluster;
    const log = pino({ level: 'silent' });
    server = await startIngress({ client, informers, endpoints, host: '127.0.0.1', port: 0, log });
    cluster.put(service('web'));
    cluster.put(ingress('web', [{ host: 'shop.example', paths: [path('/', 'Prefix', 'web')] }]));
  });

  afterEach(async () => {
    for (const backend of backends) {
      backend.closeAllConnections();
      backend.close();
    }
    await server.close(0);
    endpoints.close();
  });

  /** A backend on a loopback address of its own, all on one port as pods are. */
  const backend = async (ip: string, port: number, listener: RequestListener): Promise<Server> => {
    const made = createServer(listener);
    made.listen(port, ip);
    await once(made, 'listening');
    backends.push(made);
    return made;
  };

  const portOf = (made: Server): number => (made.address() as AddressInfo).port;

  const ask = (options: { method?: string; path?: string; body?: string; headers?: Record<string, string> } = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const { method = 'GET', body } = options;
      const request = httpRequest(
        {
          port: server.port,
          host: '127.0.0.1',
          method,
          path: options.path ?? '/',
          headers: { host: 'shop.example', ...options.headers },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('error', reject);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          );
        },
      );
      request.on('error', reject);
      request.end(body);
    });

  it('passes requests on with who asked, and answers back, streams and all', async () => {
    let seen: IncomingHttpHeaders = {};
    const made = await backend('127.0.0.1', 0, (request, response) => {
      seen = request.headers;
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      request.pipe(response);
    });
    cluster.put(slice('web', portOf(made), [endpoint('127.0.0.1')]));
    const body = 'x'.repeat(200_000);
    const answer = await ask({ method: 'POST', path: '/a?b=c', body, headers: { 'X-Forwarded-For': '6.6.6.6' } });
    assert.equal(answer.status, 200);
    assert.equal(answer.body, body);
    assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2']);
    assert.equal(seen.host, 'shop.example');
    assert.equal(seen['x-forwarded-for'], '127.0.0.1');
    assert.equal(seen['x-forwarded-host'], 'shop.example');
    assert.equal(seen['x-forwarded-proto'], 'http');
  });

  it('answers 404 without a rule, 503 without an endpoint and 400 to what is no request', async () => {
    assert.equal((await ask({ headers: { host: 'nobody.example' } })).status, 404);
    assert.equal((await ask()).status, 503);
    assert.equal((await ask({ headers: { host: 'a b' } })).status, 400);
  });

  it('matches the path that the backend will see, not one that hides behind dots', async () => {
    cluster.put(ingress('web', [{ host: 'shop.example', paths: [path('/public', 'Prefix', 'web')] }]));
    const made = await backend('127.0.0.1', 0, (_request, response) => response.end('ok'));
    cluster.put(slice('web', portOf(made), [endpoint('127.0.0.1')]));
    assert.equal((await ask({ path: '/public/x' })).status, 200);
    assert.equal((await ask({ path: '/public/../admin' })).status, 404);
    assert.equal((await ask({ path: '/public/%2e%2e/admin' })).status, 404);
  });

  it('sends nothing new to an endpoint that terminates, unless there is no other', async () => {
    const made = await backend('127.64.3.1', 0, (_request, response) => response.end('old'));
    const port = portOf(made);
    await backend('127.64.3.2', port, (_request, response) => response.end('new'));
    const leaving = endpoint('127.64.3.1', { ready: false, serving: true, terminating: true });
    cluster.put(slice('web', port, [leaving]));
    assert.equal((await ask()).body, 'old');
    cluster.put(slice('web', port, [leaving, endpoint('127.64.3.2')]));
    for (let round = 0; round < 5; round++) assert.equal((await ask()).body, 'new');
  });

  it('sees that a pod is being deleted before its EndpointSlice says so', async () => {
    const made = await backend('127.64.3.1', 0, (_request, response) => response.end('old'));
    const port = portOf(made);
    await backend('127.64.3.2', port, (_request, response) => response.end('new'));
    const old = { ...endpoint('127.64.3.1'), targetRef: { kind: 'Pod', name: 'old', namespace: 'shop' } };
    cluster.put(slice('web', port, [old, endpoint('127.64.3.2')]));
    const answers = new Set([(await ask()).body, (await ask()).body]);
    assert.deepEqual([...answers].sort(), ['new', 'old']);
    const metadata = { namespace: 'shop', name: 'old', deletionTimestamp: '2030-01-01T00:00:00Z' };
    cluster.put({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] } });
    for (let round = 0; round < 4; round++) assert.equal((await ask()).body, 'new');
  });

  it('goes to the next endpoint when one refuses the connection, with the body whole', async () => {
    const made = await backend('127.64.3.2', 0, (request, response) => request.pipe(response));
    cluster.put(slice('web', portOf(made), [endpoint('127.64.3.1'), endpoint('127.64.3.2')]));
    for (let round = 0; round < 4; round++) {
      const answer = await ask({ method: 'POST', body: 'precious' });
      assert.deepEqual([answer.status, answer.body], [200, 'precious']);
    }
  });

  it('sends a request with a body once, even when the connection breaks', async () => {
    let count = 0;
    const listener: RequestListener = (request) => {
      count += 1;
      request.resume();
      request.on('end', () => request.socket.destroy());
    };
    const made = await backend('127.64.3.1', 0, listener);
    await backend('127.64.3.2', portOf(made), listener);
    cluster.put(slice('web', portOf(made), [endpoint('127.64.3.1'), endpoint('127.64.3.2')]));
    assert.equal((await ask({ method: 'POST', body: 'order' })).status, 502);
    assert.equal(count, 1);
    assert.equal((await ask()).status, 502);
    assert.ok(count > 2, 'a GET may be tried again');
  });

  it('loses no request in a rolling update', async () => {
    const made = await backend('127.64.3.1', 0, (_request, response) => response.end('1'));
    const port = portOf(made);
    const ips = ['127.64.3.1'];
    let current = made;
    cluster.put(slice('web', port, [endpoint('127.64.3.1')]));
    const done = new AbortController();
    const seen = new Map<string, number>();
    const client = async (): Promise<void> => {
      while (!done.signal.aborted) {
        const { status, body } = await ask();
        assert.equal(status, 200);
        seen.set(body, (seen.get(body) ?? 0) + 1);
      }
    };
    const clients = [client(), client(), client()];
    for (let version = 2; version <= 6; version++) {
      const ip = `127.64.3.${version}`;
      const next = await backend(ip, port, (_request, response) => response.end(String(version)));
      cluster.put(slice('web', port, [endpoint(ips.at(-1) ?? ''), endpoint(ip)]));
      while ((seen.get(String(version)) ?? 0) === 0)
        await ask().then(({ body }) => seen.set(body, (seen.get(body) ?? 0) + 1));
      // The old program ends at once and takes its kept connections with it, before the slice says so.
      current.close();
      current.closeAllConnections();
      cluster.put(slice('web', port, [endpoint(ip)]));
      ips.push(ip);
      current = next;
    }
    done.abort();
    await Promise.all(clients);
    assert.equal(seen.size, 6);
  });

  it('breaks the connection of an answer that breaks off', async () => {
    const made = await backend('127.0.0.1', 0, (_request, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('half', () => response.destroy());
    });
    cluster.put(slice('web', portOf(made), [endpoint('127.0.0.1')]));
    await assert.rejects(ask());
  });

  it('finishes what is in flight when it closes', async () => {
    let release: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) => {
      void backend('127.0.0.1', 0, (_request, response) => {
        release = () => response.end('late');
        resolve();
      }).then((made) => cluster.put(slice('web', portOf(made), [endpoint('127.0.0.1')])));
    });
    while (backends.length === 0) await new Promise(setImmediate);
    const asked = ask({ headers: { connection: 'close' } });
    await arrived;
    const closed = server.close();
    release?.();
    assert.equal((await asked).body, 'late');
    await closed;
  });

  it('connects websockets', async () => {
    const made = await backend('127.0.0.1', 0, () => undefined);
    const sockets = new WebSocketServer({ server: made });
    sockets.on('connection', (socket) =>
      socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`)),
    );
    cluster.put(slice('web', portOf(made), [endpoint('127.64.3.9'), endpoint('127.0.0.1')]));
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/chat`, { headers: { host: 'shop.example' } });
    await once(socket, 'open');
    socket.send('hi');
    const [message] = (await once(socket, 'message')) as [Buffer];
    assert.equal(message.toString(), 'echo hi');
    // An open websocket does not keep the ingress from closing.
    const closed = once(socket, 'close');
    await server.close(0);
    await closed;
    sockets.close();
  });

  it('refuses a websocket that no endpoint takes', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [head] = (await once(socket, 'data')) as [Buffer];
    assert.match(head.toString(), /^HTTP\/1\.1 503 /);
    socket.destroy();
  });

  it('writes into the status of an Ingress where it is served', async () => {
    await new Promise(setImmediate);
    const written = cluster.get(Ingress, { namespace: 'shop', name: 'web' });
    assert.deepEqual(written?.status, {
      loadBalancer: { ingress: [{ ip: '127.0.0.1', ports: [{ port: server.port, protocol: 'TCP' }] }] },
    });
  });
});
