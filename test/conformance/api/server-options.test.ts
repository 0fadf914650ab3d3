import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { startServer, type Server, type ServerOptions } from '../../../src/cli/server/start-server.js';
import { createAuthority, issueCertificate, type KeyedCertificate } from '../../../src/cluster/auth/certificates.js';
import { createHttpClient } from '../../../src/cluster/client/http-client.js';
import { loadKubeconfig } from '../../../src/cluster/client/kubeconfig.js';
import { ConfigMap, Pod, Service } from '../../../src/objects/kinds/core-v1.js';

describe('options of the server', function () {
  this.timeout(60_000);
  let folder: string;
  let options: ServerOptions;
  let server: Server | undefined;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-options-'));
    const tokenFile = join(folder, 'tokens.csv');
    writeFileSync(tokenFile, 'other-token,anna,7,"team"\n');
    options = {
      dataDir: join(folder, 'data'),
      runtime: 'simulated',
      nodes: 0,
      serviceCidr: '10.0.0.0/24',
      access: { disabledPlugins: ['ServiceAccount', 'NoSuchPlugin'], authorizationMode: 'AlwaysAllow', tokenFile },
      apiPort: 0,
      webPort: 0,
      ingressPort: 0,
      log: pino({ level: 'silent' }),
    };
  });

  after(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('no node, a range of addresses, tokens, everything allowed, a plugin left out', async () => {
    server = await startServer(options);
    const service = await server.client.get(Service, { namespace: 'default', name: 'kubernetes' });
    assert.equal(service?.spec?.clusterIP, '10.0.0.1');
    const own = await loadKubeconfig(server.kubeconfig);
    const other = createHttpClient({ ...own, token: 'other-token' });
    const metadata = { namespace: 'default', name: 'one' };
    await other.create({ ...ConfigMap, metadata });
    const containers = [{ name: 'main', image: 'pause' }];
    const pod = await other.create<Pod>({ ...Pod, metadata, spec: { containers } });
    assert.deepEqual([pod.spec.volumes, pod.spec.serviceAccountName], [undefined, undefined]);
    await assert.rejects(createHttpClient({ ...own, token: 'wrong' }).get(ConfigMap, metadata), /Unauthorized/);
    await server.close();
    server = undefined;
  });

  it('client certificates of another authority', async () => {
    const authority = await createAuthority(Date.now());
    const clientAuthorityFile = join(folder, 'ca.crt');
    writeFileSync(clientAuthorityFile, authority.certificate);
    const dataDir = join(folder, 'certificates');
    server = await startServer({ ...options, dataDir, access: { clientAuthorityFile } });
    const { server: url, ca } = await loadKubeconfig(server.kubeconfig);
    const request = { commonName: 'bob', organizations: ['system:masters'], use: 'client' } as const;
    const clientOf = async (signer: KeyedCertificate) => {
      const { certificate, key } = await issueCertificate(signer, request, Date.now());
      return createHttpClient({ server: url, ca, clientCertificate: certificate, clientKey: key });
    };
    assert.ok((await (await clientOf(authority)).list(ConfigMap)).items.length > 0);
    await assert.rejects((await clientOf(await createAuthority(Date.now()))).list(ConfigMap), /Unauthorized/);
    await server.close();
    server = undefined;
    const access = { clientAuthorityFile: join(folder, 'tokens.csv') };
    await assert.rejects(startServer({ ...options, dataDir, access }), /Cannot read the authorities in .*tokens\.csv/);
  });

  it('a data folder keeps its range', async () => {
    await assert.rejects(
      startServer({ ...options, serviceCidr: '10.1.0.0/24' }),
      /was made with --service-cidr 10\.0\.0\.0\/24/,
    );
  });

  it('a file of tokens that is none is said', async () => {
    const access = { tokenFile: join(folder, 'nothing') };
    await assert.rejects(startServer({ ...options, access }), /Cannot read the tokens in .*nothing/);
  });
});
