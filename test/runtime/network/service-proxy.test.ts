import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:net';
import { connect, createServer } from 'node:net';
import pino from 'pino';
import type { Clock } from '../../../src/objects/clock.js';
import { Service } from '../../../src/objects/kinds/core-v1.js';
import { ServiceEndpoints } from '../../../src/runtime/network/service-endpoints.js';
import { ClientAffinity } from '../../../src/runtime/network/services/affinity.js';
import { chainNames, iptablesRules } from '../../../src/runtime/network/services/iptables-rules.js';
import { servicePortRules } from '../../../src/runtime/network/services/service-ports.js';
import type { ServiceProxy } from '../../../src/runtime/network/services/start-service-proxy.js';
import { startServiceProxy } from '../../../src/runtime/network/services/start-service-proxy.js';
import { hasLoopbackRange } from '../../../src/runtime/containers/process/pod-addresses.js';
import { skipWithout } from '../../components/components.js';
import { ClusterStub } from '../cluster-stub.js';
import { endpoint, service, slice } from './objects.js';

let now = 0;
const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };
const log = pino({ level: 'silent' });

describe('startServiceProxy with processes', () => {
  let cluster: ClusterStub;
  let endpoints: ServiceEndpoints;
  let proxy: ServiceProxy;
  let backends: Server[];
  /** An address of this run's own: several runs may share the machine. */
  const clusterIP = `127.97.${process.pid & 0xff}.${1 + ((process.pid >>> 8) % 250)}`;

  before(async function () {
    if (!(await hasLoopbackRange())) skipWithout(this, 'loopback addresses beside 127.0.0.1', 'run on Linux');
  });

  beforeEach(async () => {
    cluster = new ClusterStub();
    backends = [];
    endpoints = new ServiceEndpoints(cluster.informers);
    const { client, informers } = cluster;
    const options = { client, informers, endpoints, host: '127.0.0.1', instance: 'test', clock, log };
    proxy = await startServiceProxy({ ...options, runtime: 'process' });
  });

  afterEach(async () => {
    await proxy.close();
    endpoints.close();
    for (const backend of backends) backend.close();
  });

  const backend = async (ip: string, port = 0): Promise<number> => {
    const made = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(ip);
    });
    made.listen(port, ip);
    await once(made, 'listening');
    backends.push(made);
    const address = made.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  };

  const ask = async (ip: string, port: number): Promise<string> => {
    const socket = connect(port, ip);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    await once(socket, 'close');
    return text;
  };

  const highPort = { ports: [{ name: 'http', port: 18_080, protocol: 'TCP' }], clusterIP };

  it('passes connections to the cluster address on to ready endpoints', async () => {
    const port = await backend('127.64.4.1');
    await backend('127.64.4.2', port);
    cluster.put(service('web', highPort));
    cluster.put(slice('web', port, [endpoint('127.64.4.1'), endpoint('127.64.4.2'), endpoint('127.64.4.3')]));
    await proxy.settled();
    const seen = new Set<string>();
    // The third refuses: its share goes to the others.
    for (let round = 0; round < 200 && seen.size < 2; round++) seen.add(await ask(clusterIP, 18_080));
    assert.deepEqual([...seen].sort(), ['127.64.4.1', '127.64.4.2']);
    cluster.put(slice('web', port, [endpoint('127.64.4.2')]));
    for (let round = 0; round < 5; round++) assert.equal(await ask(clusterIP, 18_080), '127.64.4.2');
  });

  it('stops to listen when the Service is gone, and resets connections without endpoints', async () => {
    cluster.put(service('web', highPort));
    await proxy.settled();
    await assert.rejects(ask(clusterIP, 18_080), { code: 'ECONNRESET' });
    cluster.remove(service('web'));
    await proxy.settled();
    await assert.rejects(ask(clusterIP, 18_080), { code: 'ECONNREFUSED' });
  });

  it('serves node ports on loopback', async () => {
    const port = await backend('127.64.4.1');
    const nodePort = 31_000 + (process.pid % 1000);
    cluster.put(service('web', { type: 'NodePort', clusterIP, ports: [{ name: 'http', port: 18_081, nodePort }] }));
    cluster.put(slice('web', port, [endpoint('127.64.4.1')]));
    await proxy.settled();
    assert.equal(await ask('127.0.0.1', nodePort), '127.64.4.1');
  });

  it('keeps a client with its endpoint when the Service says so', async () => {
    const port = await backend('127.64.4.1');
    await backend('127.64.4.2', port);
    cluster.put(service('web', { ...highPort, sessionAffinity: 'ClientIP' }));
    cluster.put(slice('web', port, [endpoint('127.64.4.1'), endpoint('127.64.4.2')]));
    await proxy.settled();
    const first = await ask(clusterIP, 18_080);
    for (let round = 0; round < 10; round++) assert.equal(await ask(clusterIP, 18_080), first);
  });

  it('writes into the status of a LoadBalancer where it is reached', async () => {
    cluster.put(service('web', { ...highPort, type: 'LoadBalancer' }));
    await proxy.settled();
    const written = cluster.get(Service, { namespace: 'shop', name: 'web' });
    assert.deepEqual(written?.status?.loadBalancer, { ingress: [{ ip: clusterIP, ipMode: 'VIP' }] });
  });
});

describe('ClientAffinity', () => {
  it('forgets after a time, and when the endpoint is gone', () => {
    const affinity = new ClientAffinity(clock);
    const [a, b] = [
      { ip: '10.0.0.1', port: 1 },
      { ip: '10.0.0.2', port: 1 },
    ] as const;
    affinity.remember('client', a, 10);
    assert.equal(affinity.recall('client', [b, a]), a);
    assert.equal(affinity.recall('client', [b]), undefined);
    now += 10_000;
    assert.equal(affinity.recall('client', [a]), undefined);
  });
});

describe('servicePortRules', () => {
  it('has none for headless Services and ExternalNames', () => {
    assert.deepEqual(servicePortRules(service('a', { clusterIP: 'None' })), []);
    assert.deepEqual(servicePortRules(service('a', { type: 'ExternalName', externalName: 'x.example' })), []);
  });
});

describe('iptablesRules', () => {
  const names = chainNames('test');
  const [rule] = servicePortRules(service('web', { clusterIP: '10.96.0.7' }));
  assert.ok(rule !== undefined);
  const two = [
    { ip: '172.17.0.2', port: 8080 },
    { ip: '172.17.0.3', port: 8080 },
  ];
  const options = { names, masqueradeAll: false, presentChains: [] };

  it('shares connections equally between endpoints', () => {
    const text = iptablesRules([{ rule, targets: two }], options);
    assert.match(text, /-d 10\.96\.0\.7\/32 -p tcp -m tcp --dport 80 -j FL-[0-9a-f]{6}-SVC-[0-9a-f]{8}$/m);
    assert.equal(text.match(/--probability 0\.5000000000/g)?.length, 1);
    assert.equal(text.match(/-j DNAT --to-destination 172\.17\.0\.[23]:8080$/gm)?.length, 2);
    for (const name of text.match(/^:\S+/gm) ?? []) assert.ok(name.length - 1 <= 28, name);
  });

  it('refuses connections to a Service without endpoints', () => {
    const text = iptablesRules([{ rule, targets: [] }], options);
    assert.match(text, /-A FL-[0-9a-f]{6}-REJECT -d 10\.96\.0\.7\/32 .* -j REJECT$/m);
    assert.doesNotMatch(text, /DNAT/);
  });

  it('removes chains of its own that nobody needs, and no others', () => {
    const presentChains = ['DOCKER', `${names.prefix}SVC-00000000`, names.services];
    const text = iptablesRules([], { ...options, presentChains });
    assert.deepEqual(text.match(/^-X .*$/gm), [`-X ${names.prefix}SVC-00000000`]);
  });
});
