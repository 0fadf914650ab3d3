import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { templateText } from '../../../src/cli/template/run-template.js';
import { realTool } from '../../components/components.js';

const run = promisify(execFile);

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Chart.Name }}-{{ .Chart.Version }}"}\n';

const GENERATED = /^generated: "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"$/m;

describe('fairlead template --dependency-update, beside helm', function () {
  this.timeout(60_000);
  let helm: string;
  let folder: string;
  let server: Server;
  let url: string;
  const cacheBefore = process.env['XDG_CACHE_HOME'];

  before(async () => {
    helm = await realTool('helm');
    folder = await mkdtemp(join(tmpdir(), 'fairlead-update-'));
    process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
    const repository = join(folder, 'repository');
    server = createServer((request, response) => {
      readFile(join(repository, request.url ?? '')).then(
        (data) => response.end(data),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const version of ['1.0.0', '1.2.0', '2.0.0']) {
      await writeChart('lib', `apiVersion: v2\nname: lib\nversion: ${version}\n`);
      await run(helm, ['package', join(folder, 'lib'), '-d', repository]);
    }
    await run(helm, ['repo', 'index', repository, '--url', url]);
    await writeChart('beside', 'apiVersion: v2\nname: beside\nversion: 0.3.0+b1\nappVersion: "1.10"\n');
    await writeFile(join(folder, 'repositories.yaml'), `repositories: [{name: known, url: "${url}"}]\n`);
    await writeFile(join(folder, 'none.yaml'), 'repositories: []\n');
  });

  after(async () => {
    server?.close();
    if (cacheBefore === undefined) delete process.env['XDG_CACHE_HOME'];
    else process.env['XDG_CACHE_HOME'] = cacheBefore;
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const writeChart = async (name: string, metadata: string): Promise<void> => {
    await mkdir(join(folder, name, 'templates'), { recursive: true });
    await writeFile(join(folder, name, 'Chart.yaml'), metadata);
    await writeFile(join(folder, name, 'templates', 'a.yaml'), CONFIG_MAP);
  };

  /** What stands in `charts/`, and the lock without its time. */
  const stateOf = async (name: string, lock: string): Promise<unknown> => {
    const text = await readFile(join(folder, name, lock), 'utf8');
    assert.match(text, GENERATED);
    return {
      top: (await readdir(join(folder, name))).sort(),
      charts: (await readdir(join(folder, name, 'charts'))).sort(),
      lock: text.replace(GENERATED, ''),
    };
  };

  const both = async (lock: string, config = 'none.yaml'): Promise<void> => {
    await rm(join(folder, 'twin'), { recursive: true, force: true });
    await cp(join(folder, 'app'), join(folder, 'twin'), { recursive: true });
    const repositoryConfig = join(folder, config);
    const args = ['template', 'r', join(folder, 'app'), '--dependency-update', '--repository-config', repositoryConfig];
    const { stdout } = await run(helm, args);
    const said: string[] = [];
    const ours = await templateText(
      ['r', join(folder, 'twin')],
      { hooks: true, dependencyUpdate: true, repositoryConfig },
      (text) => void said.push(text),
    );
    assert.equal(ours, stdout.slice(stdout.indexOf('---\n')));
    assert.deepEqual(await stateOf('twin', lock), await stateOf('app', lock));
    const theirs = stdout.slice(0, stdout.indexOf('---\n')).split('\n');
    assert.deepEqual(
      said,
      theirs.filter((line) => /^(Saving|Downloading|Dependency|Deleting)/.test(line)),
    );
  };

  it('writes the same files', async () => {
    const dependencies = [
      `{name: lib, version: ^1.0, repository: "${url}", alias: second, condition: second.enabled}`,
      `{name: lib, version: 2.0.0, repository: "${url}/", tags: [x]}`,
      '{name: beside, version: ">=0", repository: "file://../beside"}',
      '{name: inside, version: 1.x.x, repository: ""}',
    ];
    const list = dependencies.map((line) => `- ${line}\n`).join('');
    await writeChart('app', `apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n${list}`);
    await mkdir(join(folder, 'app', 'charts', 'inside', 'templates'), { recursive: true });
    await writeFile(
      join(folder, 'app', 'charts', 'inside', 'Chart.yaml'),
      'apiVersion: v2\nname: inside\nversion: 1.5.0\n',
    );
    // One of these is outdated, the other one is no dependency at all.
    await cp(join(folder, 'repository', 'lib-1.0.0.tgz'), join(folder, 'app', 'charts', 'lib-1.0.0.tgz'));
    await writeChart('stray', 'apiVersion: v2\nname: stray\nversion: 1.0.0\n');
    await run(helm, ['package', join(folder, 'stray'), '-d', join(folder, 'app', 'charts')]);
    await writeFile(join(folder, 'app', 'charts', '_notes.txt'), 'kept\n');
    await both('Chart.lock');
  });

  it('leaves a lock that still holds and replaces another', async () => {
    for (const lock of ['app', 'twin'].map((name) => join(folder, name, 'Chart.lock'))) {
      await writeFile(lock, (await readFile(lock, 'utf8')).replace(GENERATED, 'generated: "2020-01-01T00:00:00Z"'));
    }
    const kept = await readFile(join(folder, 'app', 'Chart.lock'), 'utf8');
    await rm(join(folder, 'app', 'charts', 'beside-0.3.0+b1.tgz'));
    await both('Chart.lock');
    assert.equal(await readFile(join(folder, 'twin', 'Chart.lock'), 'utf8'), kept);
    await rm(join(folder, 'app', 'charts', 'beside-0.3.0+b1.tgz'));
    await writeFile(join(folder, 'app', 'Chart.lock'), kept.replace(/sha256:../, 'sha256:zz'));
    await both('Chart.lock');
  });

  it('writes the address of a repository that is known by name', async () => {
    await rm(join(folder, 'app'), { recursive: true });
    const list = `- {name: lib, version: "*", repository: "@known"}\n`;
    await writeChart('app', `apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n${list}`);
    await both('Chart.lock', 'repositories.yaml');
  });

  it('writes requirements.lock for old charts', async () => {
    await rm(join(folder, 'app'), { recursive: true });
    await writeChart('app', 'apiVersion: v1\nname: app\nversion: 1.0.0\n');
    const list = `- {name: lib, version: ~1.0, repository: "${url}"}\n`;
    await writeFile(join(folder, 'app', 'requirements.yaml'), `dependencies:\n${list}`);
    await both('requirements.lock');
  });
});
