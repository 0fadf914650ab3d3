import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createAuthority, issueCertificate } from '../../../../src/cluster/auth/certificates.js';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of the certificate that the client showed. */
  readonly commonName: string | undefined;
}

export const GROUP = 'weather.example';
const ROOT = `/apis/${GROUP}/v1`;

const resources = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: `${GROUP}/v1`,
  resources: [
    {
      name: 'forecasts',
      singularName: 'forecast',
      namespaced: true,
      kind: 'Forecast',
      verbs: ['get', 'list', 'watch', 'create'],
      shortNames: ['fc'],
    },
    { name: 'forecasts/status', singularName: '', namespaced: true, kind: 'Forecast', verbs: ['get'] },
  ],
};

const forecasts = {
  kind: 'ForecastList',
  apiVersion: `${GROUP}/v1`,
  metadata: {},
  items: [{ kind: 'Forecast', apiVersion: `${GROUP}/v1`, metadata: { name: 'monday', namespace: 'default' } }],
};

const openApiIndex = { paths: { [ROOT.slice(1)]: { serverRelativeURL: `/openapi/v3${ROOT}?hash=ABC` } } };
const openApiDocument = { openapi: '3.0.0', info: { title: 'weather', version: '1' }, paths: {}, components: {} };

/** A small API server of somebody else's: TLS, a certificate asked of its clients, and a record of what came. */
export class AggregatedServerUnderTest {
  readonly received: Received[] = [];

  private constructor(
    private readonly server: Server,
    /** PEM in base64, as `spec.caBundle` has it. */
    readonly caBundle: string,
  ) {}

  static async start(host: string, clientAuthority: string): Promise<AggregatedServerUnderTest> {
    const authority = await createAuthority(Date.now());
    const request = { commonName: 'weather', hosts: [host], use: 'server' } as const;
    const { certificate, key } = await issueCertificate(authority, request, Date.now());
    const options = { cert: certificate, key, ca: clientAuthority, requestCert: true, rejectUnauthorized: true };
    const server = createServer(options);
    const made = new AggregatedServerUnderTest(server, Buffer.from(authority.certificate).toString('base64'));
    made.#listen();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return made;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** What came from others than the one that asks what is served. */
  get asked(): readonly Received[] {
    return this.received.filter(({ headers }) => headers['x-remote-user'] !== 'system:kube-aggregator');
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => {
      this.server.close(() => resolve());
    });
  }

  #listen(): void {
    this.server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.once('end', () => {
        const { method = '', url = '', headers } = request;
        const { subject } = (request.socket as TLSSocket).getPeerCertificate();
        const commonName = typeof subject?.CN === 'string' ? subject.CN : undefined;
        this.received.push({ method, url, headers, body: Buffer.concat(chunks).toString('utf8'), commonName });
        if (url.includes('watch=')) {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.write('{"type":"ADDED"}\n');
          setImmediate(() => response.end('{"type":"DELETED"}\n'));
          return;
        }
        const documents: Record<string, unknown> = {
          [ROOT]: resources,
          '/openapi/v3': openApiIndex,
          [`/openapi/v3${ROOT}`]: openApiDocument,
          ...(method === 'GET' ? { [`${ROOT}/namespaces/default/forecasts`]: forecasts } : {}),
        };
        const answer = documents[url.split('?', 1)[0] ?? ''] ?? { kind: 'Forecast', text: 'sunny' };
        response.writeHead(method === 'POST' ? 201 : 200, { 'content-type': 'application/json', 'x-weather': 'yes' });
        response.end(JSON.stringify(answer));
      });
    });
    this.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      socket.pipe(socket);
    });
  }
}
