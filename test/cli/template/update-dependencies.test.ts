import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { templateText } from '../../../src/cli/template/run-template.js';
import { packChart } from '../../../src/render/helm/chart/pack-chart.js';

describe('updateDependencies', () => {
  let folder: string;
  let app: string;

  const writeChart = async (name: string, version: string, ...dependencies: readonly string[]): Promise<string> => {
    const path = join(folder, name);
    await mkdir(path, { recursive: true });
    const list = dependencies.length === 0 ? '' : `dependencies: [${dependencies.join(', ')}]\n`;
    await writeFile(join(path, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: ${version}\n${list}`);
    return path;
  };

  const update = (): Promise<string> =>
    templateText(['r', app], { hooks: true, dependencyUpdate: true, repositoryConfig: join(folder, 'none') }, () => {});

  const BESIDE = '{name: beside, version: ^1, repository: "file://../beside"}';

  /** The file of an older version, which an update removes. */
  const OLD = 'beside-0.1.0.tgz';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-update-'));
    await writeChart('beside', '1.4.0');
    app = await writeChart('app', '1.0.0', BESIDE, '{name: other, version: ^1, repository: "file://../other"}');
    await writeChart('other', '1.0.0');
    await mkdir(join(app, 'charts'));
    const metadata = Buffer.from('apiVersion: v2\nname: beside\nversion: 0.1.0\n');
    await writeFile(join(app, 'charts', OLD), await packChart('beside', [{ name: 'Chart.yaml', data: metadata }]));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  const isAsBefore = async (): Promise<void> => {
    assert.deepEqual(await readdir(app), ['Chart.yaml', 'charts']);
    assert.deepEqual(await readdir(join(app, 'charts')), [OLD]);
  };

  it('replaces what is outdated, and writes the lock', async () => {
    await update();
    assert.deepEqual((await readdir(join(app, 'charts'))).sort(), ['beside-1.4.0.tgz', 'other-1.0.0.tgz']);
    assert.match(await readFile(join(app, 'Chart.lock'), 'utf8'), /^digest: sha256:[0-9a-f]{64}\ngenerated: "20/m);
    assert.deepEqual((await readdir(app)).sort(), ['Chart.lock', 'Chart.yaml', 'charts']);
  });

  it('changes nothing when a dependency cannot be had', async () => {
    await writeChart('app', '1.0.0', BESIDE, '{name: other, version: 1.0.0, repository: "http://127.0.0.1:1"}');
    await assert.rejects(update(), /cannot be reached/);
    await isAsBefore();
    await writeChart('app', '1.0.0', BESIDE, '{name: other, version: ^2, repository: "file://../other"}');
    await assert.rejects(update(), /can't get a valid version for dependency other/);
    await isAsBefore();
    await writeChart('app', '1.0.0', BESIDE, '{name: other, version: ^2, repository: other}');
    await assert.rejects(update(), /no repository definition for other/);
    await isAsBefore();
  });

  it('refuses names that lead elsewhere', async () => {
    for (const repository of ['', 'file://../other', 'http://127.0.0.1:1', 'oci://127.0.0.1:1']) {
      for (const name of ['../other', '..', 'a/b']) {
        await writeChart('app', '1.0.0', BESIDE, `{name: "${name}", version: ^1, repository: "${repository}"}`);
        await assert.rejects(update(), /is no file name/);
      }
    }
    await isAsBefore();
  });

  it('writes through no link', async () => {
    await mkdir(join(folder, 'elsewhere'));
    await symlink('../lock', join(app, 'Chart.lock'));
    await writeFile(join(folder, 'lock'), 'digest: x\n');
    await assert.rejects(update(), /the Chart.lock file is a symlink to "..\/lock"/);
    assert.equal(await readFile(join(folder, 'lock'), 'utf8'), 'digest: x\n');
    await rm(join(app, 'Chart.lock'));
    await rm(join(app, 'charts'), { recursive: true });
    await symlink('../elsewhere', join(app, 'charts'));
    await assert.rejects(update(), /charts" is a link/);
    assert.deepEqual(await readdir(join(folder, 'elsewhere')), []);
  });

  it('refuses archives, and folders in the place of an archive', async () => {
    await mkdir(join(app, 'charts', 'beside-1.4.0.tgz'));
    await assert.rejects(update(), /beside-1.4.0.tgz/);
    await rm(join(app, 'charts', 'beside-1.4.0.tgz'), { recursive: true });
    await isAsBefore();
    const data = await readFile(join(app, 'Chart.yaml'));
    app = join(folder, 'app.tgz');
    await writeFile(app, await packChart('app', [{ name: 'Chart.yaml', data }]));
    await assert.rejects(update(), /only unpacked charts can be updated/);
  });
});
