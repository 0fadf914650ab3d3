import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid } from 'node:process';
import type Docker from 'dockerode';
import pino from 'pino';
import { systemClock } from '../../../src/objects/clock.js';
import type { ContainerRuntime, Sandbox } from '../../../src/runtime/containers/container-runtime.js';
import { createDockerRuntime } from '../../../src/runtime/containers/docker/docker-runtime.js';
import type { DnsServer } from '../../../src/runtime/network/dns/start-dns.js';
import { startDns } from '../../../src/runtime/network/dns/start-dns.js';
import { findPodGateway } from '../../../src/runtime/network/pod-gateway.js';
import { ServiceEndpoints } from '../../../src/runtime/network/service-endpoints.js';
import { chainNames } from '../../../src/runtime/network/services/iptables-rules.js';
import type { ServiceProxy } from '../../../src/runtime/network/services/start-service-proxy.js';
import { startServiceProxy } from '../../../src/runtime/network/services/start-service-proxy.js';
import { skipWithout } from '../../components/components.js';
import { BUSYBOX_IMAGE, DOCKER_SOCKET, HTTPD_IMAGES, makeTestImages, realDocker } from '../../components/images.js';
import { ClusterStub } from '../../runtime/cluster-stub.js';
import { endpoint, service, slice } from '../../runtime/network/objects.js';
import { containerConfig, sandboxConfig, signal, SLEEP, textOf, untilEnded } from './runtime-contract.js';

const log = pino({ level: 'silent' });
const LOGS = { follow: false, timestamps: false, stream: 'all' } as const;
/** A range of this suite's own, so that it does not meet a cluster that runs on this machine. */
const NETWORK = `fairlead-conformance-${process.pid}`;
const CLUSTER_IP = '10.97.250.7';

describe('Services between containers', function () {
  this.timeout(60_000);
  let docker: Docker;
  let root: string;
  let runtime: ContainerRuntime;
  let cluster: ClusterStub;
  let endpoints: ServiceEndpoints;
  let proxy: ServiceProxy;
  let dns: DnsServer;
  let gateway: string;
  let servers: readonly Sandbox[];

  const makePod = async (name: string, image: string, command: readonly string[] = []) => {
    const servers = [gateway];
    const searches = ['shop.svc.cluster.local', 'svc.cluster.local', 'cluster.local'];
    const config = sandboxConfig({ podName: name, dns: { servers, searches, options: ['ndots:5'] } });
    const sandbox = await runtime.runPodSandbox(config, signal);
    const imageId = (await runtime.imageStatus(image, signal))?.id ?? '';
    const id = await runtime.createContainer(sandbox.id, containerConfig(imageId, command), config, signal);
    await runtime.startContainer(id, signal);
    return { sandbox, id };
  };

  const outputOf = async (command: string): Promise<string> => {
    const { sandbox, id } = await makePod('client', BUSYBOX_IMAGE, ['sh', '-c', `${command} 2>&1`]);
    await untilEnded(runtime, id);
    const text = await textOf(await runtime.logs(id, LOGS, signal));
    await runtime.removePodSandbox(sandbox.id, signal);
    return text;
  };

  before(async function () {
    if (getuid?.() !== 0) skipWithout(this, 'root', 'run as root: only root may change the packet filter');
    docker = await realDocker(this);
    await makeTestImages(this, docker);
    root = mkdtempSync(join(tmpdir(), 'fairlead-network-'));
    // A network of its own: another Fairlead on this machine may serve names on the usual one.
    await docker.createNetwork({ Name: NETWORK, Driver: 'bridge' });
    runtime = createDockerRuntime({ socketPath: DOCKER_SOCKET, root, network: NETWORK, clock: systemClock, log });
    gateway = (await findPodGateway(DOCKER_SOCKET, NETWORK)) ?? '';
    assert.notEqual(gateway, '');
    cluster = new ClusterStub();
    endpoints = new ServiceEndpoints(cluster.informers);
    const { client, informers } = cluster;
    const options = { client, informers, endpoints, host: '127.0.0.1', instance: root, clock: systemClock, log };
    proxy = await startServiceProxy({ ...options, runtime: 'docker', gateway });
    assert.deepEqual(proxy.clusterAddresses.reachable, true, proxy.clusterAddresses.reason);
    dns = await startDns({ informers, endpoints, host: gateway, port: 53, upstream: [], log });
    const made = await Promise.all(HTTPD_IMAGES.map((image, index) => makePod(`web-${index}`, image)));
    servers = made.map(({ sandbox }) => sandbox);
    cluster.put(service('web', { clusterIP: CLUSTER_IP }));
    cluster.put(
      slice(
        'web',
        8080,
        servers.map(({ ip }) => endpoint(ip ?? '')),
      ),
    );
    await proxy.settled();
  });

  after(async () => {
    await dns?.close();
    await proxy?.close({ removeRules: true });
    if (runtime !== undefined) {
      for (const { id } of await runtime.listPodSandboxes(signal)) await runtime.removePodSandbox(id, signal);
      await runtime.close();
      await docker.getNetwork(NETWORK).remove();
      rmSync(root, { recursive: true, force: true });
      assert.doesNotMatch(execFileSync('iptables-save', { encoding: 'utf8' }), new RegExp(chainNames(root).prefix));
    }
  });

  it('reaches a Service by its address, by its name and by its short name', async () => {
    const urls = [`http://${CLUSTER_IP}/`, 'http://web.shop.svc.cluster.local/', 'http://web/'];
    for (const url of urls) assert.match(await outputOf(`timeout 5 wget -qO- ${url}`), /^version [12]\n$/, url);
  });

  it('spreads connections over the endpoints', async () => {
    const text = await outputOf(
      `for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do timeout 5 wget -qO- http://${CLUSTER_IP}/; done`,
    );
    assert.match(text, /version 1/);
    assert.match(text, /version 2/);
  });

  it('lets a pod reach the Service of which it is the only endpoint', async () => {
    const { sandbox, id } = await makePod('self', BUSYBOX_IMAGE, SLEEP);
    const other = '10.97.250.8';
    cluster.put(service('self', { clusterIP: other }));
    cluster.put(slice('self', 8080, [endpoint(sandbox.ip ?? '')]));
    await proxy.settled();
    await runtime.execSync(id, ['sh', '-c', 'httpd -p 8080 -h /etc'], 5000, signal);
    const result = await runtime.execSync(
      id,
      ['timeout', '5', 'wget', '-qO-', `http://${other}/passwd`],
      10_000,
      signal,
    );
    assert.match(Buffer.from(result.stdout).toString(), /^root:/);
  });

  it('reaches a Service from this machine', async () => {
    const response = await fetch(`http://${CLUSTER_IP}/`);
    assert.match(await response.text(), /^version [12]\n$/);
  });

  it('refuses connections at once when no endpoint is left, and serves again when one is back', async () => {
    cluster.put(slice('web', 8080, []));
    await proxy.settled();
    assert.match(await outputOf(`timeout 20 wget -qO- http://${CLUSTER_IP}/`), /refused/);
    cluster.put(slice('web', 8080, [endpoint(servers[1]?.ip ?? '')]));
    await proxy.settled();
    assert.equal(await outputOf(`timeout 5 wget -qO- http://${CLUSTER_IP}/`), 'version 2\n');
  });

  it('keeps a client with its endpoint when the Service says so', async () => {
    const sticky = '10.97.250.9';
    cluster.put(service('sticky', { clusterIP: sticky, sessionAffinity: 'ClientIP' }));
    cluster.put(
      slice(
        'sticky',
        8080,
        servers.map(({ ip }) => endpoint(ip ?? '')),
      ),
    );
    await proxy.settled();
    const text = await outputOf(`for i in 1 2 3 4 5 6 7 8 9 10; do timeout 5 wget -qO- http://${sticky}/; done`);
    assert.ok(text === 'version 1\n'.repeat(10) || text === 'version 2\n'.repeat(10), text);
  });

  it('removes what a data folder that is gone left in the packet filter, and nothing else', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead gone-'));
    const { client, informers } = cluster;
    const options = { client, informers, endpoints, host: '127.0.0.1', clock: systemClock, log, gateway };
    const left = await startServiceProxy({ ...options, instance: folder, runtime: 'docker' });
    await left.settled();
    await left.close();
    const saved = (): string => execFileSync('iptables-save', { encoding: 'utf8' });
    assert.ok(saved().includes(chainNames(folder).services));
    rmSync(folder, { recursive: true });
    cluster.put(service('another', { clusterIP: '10.97.250.11' }));
    cluster.put(slice('another', 8080, [endpoint(servers[0]?.ip ?? '')]));
    await proxy.settled();
    assert.ok(!saved().includes(chainNames(folder).prefix));
    assert.ok(saved().includes(chainNames(root).services));
  });

  it('makes what listens on the loopback of this machine reachable through a Service', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nfrom the machine\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    cluster.put(service('api', { clusterIP: '10.97.250.10' }));
    cluster.put(slice('api', port, [endpoint('127.0.0.1')]));
    await proxy.settled();
    assert.equal(await outputOf('timeout 5 wget -qO- http://api.shop/'), 'from the machine\n');
    server.close();
  });
});
