import assert from 'node:assert/strict';
import { createServer as createHttp } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTcp } from 'node:net';
import type { Probe } from '../../../../src/objects/kinds/core-v1.js';
import type { ContainerRuntime } from '../../../../src/runtime/containers/container-runtime.js';
import { RuntimeFailure } from '../../../../src/runtime/containers/container-runtime.js';
import { probeHttp } from '../../../../src/runtime/kubelet/probes/http-probe.js';
import type { ProbeResult } from '../../../../src/runtime/kubelet/probes/probe-handler.js';
import { runProbe } from '../../../../src/runtime/kubelet/probes/run-probe.js';
import { container } from '../pods.js';

const signal = new AbortController().signal;

const serving = async (server: Server, test: (port: number) => Promise<void>): Promise<void> => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    await test((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
};

const http = (answer: (request: IncomingMessage, response: ServerResponse) => void): Server => createHttp(answer);

const exec = (exitCode: number, stdout = '', stderr = ''): ContainerRuntime =>
  ({
    execSync: () => Promise.resolve({ exitCode, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) }),
  }) as unknown as ContainerRuntime;

const probe = (given: Probe, port?: number, runtime: ContainerRuntime = exec(0)): Promise<ProbeResult> => {
  const ports = port === undefined ? [] : [{ name: 'web', containerPort: port }];
  const target = { container: container('c', { ports }), containerId: 'c', podIp: '127.0.0.1' };
  return runProbe(given, target, runtime, signal);
};

describe('runProbe', () => {
  it('takes 200 to 399 for healthy, over a named port', () =>
    serving(
      http((request, response) => response.writeHead(Number(request.url?.slice(1))).end('body')),
      async (port) => {
        const outcome = async (status: number) =>
          (await probe({ httpGet: { port: 'web', path: `/${status}` } }, port)).outcome;
        assert.equal(await outcome(200), 'success');
        assert.equal(await outcome(399), 'success');
        assert.equal(await outcome(400), 'failure');
        const failed = await probe({ httpGet: { port, path: '500' } });
        assert.equal(failed.output, 'HTTP probe failed with statuscode: 500');
      },
    ));

  it('introduces itself, and sends the headers of the probe', async () => {
    let seen: IncomingMessage['headers'] = {};
    await serving(
      http((request, response) => {
        seen = request.headers;
        response.end();
      }),
      async (port) => {
        await probe({
          httpGet: {
            port,
            httpHeaders: [
              { name: 'Host', value: 'shop.example' },
              { name: 'X-A', value: '1' },
            ],
          },
        });
      },
    );
    assert.equal(seen.host, 'shop.example');
    assert.equal(seen['x-a'], '1');
    assert.equal(seen['user-agent'], 'kube-probe/1.35');
  });

  it('follows redirects on the same host, and no further than ten', () =>
    serving(
      http((request, response) => {
        if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
        else if (request.url === '/away') response.writeHead(302, { location: 'http://elsewhere.example/' }).end();
        else if (request.url === '/once') response.writeHead(302, { location: '/end' }).end();
        else response.writeHead(500).end();
      }),
      async (port) => {
        const outcome = async (path: string) => (await probe({ httpGet: { port, path } })).outcome;
        assert.equal(await outcome('/loop'), 'failure');
        assert.equal(await outcome('/once'), 'failure');
        assert.equal(await outcome('/away'), 'success');
      },
    ));

  it('fails when nobody listens, or nobody answers in time', async () => {
    await serving(createTcp(), async (port) => {
      const failed = await probeHttp(new URL(`http://127.0.0.1:${port}/`), [], 30, signal);
      assert.equal(failed.outcome, 'failure');
      assert.match(failed.output, /context deadline exceeded/);
    });
    const refused = await probe({ httpGet: { port: 9 } });
    assert.equal(refused.output, 'Get "http://127.0.0.1:9/": dial tcp 127.0.0.1:9: connect: connection refused');
  });

  it('opens TCP connections', async () => {
    await serving(
      createTcp((socket) => socket.end()),
      async (port) => {
        assert.equal((await probe({ tcpSocket: { port } })).outcome, 'success');
      },
    );
    assert.equal((await probe({ tcpSocket: { port: 9 } })).outcome, 'failure');
    assert.equal((await probe({ tcpSocket: { port: 'none' } })).outcome, 'error');
  });

  it('asks the health protocol of gRPC', async () => {
    const asked: string[] = [];
    const server = createHttp2();
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const service = Buffer.concat(chunks).subarray(7).toString('utf8');
        asked.push(`${headers[':path']} ${service}`);
        const status = service === 'down' ? 2 : 1;
        if (service === 'unknown') {
          stream.respond(
            {
              ':status': 200,
              'content-type': 'application/grpc',
              'grpc-status': '5',
              'grpc-message': 'unknown%20service',
            },
            { endStream: true },
          );
          return;
        }
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]));
      });
    });
    await serving(server, async (port) => {
      assert.equal((await probe({ grpc: { port } })).outcome, 'success');
      assert.equal(
        (await probe({ grpc: { port, service: 'down' } })).output,
        'service unhealthy (responded with "NOT_SERVING")',
      );
      assert.match((await probe({ grpc: { port, service: 'unknown' } })).output, /code = 5 desc = unknown service/);
    });
    assert.equal(asked[0], '/grpc.health.v1.Health/Check ');
    assert.equal((await probe({ grpc: { port: 9 } })).outcome, 'failure');
  });

  it('runs commands', async () => {
    const command = ['check'];
    assert.equal((await probe({ exec: { command } }, undefined, exec(0))).outcome, 'success');
    const failed = await probe({ exec: { command } }, undefined, exec(2, 'out ', 'err'));
    assert.deepEqual(failed, { outcome: 'failure', output: 'out err' });
    const slow = {
      execSync: () => Promise.reject(new RuntimeFailure('timeout', 'slow')),
    } as unknown as ContainerRuntime;
    const timedOut = await probe({ exec: { command } }, undefined, slow);
    assert.deepEqual(timedOut, { outcome: 'failure', output: 'command timed out: "check" timed out after 1s' });
  });
});
