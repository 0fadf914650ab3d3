import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ConfigMap, Secret } from '../../../src/objects/kinds/core-v1.js';
import type { Application } from '../../../src/sync/applications/application.js';
import { findExecutable, realTool, skipWithout } from '../../components/components.js';
import type { GitServer, TestRepository } from '../../components/git-server.js';
import { startGitServer } from '../../components/git-server.js';
import type { OperatorRig } from '../../components/operator-rig.js';
import { startOperatorRig } from '../../components/operator-rig.js';

const run = promisify(execFile);

const TEMPLATE =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: dep}\ndata: {version: {{ .Chart.Version | quote }}}\n';

describe('the operator, with charts whose dependencies are elsewhere', function () {
  this.timeout(60_000);
  let folder: string;
  let helm: string;
  let chartServer: Server;
  let charts: string;
  let versions: readonly string[];
  let requests: string[];
  let git: GitServer;
  let repository: TestRepository;
  let rig: OperatorRig;

  const runHelm = async (...args: readonly string[]): Promise<void> => {
    const home = {
      HELM_CONFIG_HOME: join(folder, 'c'),
      HELM_CACHE_HOME: join(folder, 'k'),
      HELM_DATA_HOME: join(folder, 'd'),
    };
    await run(helm, args, { env: { ...process.env, ...home } });
  };
  const packageChart = async (version: string): Promise<string> => {
    const chart = join(folder, 'dep');
    await mkdir(join(chart, 'templates'), { recursive: true });
    await writeFile(join(chart, 'Chart.yaml'), `apiVersion: v2\nname: dep\nversion: ${version}\n`);
    await writeFile(join(chart, 'templates/c.yaml'), TEMPLATE);
    await runHelm('package', chart, '-d', folder);
    return join(folder, `dep-${version}.tgz`);
  };

  before(async () => {
    helm = await realTool('helm');
    folder = await mkdtemp(join(tmpdir(), 'fairlead-dependencies-'));
    for (const version of ['1.0.0', '1.1.0', '2.0.0']) await packageChart(version);
    chartServer = createServer((request, response) => {
      const path = request.url ?? '';
      requests.push(`${path} ${request.headers.authorization ?? 'nobody'}`);
      if (path.startsWith('/private/') && request.headers.authorization === undefined) {
        response.writeHead(401).end();
        return;
      }
      const name = path.split('/').at(-1) ?? '';
      if (name === 'index.yaml') {
        const entries = versions.map(
          (one) => `  - {apiVersion: v2, name: dep, version: ${one}, urls: [dep-${one}.tgz]}\n`,
        );
        response.end(`apiVersion: v1\nentries:\n  dep:\n${entries.join('')}`);
        return;
      }
      readFile(join(folder, name)).then(
        (data) => response.end(data),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((done) => chartServer.listen(0, '127.0.0.1', done));
    charts = `http://127.0.0.1:${(chartServer.address() as AddressInfo).port}`;
  });

  after(async () => {
    chartServer?.closeAllConnections();
    chartServer?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    versions = ['1.0.0', '1.1.0', '2.0.0'];
    requests = [];
    git = await startGitServer();
    repository = await git.createRepository('charts');
    rig = await startOperatorRig();
  });

  afterEach(async () => {
    await rig.close();
    await git.close();
  });

  const chartOf = (address: string, version: string): string =>
    `apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- name: dep\n  repository: "${address}"\n  version: "${version}"\n`;
  const commit = async (files: Readonly<Record<string, string | null>>): Promise<void> => {
    await repository.commit(files);
    await rig.operator.poke(repository.url);
  };
  const deploy = async (): Promise<void> => {
    await rig.application('shop', { source: { repoURL: repository.url, path: 'web', targetRevision: 'main' } });
  };
  const isDeployed = async (version: string): Promise<void> => {
    const key = { namespace: 'default', name: 'dep' };
    await rig.until(ConfigMap, key, (live) => live?.data?.['version'] === version, version);
  };
  const failure = async (says: RegExp): Promise<void> => {
    const isFailed = ({ status }: Application): boolean =>
      status?.conditions?.some(({ reason, message }) => reason === 'RenderFailed' && says.test(message)) === true;
    await rig.untilApplication('shop', isFailed, says.source);
  };
  const secret = async (stringData: Readonly<Record<string, string>>): Promise<void> => {
    const data = Object.fromEntries(
      Object.entries(stringData).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
    );
    const labels = { 'argocd.argoproj.io/secret-type': 'repository' };
    await rig.client.create({ ...Secret, metadata: { name: 'charts', namespace: 'argocd', labels }, data });
  };

  it('brings the newest version of a range, and another one when it is there', async () => {
    versions = ['1.0.0'];
    await commit({ 'web/Chart.yaml': chartOf(charts, '^1.0.0') });
    await deploy();
    await isDeployed('1.0.0');
    versions = ['1.0.0', '1.1.0', '2.0.0'];
    const body = { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } };
    const kind = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' };
    await rig.client.patch(kind, { namespace: 'argocd', name: 'shop' }, { type: 'merge', body });
    await isDeployed('1.1.0');
  });

  it('keeps to a lock that helm has made, and refuses one of another Chart.yaml', async () => {
    versions = ['1.0.0'];
    const chart = join(folder, 'locked');
    await mkdir(chart, { recursive: true });
    await writeFile(join(chart, 'Chart.yaml'), chartOf(charts, '>=1.0.0 <3'));
    await runHelm('dependency', 'update', chart);
    versions = ['1.0.0', '1.1.0', '2.0.0'];
    await commit({
      'web/Chart.yaml': chartOf(charts, '>=1.0.0 <3'),
      'web/Chart.lock': await readFile(join(chart, 'Chart.lock'), 'utf8'),
    });
    await deploy();
    await isDeployed('1.0.0');
    await commit({ 'web/Chart.yaml': chartOf(charts, '>=2.0.0') });
    await failure(/the lock file \(Chart\.lock\) is out of sync with the dependencies file \(Chart\.yaml\)/);
    await commit({ 'web/Chart.lock': null });
    await isDeployed('2.0.0');
  });

  it('takes folders of the repository, and none outside', async () => {
    const dep = { 'dep/Chart.yaml': 'apiVersion: v2\nname: dep\nversion: 3.0.0\n', 'dep/templates/c.yaml': TEMPLATE };
    await commit({ ...dep, 'web/Chart.yaml': chartOf('file://../dep', '3.x') });
    await deploy();
    await isDeployed('3.0.0');
    await commit({ 'web/Chart.yaml': chartOf('file://../dep', '4.x') });
    await failure(/can't get a valid version for dependency dep: 3\.0\.0 is not 4\.x/);
    await commit({ 'web/Chart.yaml': chartOf('file://../../dep', '3.x') });
    await failure(/outside the repository/);
  });

  it('uses the credentials of the repository, by its address or its name, and says what is missing', async () => {
    await commit({ 'web/Chart.yaml': chartOf(`${charts}/private`, '1.0.0') });
    await deploy();
    await failure(/Cannot read chart "dep" of .*\/private.*401/);
    await secret({ type: 'helm', name: 'ours', url: `${charts}/private`, username: 'me', password: 'secret' });
    await commit({ 'web/Chart.yaml': chartOf('@ours', '1.1.0') });
    await isDeployed('1.1.0');
    const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    assert.ok(requests.includes(`/private/dep-1.1.0.tgz ${basic}`));
    await commit({ 'web/Chart.yaml': chartOf(`${charts}/public`, '1.0.0') });
    await isDeployed('1.0.0');
    assert.deepEqual(
      requests.filter((request) => request.startsWith('/public') && !request.endsWith('nobody')),
      [],
    );
    await commit({ 'web/Chart.yaml': chartOf(charts, '9.x') });
    await failure(/chart "dep" version "9\.x" not found/);
    await commit({ 'web/Chart.yaml': chartOf('@none', '9.x') });
    await failure(/no repository Secret has the name "none"/);
  });

  it('pulls from an OCI registry', async function () {
    const binary =
      findExecutable('docker-registry') ?? skipWithout(this, 'docker-registry', 'apt-get install docker-registry');
    const port = await new Promise<number>((resolve) => {
      const socket = createSocketServer().listen(0, '127.0.0.1', () => {
        const { port: free } = socket.address() as AddressInfo;
        socket.close(() => resolve(free));
      });
    });
    const host = `127.0.0.1:${port}`;
    const storage = `storage: {filesystem: {rootdirectory: ${folder}/registry}}`;
    await writeFile(
      join(folder, 'config.yml'),
      `version: 0.1\nlog: {level: error}\n${storage}\nhttp: {addr: "${host}"}\n`,
    );
    const registry: ChildProcess = spawn(binary, ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
    try {
      for (let turn = 0; turn < 100; turn++) {
        if (
          await fetch(`http://${host}/v2/`).then(
            ({ ok }) => ok,
            () => false,
          )
        )
          break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await runHelm('push', join(folder, 'dep-1.1.0.tgz'), `oci://${host}/team`, '--plain-http');
      await secret({ type: 'helm', enableOCI: 'true', url: `${host}/team`, insecureOCIForceHttp: 'true' });
      await commit({ 'web/Chart.yaml': chartOf(`oci://${host}/team`, '~1') });
      await deploy();
      await isDeployed('1.1.0');
    } finally {
      registry.kill('SIGKILL');
    }
  });
});
