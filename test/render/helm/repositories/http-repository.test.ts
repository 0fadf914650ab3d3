import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChartCache } from '../../../../src/render/helm/repositories/chart-cache.js';
import { chooseVersion, versionsIn } from '../../../../src/render/helm/repositories/http-repository.js';
import { pullChart } from '../../../../src/render/helm/repositories/pull-chart.js';

const DATA = Buffer.from('archive');
const DIGEST = createHash('sha256').update(DATA).digest('hex');

interface Seen {
  readonly path: string;
  readonly authorization: string | undefined;
}

const listen = async (
  answer: (path: string) => Buffer | string | { location: string } | undefined,
): Promise<{ server: Server; url: string; seen: Seen[] }> => {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    seen.push({ path: request.url ?? '', authorization: request.headers.authorization });
    const body = answer(request.url ?? '');
    if (body === undefined) response.writeHead(404).end();
    else if (typeof body === 'object' && 'location' in body) response.writeHead(302, { location: body.location }).end();
    else response.end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
};

const index = (...entries: readonly string[]): string =>
  `apiVersion: v1\nentries:\n  web:\n${entries.map((entry) => `  - {${entry}}\n`).join('')}`;

describe('HTTP repositories', () => {
  let repository: Awaited<ReturnType<typeof listen>>;
  let elsewhere: Awaited<ReturnType<typeof listen>>;
  let folder: string;
  let entries: string[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-charts-'));
    elsewhere = await listen(() => DATA);
    repository = await listen((path) => {
      if (path.endsWith('/index.yaml')) return index(...entries);
      if (path === '/away.tgz') return { location: `${elsewhere.url}/x.tgz` };
      return path.endsWith('.tgz') ? DATA : undefined;
    });
  });

  after(async () => {
    repository.server.close();
    elsewhere.server.close();
    await rm(folder, { recursive: true });
  });

  beforeEach(() => {
    repository.seen.length = 0;
    elsewhere.seen.length = 0;
    entries = [`name: web, version: 1.0.0, digest: ${DIGEST}, urls: [charts/web.tgz]`];
  });

  const access = { username: 'me', password: 'secret' };
  const pull = (version = ''): Promise<Buffer> =>
    pullChart({ repository: `${repository.url}/base`, name: 'web', version }, access);

  it('find the archive beside the index', async () => {
    assert.deepEqual(await pull(), DATA);
    assert.deepEqual(
      repository.seen.map(({ path }) => path),
      ['/base/index.yaml', '/base/charts/web.tgz'],
    );
    assert.match(repository.seen[1]?.authorization ?? '', /^Basic /);
  });

  it('get no credentials meant for another host', async () => {
    entries = [`name: web, version: 1.0.0, urls: ["${elsewhere.url}/web.tgz"]`];
    await pull();
    assert.equal(elsewhere.seen[0]?.authorization, undefined);
    entries = [`name: web, version: 1.0.0, urls: ["${repository.url}/away.tgz"]`];
    await pull();
    assert.equal(elsewhere.seen[1]?.authorization, undefined);
  });

  it('are refused when the archive is another', async () => {
    entries = [`name: web, version: 1.0.0, digest: ${'0'.repeat(64)}, urls: [web.tgz]`];
    await assert.rejects(pull(), /does not have the digest/);
  });

  it('say what they do not have', async () => {
    await assert.rejects(pull('^2'), /chart "web" version "\^2" not found in .* repository/);
    await assert.rejects(
      pullChart({ repository: `${repository.url}/base`, name: 'nope', version: '' }, access),
      /chart "nope" not found/,
    );
  });

  it('are asked once for each content', async () => {
    const cache = new ChartCache(folder);
    const source = { repository: `${repository.url}/base`, name: 'web', version: '' };
    await pullChart(source, access, cache);
    await pullChart(source, access, cache);
    assert.equal(repository.seen.filter(({ path }) => path.endsWith('.tgz')).length, 1);
    const [file = ''] = await readdir(folder);
    await writeFile(join(folder, file), 'damaged');
    assert.deepEqual(await pullChart(source, access, cache), DATA);
  });

  it('offer the newest version that a range allows', () => {
    const versions = versionsIn(
      index('version: 1.2.0, urls: [a]', 'version: 2.0.0-rc.1, urls: [b]', 'version: 1.10.0, urls: [c]'),
      'web',
      'http://x.example',
    );
    assert.equal(chooseVersion(versions, '')?.version, '1.10.0');
    assert.equal(chooseVersion(versions, '~1.2')?.version, '1.2.0');
    assert.equal(chooseVersion(versions, '>1-0')?.version, '2.0.0-rc.1');
    assert.equal(chooseVersion(versions, '3'), undefined);
  });
});
