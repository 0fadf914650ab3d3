import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { templateCommand } from '../../../src/cli/commands/template.js';
import { templateText } from '../../../src/cli/template/run-template.js';
import { loadChartFiles } from '../../../src/render/helm/chart/load-files.js';
import { readArchive } from '../../../src/render/helm/chart/read-archive.js';
import { findInRegistry } from '../../../src/render/helm/repositories/oci-registry.js';
import { findAddress, pullChart } from '../../../src/render/helm/repositories/pull-chart.js';
import type { RepositoryAccess } from '../../../src/render/helm/repositories/request.js';
import { findExecutable, realTool, skipWithout } from '../../components/components.js';

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createSocketServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const answers = async (url: string): Promise<void> => {
  for (let turn = 0; turn < 100; turn++) {
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} does not answer`);
};

describe('charts from a registry', function () {
  this.timeout(60_000);
  let registry: ChildProcess;
  let folder: string;
  let host: string;
  const access: RepositoryAccess = { plainHttp: true };

  before(async function () {
    const binary =
      findExecutable('docker-registry') ?? skipWithout(this, 'docker-registry', 'apt-get install docker-registry');
    const helm = await realTool('helm');
    folder = await mkdtemp(join(tmpdir(), 'fairlead-registry-'));
    const port = await freePort();
    host = `127.0.0.1:${port}`;
    await writeFile(
      join(folder, 'config.yml'),
      `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${folder}/data}}\nhttp: {addr: "${host}"}\n`,
    );
    registry = spawn(binary, ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
    await answers(`http://${host}/v2/`);
    for (const version of ['1.0.0', '1.2.0', '2.0.0-rc.1', '1.1.0+build.5']) {
      await writeFile(join(folder, 'Chart.yaml'), `apiVersion: v2\nname: web\nversion: ${version}\n`);
      execFileSync(helm, ['package', folder, '-d', folder], { stdio: 'ignore' });
      execFileSync(helm, ['push', join(folder, `web-${version}.tgz`), `oci://${host}/charts`, '--plain-http'], {
        stdio: 'ignore',
      });
      await rm(join(folder, `web-${version}.tgz`));
    }
  });

  after(async () => {
    registry?.kill('SIGKILL');
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const pullAddress = async (address: string, version: string, access: RepositoryAccess): Promise<Buffer> =>
    await (await findAddress(address, version, access)).download();

  const versionOf = async (archive: Buffer): Promise<string> =>
    (await loadChartFiles(await readArchive(archive))).metadata.version;

  it('are pulled by tag, by version and by range', async () => {
    const address = `oci://${host}/charts/web`;
    assert.equal(await versionOf(await pullAddress(`${address}:1.0.0`, '', access)), '1.0.0');
    assert.equal(await versionOf(await pullAddress(address, '1.1.0+build.5', access)), '1.1.0+build.5');
    assert.equal(await versionOf(await pullAddress(address, '^1.0', access)), '1.2.0');
    assert.equal(await versionOf(await pullAddress(address, '', access)), '1.2.0');
    assert.equal(await versionOf(await pullAddress(address, '>1-0', access)), '2.0.0-rc.1');
    const source = { repository: `oci://${host}/charts`, name: 'web', version: '~1.1' };
    assert.equal(await versionOf(await pullChart(source, access)), '1.1.0+build.5');
  });

  it('are pulled by digest', async () => {
    const manifest = await fetch(`http://${host}/v2/charts/web/manifests/1.0.0`, {
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
    });
    const digest = manifest.headers.get('docker-content-digest') ?? '';
    assert.equal(await versionOf(await pullAddress(`oci://${host}/charts/web@${digest}`, '', access)), '1.0.0');
  });

  it('are refused when there is none', async () => {
    await assert.rejects(pullAddress(`oci://${host}/charts/web`, '^3', access), /could not locate a version matching/);
    await assert.rejects(pullAddress(`oci://${host}/charts/nope`, '1.0.0', access), /not found/);
  });

  it('come with the token that the registry asks for', async () => {
    const seen: string[] = [];
    // A registry before the real one, which takes nobody without a token of the server beside it.
    const guard = createServer((request, response) => {
      seen.push(`${request.url?.split('?')[0]} ${request.headers.authorization?.split(' ')[0] ?? 'nobody'}`);
      const { port } = guard.address() as AddressInfo;
      if (request.url?.startsWith('/token') === true) response.end(JSON.stringify({ token: 'abc' }));
      else if (request.headers.authorization !== 'Bearer abc') {
        response
          .writeHead(401, { 'www-authenticate': `Bearer realm="http://127.0.0.1:${port}/token",service="s"` })
          .end();
      } else {
        const headers = { accept: request.headers.accept ?? '*/*' };
        void fetch(`http://${host}${request.url}`, { headers }).then(async (found) => {
          response.writeHead(found.status).end(Buffer.from(await found.arrayBuffer()));
        });
      }
    });
    await new Promise<void>((done) => guard.listen(0, '127.0.0.1', done));
    const address = `oci://127.0.0.1:${(guard.address() as AddressInfo).port}/charts/web`;
    try {
      const found = await findInRegistry(address, '1.0.0', { ...access, username: 'me', password: 'secret' });
      assert.equal(await versionOf(await found.download()), '1.0.0');
      assert.deepEqual(seen.slice(0, 3), [
        '/v2/charts/web/manifests/1.0.0 nobody',
        '/token Basic',
        '/v2/charts/web/manifests/1.0.0 Bearer',
      ]);
    } finally {
      guard.close();
    }
  });

  it('are refused in the words of helm', async () => {
    const helm = await realTool('helm');
    const address = `oci://${host}/charts/web`;
    const digest = `sha256:${'0'.repeat(64)}`;
    for (const args of [
      [address, '--version', '9.9.9'],
      [address, '--version', '^9'],
      [address, '--version', 'a b'],
      [address, '--version', '1.0.0+x'],
      [`${address}:1.0.0`, '--version', '1.2.0'],
      [`${address}:latest`],
      [`${address}:1.1.0+build.5`],
      [`${address}@${digest}`],
      [`${address}@sha256:12`],
      [`oci://${host}/charts/nope`],
      [`oci://${host}/charts/nope:1.0.0`],
      [`oci://${host}/Charts/web:1.0.0`],
      [`oci://${host}`],
    ]) {
      const flags = ['template', 'r', ...args, '--plain-http'];
      const run = spawnSync(helm, flags, { encoding: 'utf8', env: { ...process.env, HELM_CACHE_HOME: folder } });
      const expected = run.stderr.replace(/^(?:level=.*\n)*Error: /, '').trim();
      const command = templateCommand();
      const { operands } = command.parseOptions(flags.slice(1));
      await assert.rejects(
        templateText(operands, command.opts(), () => {}),
        { message: expected },
        args.join(' '),
      );
    }
  });

  it('bring their content from another host without the credentials', async () => {
    const seen: string[] = [];
    const storage = createServer((request, response) => {
      seen.push(`${request.headers.authorization ?? 'nobody'}`);
      void fetch(`http://${host}${request.url}`).then(async (found) => {
        response.writeHead(found.status).end(Buffer.from(await found.arrayBuffer()));
      });
    });
    const front = createServer((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      } else if (request.url?.includes('/blobs/') === true) {
        const { port } = storage.address() as AddressInfo;
        response.writeHead(307, { location: `http://127.0.0.1:${port}${request.url}` }).end();
      } else {
        const headers = { accept: request.headers.accept ?? '*/*' };
        void fetch(`http://${host}${request.url}`, { headers }).then(async (found) => {
          response.writeHead(found.status).end(Buffer.from(await found.arrayBuffer()));
        });
      }
    });
    for (const server of [storage, front]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = `oci://127.0.0.1:${(front.address() as AddressInfo).port}/charts/web`;
    try {
      const found = await findInRegistry(address, '1.0.0', { ...access, username: 'me', password: 'secret' });
      assert.equal(await versionOf(await found.download()), '1.0.0');
      assert.deepEqual(seen, ['nobody']);
      await assert.rejects(findInRegistry(address, '1.0.0', access), /basic credential not found/);
    } finally {
      storage.close();
      front.close();
    }
  });
});
