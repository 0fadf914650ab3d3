import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { DecodedPacket, RecordType } from 'dns-packet';
import dnsPacket from 'dns-packet';
import pino from 'pino';
import type { DnsServer } from '../../../src/runtime/network/dns/start-dns.js';
import { startDns } from '../../../src/runtime/network/dns/start-dns.js';
import { ServiceEndpoints } from '../../../src/runtime/network/service-endpoints.js';
import { ClusterStub } from '../cluster-stub.js';
import { endpoint, service, slice } from './objects.js';

describe('startDns', () => {
  let cluster: ClusterStub;
  let endpoints: ServiceEndpoints;
  let server: DnsServer;

  beforeEach(async () => {
    cluster = new ClusterStub();
    endpoints = new ServiceEndpoints(cluster.informers);
    const log = pino({ level: 'silent' });
    server = await startDns({ informers: cluster.informers, endpoints, host: '127.0.0.1', port: 0, upstream: [], log });
    cluster.put(service('web', { clusterIP: '10.96.0.7' }));
    cluster.put(service('db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] }));
    const named = { ...endpoint('10.0.0.5'), hostname: 'db-0' };
    const unready = endpoint('10.0.0.6', { ready: false });
    const sql = slice('db', 5432, [named, unready, endpoint('10.0.0.7')]);
    cluster.put({ ...sql, ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] });
    cluster.put(service('outside', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' }));
  });

  afterEach(async () => {
    await server.close();
    endpoints.close();
  });

  const query = (name: string, type: RecordType): Buffer =>
    dnsPacket.encode({ type: 'query', id: 7, flags: dnsPacket.RECURSION_DESIRED, questions: [{ name, type }] });

  const ask = async (name: string, type: RecordType = 'A'): Promise<DecodedPacket> => {
    const socket = createSocket('udp4');
    socket.send(query(name, type), server.port, server.host);
    const [answer] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    return dnsPacket.decode(answer);
  };

  const data = ({ answers = [] }: DecodedPacket): unknown[] =>
    answers.map((each) => ('data' in each ? each.data : each));
  const rcode = (packet: DecodedPacket): string => (packet as DecodedPacket & { readonly rcode: string }).rcode;

  it('answers the address of a Service, in any case of letters', async () => {
    const answer = await ask('Web.Shop.svc.cluster.local');
    assert.deepEqual(data(answer), ['10.96.0.7']);
    assert.equal(answer.answers?.[0]?.name, 'Web.Shop.svc.cluster.local');
    assert.ok(((answer.flags ?? 0) & dnsPacket.AUTHORITATIVE_ANSWER) !== 0);
  });

  it('answers ready endpoints of a headless Service, and each by its name', async () => {
    assert.deepEqual(data(await ask('db.shop.svc.cluster.local')), ['10.0.0.5', '10.0.0.7']);
    assert.deepEqual(data(await ask('db-0.db.shop.svc.cluster.local')), ['10.0.0.5']);
    assert.deepEqual(data(await ask('10-0-0-7.db.shop.svc.cluster.local')), ['10.0.0.7']);
    assert.deepEqual(data(await ask('10-0-0-9.shop.pod.cluster.local')), ['10.0.0.9']);
  });

  it('answers named ports', async () => {
    const [web] = data(await ask('_http._tcp.web.shop.svc.cluster.local', 'SRV'));
    assert.deepEqual(web, { port: 80, target: 'web.shop.svc.cluster.local', priority: 0, weight: 100 });
    const targets = data(await ask('_sql._tcp.db.shop.svc.cluster.local', 'SRV')).map(
      (each) => (each as { readonly target: string }).target,
    );
    assert.deepEqual(targets, ['db-0.db.shop.svc.cluster.local', '10-0-0-7.db.shop.svc.cluster.local']);
  });

  it('follows the alias of an ExternalName', async () => {
    const answer = await ask('outside.shop.svc.cluster.local');
    assert.deepEqual(
      answer.answers?.map(({ type }) => type),
      ['CNAME', 'A'],
    );
    assert.deepEqual(data(answer), ['web.shop.svc.cluster.local', '10.96.0.7']);
  });

  it('answers which Service has an address, and the version', async () => {
    assert.deepEqual(data(await ask('7.0.96.10.in-addr.arpa', 'PTR')), ['web.shop.svc.cluster.local']);
    assert.deepEqual(data(await ask('dns-version.cluster.local', 'TXT')).map(String), ['1.1.0']);
  });

  it('tells a name without such a record from a name that is not', async () => {
    const none = await ask('web.shop.svc.cluster.local', 'AAAA');
    assert.deepEqual([rcode(none), none.answers?.length], ['NOERROR', 0]);
    for (const name of ['no.shop.svc.cluster.local', 'web.no.svc.cluster.local', 'a.web.shop.svc.cluster.local']) {
      assert.equal(rcode(await ask(name)), 'NXDOMAIN', name);
    }
    assert.equal(rcode(await ask('shop.svc.cluster.local')), 'NOERROR');
  });

  it('fails for foreign names when nobody else can be asked', async () => {
    assert.equal(rcode(await ask('example.org')), 'SERVFAIL');
  });

  it('cuts what is too long for a datagram, and gives it whole over TCP', async () => {
    const many = Array.from({ length: 100 }, (_, index) => endpoint(`10.0.1.${index + 1}`));
    const sql = slice('db', 5432, many);
    cluster.put({ ...sql, ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] });
    const cut = await ask('db.shop.svc.cluster.local');
    assert.ok(((cut.flags ?? 0) & dnsPacket.TRUNCATED_RESPONSE) !== 0);
    const socket = connect(server.port, server.host);
    const question = query('db.shop.svc.cluster.local', 'A');
    socket.write(Buffer.concat([Buffer.from([0, question.length]), question]));
    let received = Buffer.alloc(0);
    while (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      received = Buffer.concat([received, chunk]);
    }
    socket.destroy();
    assert.equal(dnsPacket.decode(received.subarray(2)).answers?.length, 100);
  });

  it('survives what is no query', async () => {
    const socket = createSocket('udp4');
    for (const bytes of ['', 'x', '\u0000'.repeat(12), '\u00ff'.repeat(40)]) {
      socket.send(Buffer.from(bytes, 'latin1'), server.port, server.host);
    }
    socket.close();
    assert.deepEqual(data(await ask('web.shop.svc.cluster.local')), ['10.96.0.7']);
  });
});
