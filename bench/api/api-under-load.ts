/** The server of the benchmark, in a process of its own: prints its address, then serves until it is told to stop. */
import process, { argv, exit, stdout } from 'node:process';
import pino from 'pino';
import { createApi } from '../../src/cluster/api/api.js';
import { startApiServer } from '../../src/cluster/api/http/server.js';
import { ADMIN_USER, staticToken } from '../../src/cluster/auth/authenticator.js';
import { openCredentials } from '../../src/cluster/auth/credentials.js';
import { openLmdbStore } from '../../src/cluster/store/lmdb-store.js';

const folder = argv[2] ?? '';
const started = performance.now();
const log = pino({ level: 'warn' }, pino.destination(2));
const credentials = await openCredentials(`${folder}/pki`, { now: Date.now() });
const store = openLmdbStore(`${folder}/store`);
const api = createApi({
  store,
  log,
  disabledPlugins: ['ServiceAccount'],
  tokenChecks: [staticToken(credentials.adminToken, ADMIN_USER)],
});
const stop = new AbortController();
await api.start(stop.signal);
const server = await startApiServer(
  { api, log, authority: credentials.authority.certificate, certificate: credentials.server },
  { host: '127.0.0.1', port: 0 },
);
const { user, system } = process.cpuUsage();
const startCpuMs = (user + system) / 1000;
const ready = { port: server.port, token: credentials.adminToken, startMs: performance.now() - started, startCpuMs };
stdout.write(`${JSON.stringify({ ...ready, objects: store.list('/registry/').items.length })}\n`);
process.on('SIGTERM', () => {
  stop.abort();
  void server
    .close()
    .then(() => store.close())
    .then(() => exit(0));
});
