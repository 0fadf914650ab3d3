import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { createApi, type Api, type ApiOptions } from '../../../src/cluster/api/api.js';
import { Traffic } from '../../../src/cluster/api/http/traffic/traffic.js';
import { startApiServer, type ApiServer } from '../../../src/cluster/api/http/server.js';
import { ADMIN_USER, staticToken } from '../../../src/cluster/auth/authenticator.js';
import { openCredentials, type Credentials } from '../../../src/cluster/auth/credentials.js';
import type { Store } from '../../../src/cluster/store/store.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';

export interface Answered {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly bytes: Buffer;
  /** The body, read as JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any
  json(): Record<string, any>;
}

export interface Ask {
  readonly method?: string;
  readonly body?: string | Uint8Array | object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: the administrator's token. Null: no credential. */
  readonly token?: string | null;
  readonly agent?: Agent;
}

/** The API over real HTTPS in this process. */
export class ServerUnderTest {
  private constructor(
    readonly api: Api,
    readonly server: ApiServer,
    readonly credentials: Credentials,
    private readonly folder: string,
    private readonly stopping: AbortController,
  ) {}

  readonly agent = new Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 20 });

  static async start(
    store: Store = createMemoryStore(),
    traffic: Traffic = new Traffic(),
    changed: Partial<ApiOptions> = {},
  ): Promise<ServerUnderTest> {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-api-'));
    const credentials = await openCredentials(folder, { now: Date.now() });
    const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });
    const api = createApi({
      store,
      log,
      disabledPlugins: ['ServiceAccount'],
      serviceAccountKey: credentials.serviceAccountKey,
      tokenChecks: [staticToken(credentials.adminToken, ADMIN_USER)],
      ...changed,
    });
    const stopping = new AbortController();
    await api.start(stopping.signal);
    const options = {
      api,
      log,
      authority: credentials.authority.certificate,
      certificate: credentials.server,
      traffic,
    };
    const server = await startApiServer(options, { host: '127.0.0.1', port: 0 });
    return new ServerUnderTest(api, server, credentials, folder, stopping);
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    this.stopping.abort();
    await this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  ask(path: string, { method = 'GET', body, headers = {}, token, agent }: Ask = {}): Promise<Answered> {
    const sent =
      body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const credential = token === null ? {} : { authorization: `Bearer ${token ?? this.credentials.adminToken}` };
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: this.server.port,
          path,
          method,
          agent: agent ?? this.agent,
          headers: {
            ...credential,
            'content-type': 'application/json',
            ...(sent === undefined ? {} : { 'content-length': Buffer.byteLength(sent) }),
            ...headers,
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.once('error', reject);
          answer.once('end', () => {
            const bytes = Buffer.concat(chunks);
            const text = bytes.toString('utf8');
            resolve({
              code: answer.statusCode ?? 0,
              headers: answer.headers,
              bytes,
              text,
              json: () => JSON.parse(text) as ReturnType<Answered['json']>,
            });
          });
        },
      );
      outgoing.once('error', reject);
      outgoing.end(sent);
    });
  }
}
