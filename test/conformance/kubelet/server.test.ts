import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { execPath } from 'node:process';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { createAuthority, issueCertificate } from '../../../src/cluster/auth/certificates.js';
import { systemClock } from '../../../src/objects/clock.js';
import { createProcessRuntime } from '../../../src/runtime/containers/process/process-runtime.js';
import { SpdyClient } from '../../runtime/kubelet/spdy-client.js';
import type { TestCluster } from '../../runtime/kubelet/test-cluster.js';
import { isReady, log } from '../../runtime/kubelet/test-cluster.js';
import { websocketTransport } from '../../runtime/kubelet/websocket-transport.js';
import { FOREVER, realCluster, removeAllPods, sh } from './kubelet-contract.js';

const TOKEN = 'the-token';
const IMAGE = 'anything:1';
/** Answers every line with the same line in capitals, and says good-bye at the end. */
const ECHO_SERVER = `require('node:net').createServer((s) => { s.on('data', (d) => s.write(String(d).toUpperCase())); s.on('error', () => {}); }).listen(8080, process.env.HOST, () => console.log('up'))`;

describe('startKubeletServer', function () {
  this.timeout(30_000);
  let cluster: TestCluster;
  let port: number;

  before(async () => {
    const authority = await createAuthority(Date.now());
    const { certificate, key } = await issueCertificate(
      authority,
      { commonName: 'system:node:n1', hosts: ['127.0.0.1'], use: 'server' },
      Date.now(),
    );
    cluster = await realCluster(
      {
        make: (folder) => createProcessRuntime({ root: `${folder}/runtime`, clock: systemClock, log }),
        image: IMAGE,
        limitsMemory: false,
      },
      { host: '127.0.0.1', port: 0, tls: { cert: certificate, key }, token: TOKEN },
    );
    port = cluster.kubelet.kubeletPort ?? 0;
    await cluster.run('web', {
      terminationGracePeriodSeconds: 1,
      containers: [
        sh(IMAGE, `echo one; echo two >&2; ${FOREVER}`),
        {
          name: 'server',
          image: IMAGE,
          command: [execPath, '-e', ECHO_SERVER],
          readinessProbe: { tcpSocket: { port: 8080 } },
        },
      ],
    });
    await cluster.until('web', isReady);
  });

  after(async () => {
    await removeAllPods(cluster);
    await cluster.stop();
  });

  const get = (path: string, token = TOKEN): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const sent = request({ host: '127.0.0.1', port, path, headers, rejectUnauthorized: false }, (answer) => {
        let body = '';
        answer.on('data', (chunk: Buffer) => {
          body += chunk.toString('utf8');
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
        answer.on('error', reject);
      });
      sent.on('error', reject);
      sent.end();
    });

  const socket = (path: string, protocol: string, token = TOKEN): WebSocket =>
    new WebSocket(`wss://127.0.0.1:${port}${path}`, [protocol], {
      headers: { authorization: `Bearer ${token}` },
      rejectUnauthorized: false,
    });

  /** Everything that came on each channel until the connection closed. */
  const collect = async (client: WebSocket): Promise<Map<number, string>> => {
    const channels = new Map<number, string>();
    client.on('message', (data: Buffer) => {
      channels.set(data[0] ?? 0, (channels.get(data[0] ?? 0) ?? '') + data.subarray(1).toString('utf8'));
    });
    await once(client, 'close');
    return channels;
  };

  const upgrade = (
    path: string,
    more: Readonly<Record<string, string>>,
  ): Promise<{ connection: Duplex; answer: IncomingMessage }> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${TOKEN}`, connection: 'Upgrade', ...more };
      const sent = request({ host: '127.0.0.1', port, path, headers, rejectUnauthorized: false });
      sent.on('upgrade', (answer: IncomingMessage, connection: Duplex) => resolve({ connection, answer }));
      sent.on('response', (answer) => reject(new Error(`status ${answer.statusCode}`)));
      sent.on('error', reject);
      sent.end();
    });

  const spdy = async (path: string, versions: string): Promise<{ client: SpdyClient; answer: IncomingMessage }> => {
    const headers = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': versions };
    const { connection, answer } = await upgrade(path, headers);
    return { client: new SpdyClient(connection), answer };
  };

  const tunnel = async (): Promise<Duplex> => {
    const { connection, answer } = await upgrade('/portForward/default/web', {
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io',
    });
    assert.equal(answer.headers['sec-websocket-protocol'], 'SPDY/3.1+portforward.k8s.io');
    return connection;
  };

  it('refuses who has no token, and a wrong one', async () => {
    for (const path of ['/healthz', '/pods', '/exec/default/web/c']) {
      assert.equal((await get(path, 'wrong')).status, 401);
      assert.equal((await get(path, '')).status, 401);
    }
    const [, answer] = (await once(
      socket('/exec/default/web/c?command=id&output=1', 'v5.channel.k8s.io', 'wrong'),
      'unexpected-response',
    )) as [unknown, IncomingMessage];
    assert.equal(answer.statusCode, 401);
  });

  it('names its port in the Node', async () => {
    const node = await cluster.client.get({ apiVersion: 'v1', kind: 'Node' }, { name: 'n1' });
    const status = node?.['status'] as { daemonEndpoints: { kubeletEndpoint: { Port: number } } };
    assert.equal(status.daemonEndpoints.kubeletEndpoint.Port, port);
  });

  it('serves logs', async () => {
    const all = await get('/containerLogs/default/web/c');
    assert.deepEqual(all.body.trim().split('\n').sort(), ['one', 'two']);
    assert.equal((await get('/containerLogs/default/web/c?stream=Stderr')).body, 'two\n');
    assert.match((await get('/containerLogs/default/web/c?timestamps=true')).body, /^\d{4}-\d\d-\d\dT.*Z (one|two)$/m);
    assert.equal((await get('/containerLogs/default/web/c?limitBytes=2')).body.length, 2);
    assert.equal((await get('/containerLogs/default/web/c?tailLines=1')).body.split('\n').length, 2);
  });

  it('says why there are no logs', async () => {
    const previous = await get('/containerLogs/default/web/c?previous=true');
    assert.equal(previous.status, 400);
    assert.match(previous.body, /previous terminated container \\"c\\" in pod \\"web\\" not found/);
    assert.equal((await get('/containerLogs/default/web/nothing')).status, 400);
    assert.equal((await get('/containerLogs/default/nothing/c')).status, 404);
    assert.equal((await get('/containerLogs/default/web/c?tailLines=-1')).status, 400);
  });

  it('runs commands over a WebSocket', async () => {
    const query = 'command=/bin/sh&command=-c&command=echo%20out;%20echo%20err%20%3E%262;%20exit%203&output=1&error=1';
    const channels = await collect(socket(`/exec/default/web/c?${query}`, 'v5.channel.k8s.io'));
    assert.equal(channels.get(1), 'out\n');
    assert.equal(channels.get(2), 'err\n');
    const status = JSON.parse(channels.get(3) ?? '') as { reason: string; details: unknown };
    assert.equal(status.reason, 'NonZeroExitCode');
    assert.deepEqual(status.details, { causes: [{ reason: 'ExitCode', message: '3' }] });
  });

  it('passes input on and closes it when the client does', async () => {
    const client = socket('/exec/default/web/c?command=cat&stdin=true&stdout=true', 'v5.channel.k8s.io');
    const done = collect(client);
    await once(client, 'open');
    client.send(Buffer.concat([Buffer.from([0]), Buffer.from('hello '.repeat(20_000))]));
    client.send(Buffer.concat([Buffer.from([0]), Buffer.from('end')]));
    client.send(Buffer.from([255, 0]));
    const channels = await done;
    assert.equal(channels.get(1), `${'hello '.repeat(20_000)}end`);
    assert.deepEqual(JSON.parse(channels.get(3) ?? ''), { metadata: {}, status: 'Success' });
  });

  it('runs commands over SPDY', async () => {
    const query = 'command=cat&input=1&output=1&error=1';
    const { client, answer } = await spdy(`/exec/default/web/c?${query}`, 'v4.channel.k8s.io, v3.channel.k8s.io');
    assert.equal(answer.headers['x-stream-protocol-version'], 'v4.channel.k8s.io');
    const error = await client.open({ streamType: 'error' });
    const stdin = await client.open({ streamType: 'stdin' });
    const stdout = await client.open({ streamType: 'stdout' });
    await client.open({ streamType: 'stderr' });
    client.send(stdin, 'over spdy');
    client.end(stdin);
    await client.untilEnded(error);
    assert.equal(client.text(stdout), 'over spdy');
    assert.deepEqual(JSON.parse(client.text(error)), { metadata: {}, status: 'Success' });
    client.close();
  });

  const forward = async (client: SpdyClient): Promise<void> => {
    const headers = { port: '8080', requestID: '0' };
    const error = await client.open({ ...headers, streamType: 'error' });
    client.end(error);
    const data = await client.open({ ...headers, streamType: 'data' });
    client.send(data, 'hello');
    while (client.text(data).length < 5) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(client.text(data), 'HELLO');
    client.end(data);
    await client.untilEnded(data);
    await client.untilEnded(error);
    assert.equal(client.text(error), '');
    const refused = await client.open({ port: '9', requestID: '1', streamType: 'error' });
    await client.open({ port: '9', requestID: '1', streamType: 'data' });
    await client.untilEnded(refused);
    assert.match(client.text(refused), /^an error occurred forwarding port 9/);
    client.close();
  };

  it('forwards ports over SPDY', async () => {
    const { client } = await spdy('/portForward/default/web', 'portforward.k8s.io');
    await forward(client);
  });

  it('forwards ports over SPDY in a WebSocket', async () => {
    await forward(new SpdyClient(websocketTransport(await tunnel())));
  });

  it('survives nonsense on an upgraded connection', async () => {
    const transport = websocketTransport(await tunnel());
    transport.write(Buffer.alloc(1000, 0xff));
    transport.resume();
    await once(transport, 'close');
    assert.equal((await get('/healthz')).status, 200);
  });

  it('reports usage', async () => {
    const summary = JSON.parse((await get('/stats/summary')).body) as { node: { nodeName: string }; pods: unknown[] };
    assert.equal(summary.node.nodeName, 'n1');
    assert.equal(summary.pods.length, 1);
    assert.match(
      (await get('/metrics/resource')).body,
      /container_memory_working_set_bytes\{container="c",namespace="default",pod="web"\} \d+/,
    );
    assert.match((await get('/metrics')).body, /kubelet_running_pods 1/);
    assert.equal((JSON.parse((await get('/pods')).body) as { items: unknown[] }).items.length, 1);
  });
});
