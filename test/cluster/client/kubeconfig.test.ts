import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ConnectionError } from '../../../src/cluster/client/connection.js';
import { inClusterConnection, loadKubeconfig, parseKubeconfig } from '../../../src/cluster/client/kubeconfig.js';

const config = (user: object, cluster: object = {}): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'main',
    contexts: [
      { name: 'main', context: { cluster: 'c', user: 'u', namespace: 'shop' } },
      { name: 'anonymous', context: { cluster: 'c' } },
    ],
    clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443', ...cluster } }],
    users: [{ name: 'u', user }],
  });

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const refused = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof ConnectionError && error.code === code && message.test(error.message);

describe('parseKubeconfig', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-kubeconfig-'));
    await writeFile(join(folder, 'token'), 'fresh\n');
    await writeFile(join(folder, 'ca.crt'), 'CA from file');
    await writeFile(join(folder, 'namespace'), 'shop\n');
  });
  after(() => rm(folder, { recursive: true }));

  it('reads server, certificates in the text and the token of the current context', async () => {
    const text = config(
      { token: 't', 'client-certificate-data': base64('CERT'), 'client-key-data': base64('KEY') },
      { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'api' },
    );
    assert.deepEqual(await parseKubeconfig(text, { folder }), {
      server: 'https://api.example:6443',
      ca: 'CA',
      serverName: 'api',
      token: 't',
      clientCertificate: 'CERT',
      clientKey: 'KEY',
      namespace: 'shop',
    });
  });

  it('reads files relative to the kubeconfig, the token again for every request', async () => {
    const path = join(folder, 'config');
    await writeFile(path, config({ tokenFile: 'token', token: 'stale' }, { 'certificate-authority': 'ca.crt' }));
    const connection = await loadKubeconfig(path);
    assert.equal(connection.ca, 'CA from file');
    assert.ok(typeof connection.token === 'function');
    assert.equal(await connection.token(), 'fresh');
    await writeFile(join(folder, 'token'), 'fresher\n');
    assert.equal(await connection.token(), 'fresher');
  });

  it('takes the context that is asked for', async () => {
    const connection = await parseKubeconfig(config({ token: 't' }), { folder, context: 'anonymous' });
    assert.deepEqual(connection, { server: 'https://api.example:6443' });
    await assert.rejects(
      parseKubeconfig(config({}), { folder, context: 'other' }),
      refused('unknown-context', /no context named "other"/),
    );
  });

  it('refuses credentials that need a program, and a proxy', async () => {
    await assert.rejects(
      parseKubeconfig(config({ exec: { command: 'aws' } }), { folder }),
      refused('unsupported', /User "u" gets its credentials from a program \(exec\)/),
    );
    await assert.rejects(
      parseKubeconfig(config({ 'auth-provider': { name: 'gcp' } }), { folder }),
      refused('unsupported', /auth-provider/),
    );
    await assert.rejects(
      parseKubeconfig(config({}, { 'proxy-url': 'http://p' }), { folder }),
      refused('unsupported', /proxy-url/),
    );
  });

  it('says what is wrong with a file that is not a kubeconfig', async () => {
    await assert.rejects(parseKubeconfig('a: [', { folder }), refused('malformed', /not YAML/));
    await assert.rejects(parseKubeconfig('just text', { folder }), refused('malformed', /not a map/));
    await assert.rejects(parseKubeconfig('{}', { folder }), refused('unknown-context', /no current-context/));
    await assert.rejects(
      parseKubeconfig(config({}, { server: 'nonsense' }), { folder }),
      refused('malformed', /not a URL/),
    );
    await assert.rejects(
      parseKubeconfig(config({}, { 'certificate-authority': 'gone.crt' }), { folder }),
      refused('unreadable', /certificate-authority "gone.crt"/),
    );
    await assert.rejects(loadKubeconfig(join(folder, 'gone')), refused('unreadable', /Cannot read kubeconfig/));
  });

  it('reads the service account of a pod', async () => {
    const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    const connection = await inClusterConnection(environment, folder);
    assert.deepEqual([connection.server, connection.namespace], ['https://[fd00::1]:443', 'shop']);
    await assert.rejects(inClusterConnection({}, folder), refused('unreadable', /Not in a cluster/));
  });
});
