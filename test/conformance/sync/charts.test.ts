import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { ConfigMap } from '../../../src/objects/kinds/core-v1.js';
import type { OperatorRig } from '../../components/operator-rig.js';
import { isSettled, startOperatorRig } from '../../components/operator-rig.js';

const archive = async (version: string): Promise<Buffer> => {
  const tar = pack();
  tar.entry({ name: 'shop/Chart.yaml' }, `apiVersion: v2\nname: shop\nversion: ${version}\n`);
  tar.entry({ name: 'shop/values.yaml' }, 'who: nobody\n');
  tar.entry(
    { name: 'shop/templates/c.yaml' },
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {who: "{{ .Values.who }}", version: "{{ .Chart.Version }}"}\n',
  );
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
};

describe('the operator, with a chart of a Helm repository', () => {
  let server: Server;
  let url: string;
  let rig: OperatorRig;
  let versions: readonly string[];

  before(async () => {
    server = createServer((request, response) => {
      const version = /^\/shop-(.*)\.tgz$/.exec(request.url ?? '')?.[1];
      if (request.url === '/index.yaml') {
        const entries = versions.map(
          (one) => `  - {name: shop, version: ${one}, urls: [shop-${one}.tgz], apiVersion: v2}`,
        );
        response.end(`apiVersion: v1\nentries:\n  shop:\n${entries.join('\n')}\n`);
      } else if (version === undefined) response.writeHead(404).end();
      else void archive(version).then((data) => response.end(data));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    rig = await startOperatorRig();
  });

  after(async () => {
    await rig.close();
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });

  it('deploys a version, then the newest of a range when it is refreshed, and says what is not there', async () => {
    versions = ['1.0.0', '1.2.0', '2.0.0'];
    const source = { repoURL: url, chart: 'shop', targetRevision: '1.0.0', helm: { valuesObject: { who: 'ada' } } };
    await rig.application('shop', { source });
    const first = await rig.untilApplication('shop', isSettled);
    assert.equal(first.status?.sync?.revision, '1.0.0');
    const data = async () => (await rig.client.get(ConfigMap, { namespace: 'default', name: 'c' }))?.data;
    assert.deepEqual(await data(), { who: 'ada', version: '1.0.0' });
    const key = { namespace: 'argocd', name: 'shop' };
    const kind = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' };
    const set = async (body: Record<string, unknown>) => await rig.client.patch(kind, key, { type: 'merge', body });
    await set({ spec: { source: { targetRevision: '1.*' } } });
    await rig.untilApplication('shop', (app) => isSettled(app) && app.status?.sync?.revision === '1.2.0');
    versions = [...versions, '1.3.0'];
    await set({ metadata: { annotations: { 'argocd.argoproj.io/refresh': 'hard' } } });
    await rig.untilApplication('shop', (app) => isSettled(app) && app.status?.sync?.revision === '1.3.0');
    assert.deepEqual(await data(), { who: 'ada', version: '1.3.0' });
    await set({ spec: { source: { targetRevision: '9.9.9' } } });
    const missing = await rig.untilApplication(
      'shop',
      (app) => app.status?.conditions?.some(({ reason }) => reason === 'SourceFailed') === true,
    );
    assert.match(missing.status?.conditions?.[0]?.message ?? '', /9\.9\.9/);
    assert.deepEqual(await data(), { who: 'ada', version: '1.3.0' });
  });
});
