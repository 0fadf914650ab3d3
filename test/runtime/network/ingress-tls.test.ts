import 'reflect-metadata';
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import pino from 'pino';
import type { KubeObject } from '../../../src/objects/object.js';
import { startIngress } from '../../../src/runtime/network/ingress/start-ingress.js';
import { ServiceEndpoints } from '../../../src/runtime/network/service-endpoints.js';
import { ClusterStub } from '../cluster-stub.js';
import { endpoint, ingress, path, service, slice } from './objects.js';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

const secretFor = async (name: string, host: string): Promise<KubeObject & { readonly pem: string }> => {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=${host}`,
      keys,
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 3600_000),
      extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
    },
    webcrypto,
  );
  const pem = certificate.toString('pem');
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'shop', name, resourceVersion: host },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(pem), 'tls.key': base64(key) },
    pem,
  };
};

describe('startIngress with HTTPS', () => {
  it('shows each host the certificate of its Secret, renewed when that changes, and none to others', async () => {
    const cluster = new ClusterStub();
    const endpoints = new ServiceEndpoints(cluster.informers);
    const backend = createServer((request, response) => response.end(request.headers['x-forwarded-proto']));
    backend.listen(0, '127.0.0.1');
    await once(backend, 'listening');
    const { client, informers } = cluster;
    const log = pino({ level: 'silent' });
    const server = await startIngress({ client, informers, endpoints, host: '127.0.0.1', port: 0, tlsPort: 0, log });
    const ask = (host: string, ca: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const options = {
          host: '127.0.0.1',
          port: server.tlsPort,
          servername: host,
          ca,
          headers: { host },
          agent: false,
        };
        const request = httpsRequest(options, (response) => {
          response.once('data', (data: Buffer) => resolve(data.toString()));
        });
        request.once('error', reject);
        request.end();
      });
    try {
      const first = await secretFor('first', 'a.example');
      const wild = await secretFor('wild', '*.wild.example');
      for (const secret of [first, wild]) cluster.put(secret);
      cluster.put(service('web'));
      cluster.put(slice('web', (backend.address() as AddressInfo).port, [endpoint('127.0.0.1')]));
      const tls = [
        { hosts: ['a.example'], secretName: 'first' },
        { hosts: ['*.wild.example'], secretName: 'wild' },
        { hosts: ['missing.example'], secretName: 'missing' },
      ];
      cluster.put(ingress('web', [{ paths: [path('/', 'Prefix', 'web')] }], { tls }));
      assert.equal(await ask('a.example', first.pem), 'https');
      assert.equal(await ask('x.wild.example', wild.pem), 'https');
      await assert.rejects(ask('missing.example', first.pem));
      await assert.rejects(ask('other.example', first.pem));
      const renewed = await secretFor('first', 'a.example');
      cluster.put({ ...renewed, metadata: { ...renewed.metadata, resourceVersion: 'renewed' } });
      await assert.rejects(ask('a.example', first.pem));
      assert.equal(await ask('a.example', renewed.pem), 'https');
      cluster.put({
        ...renewed,
        metadata: { ...renewed.metadata, resourceVersion: 'broken' },
        data: { 'tls.crt': 'eA==' },
      });
      await assert.rejects(ask('a.example', renewed.pem));
    } finally {
      await server.close(0);
      endpoints.close();
      backend.closeAllConnections();
      backend.close();
    }
  });
});
