import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { createAuthority, issueCertificate } from '../../src/cluster/auth/certificates.js';
import { Pod, Secret, Service } from '../../src/objects/kinds/core-v1.js';
import { Ingress } from '../../src/objects/kinds/networking-k8s-io-v1.js';
import { type RunningServer, eventually, startServer } from './fairlead.js';

const PAGE =
  "require('http').createServer((asked, answer) => answer.end(asked.headers['x-forwarded-proto'])).listen(8080, process.env.HOST)";
const metadata = { name: 'web', namespace: 'default', labels: { app: 'web' } };

describe('an Ingress with a certificate', function () {
  this.timeout(120_000);
  let server: RunningServer | undefined;
  after(() => server?.remove());

  it('is served over HTTPS where the server was told a port for it', async () => {
    const running = await startServer(['--runtime', 'process', '--ingress-tls-port', '0']);
    server = running;
    const { client } = running;
    const authority = await createAuthority(Date.now());
    const leaf = { commonName: 'shop.localhost', hosts: ['shop.localhost'], use: 'server' } as const;
    const issued = await issueCertificate(authority, leaf, Date.now());
    await client.create<Secret>({
      ...Secret,
      metadata: { ...metadata, name: 'shop' },
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': issued.certificate, 'tls.key': issued.key },
    });
    const container = { name: 'web', image: 'none', command: ['node', '-e', PAGE] };
    await client.create<Pod>({ ...Pod, metadata, spec: { terminationGracePeriodSeconds: 1, containers: [container] } });
    const ports = [{ port: 80, targetPort: 8080 }];
    await client.create<Service>({ ...Service, metadata, spec: { selector: metadata.labels, ports } });
    const backend = { service: { name: 'web', port: { number: 80 } } };
    await client.create<Ingress>({
      ...Ingress,
      metadata,
      spec: {
        tls: [{ hosts: ['shop.localhost'], secretName: 'shop' }],
        rules: [{ host: 'shop.localhost', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      },
    });
    const page = await eventually(async () => {
      const [, port] = /https:\/\/127\.0\.0\.1:(\d+)\n/.exec(running.log().split('ingress ').at(-1) ?? '') ?? [];
      const asked = get({
        host: '127.0.0.1',
        port: Number(port),
        servername: 'shop.localhost',
        headers: { host: 'shop.localhost' },
        ca: authority.certificate,
        agent: false,
      });
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      let text = '';
      for await (const chunk of answer as AsyncIterable<Buffer>) text += chunk.toString('utf8');
      return answer.statusCode === 200 ? text : undefined;
    }, running.log);
    assert.equal(page, 'https');
  });
});
