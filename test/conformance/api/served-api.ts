/** The API over HTTPS with a durable store, to be killed: prints where it is and serves until it is. */
import { argv, stdout } from 'node:process';
import pino from 'pino';
import { createApi } from '../../../src/cluster/api/api.js';
import { startApiServer } from '../../../src/cluster/api/http/server.js';
import { ADMIN_USER, staticToken } from '../../../src/cluster/auth/authenticator.js';
import { openCredentials } from '../../../src/cluster/auth/credentials.js';
import { openLmdbStore } from '../../../src/cluster/store/lmdb-store.js';

const [, , folder = '', port = '0', maxWatchQueue] = argv;
const log = pino({ level: 'warn' }, pino.destination(2));
const credentials = await openCredentials(`${folder}/pki`, { now: Date.now() });
const api = createApi({
  store: openLmdbStore(`${folder}/store`, maxWatchQueue === undefined ? {} : { maxWatchQueue: Number(maxWatchQueue) }),
  log,
  disabledPlugins: ['ServiceAccount'],
  tokenChecks: [staticToken(credentials.adminToken, ADMIN_USER)],
});
await api.start(new AbortController().signal);
const server = await startApiServer(
  { api, log, authority: credentials.authority.certificate, certificate: credentials.server },
  { host: '127.0.0.1', port: Number(port) },
);
const { certificate: authority } = credentials.authority;
stdout.write(`${JSON.stringify({ port: server.port, token: credentials.adminToken, authority })}\n`);
