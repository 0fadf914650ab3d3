import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CommanderError } from 'commander';
import { kustomizeCommand } from '../../../src/cli/commands/kustomize.js';
import { realTool } from '../../components/components.js';

const run = promisify(execFile);

const OBJECTS = [
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: Web, namespace: One}\n',
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n',
  'apiVersion: v1\nkind: Namespace\nmetadata: {name: One}\n',
  'kind: Thing\nmetadata: {name: a}\n',
].join('---\n');

describe('fairlead kustomize, beside kubectl kustomize', function () {
  this.timeout(30_000);
  let kubectl: string;
  let folder: string;

  before(async () => {
    kubectl = await realTool('kubectl');
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-kustomize-'));
    await mkdir(join(folder, 'app'));
    await mkdir(join(folder, 'empty'));
    await writeFile(join(folder, 'app/kustomization.yaml'), 'resources: [objects.yaml]\n');
    await writeFile(join(folder, 'app/objects.yaml'), OBJECTS);
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** What the command refuses with; empty when it does not. */
  const ours = async (args: readonly string[]): Promise<string> => {
    try {
      await kustomizeCommand().exitOverride().parseAsync(args, { from: 'user' });
      return '';
    } catch (error) {
      assert.ok(!(error instanceof CommanderError), String(error));
      return (error as Error).message;
    }
  };
  const theirs = async (args: readonly string[]): Promise<string> => {
    try {
      await run(kubectl, ['kustomize', ...args]);
      return '';
    } catch (error) {
      return /error: (.*)/.exec((error as { stderr: string }).stderr)?.[1] ?? '';
    }
  };
  const contents = async (path: string): Promise<Record<string, string>> => {
    const files: Record<string, string> = {};
    for (const name of await readdir(path)) files[name] = await readFile(join(path, name), 'utf8');
    return files;
  };

  it('writes a file for every object into an existing folder, and one file elsewhere', async () => {
    for (const who of ['ours', 'theirs']) await mkdir(join(folder, who));
    const app = join(folder, 'app');
    assert.equal(await ours([app, '-o', join(folder, 'ours')]), '');
    assert.equal(await theirs([app, '-o', join(folder, 'theirs')]), '');
    const written = await contents(join(folder, 'ours'));
    assert.deepEqual(written, await contents(join(folder, 'theirs')));
    assert.equal(Object.keys(written).length, 4);
    await ours([app, '--output', join(folder, 'ours.yaml')]);
    await theirs([app, '--output', join(folder, 'theirs.yaml')]);
    const text = await readFile(join(folder, 'ours.yaml'), 'utf8');
    assert.equal(text, await readFile(join(folder, 'theirs.yaml'), 'utf8'));
  });

  it('writes nothing outside the folder, whatever objects are named', async () => {
    const object = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "../../escaped"}\n';
    await writeFile(join(folder, 'app/objects.yaml'), object);
    await mkdir(join(folder, 'out'));
    assert.match(await ours([join(folder, 'app'), '-o', join(folder, 'out')]), /no such file or directory$/);
    assert.deepEqual((await readdir(folder)).toSorted(), ['app', 'empty', 'out']);
  });

  const refused: readonly (readonly [what: string, args: readonly string[]])[] = [
    ['two folders', ['app', 'empty']],
    ['no folder', ['']],
    ['an unknown order', ['app', '--reorder', 'bad']],
    ['an unknown restriction', ['app', '--load-restrictor=none']],
    ['a flag that is neither true nor false', ['app', '--as-current-user=maybe']],
    ['a file in a folder that is not there', ['app', '-o', 'none/file']],
  ];
  for (const [what, args] of refused) {
    it(`refuses ${what} in the same words`, async () => {
      const placed = args.map((arg) => (/^(?:app|empty|none.*)$/.test(arg) ? join(folder, arg) : arg));
      const reason = await theirs(placed);
      assert.notEqual(reason, '');
      assert.equal(await ours(placed), reason);
    });
  }

  it('refuses what is no folder, or has no kustomization', async () => {
    for (const path of ['none', 'app/objects.yaml', 'empty']) {
      const reason = await theirs([join(folder, path)]);
      const start = /^(?:must build at directory|unable to find one of [^/]*)/.exec(reason)?.[0] ?? '?';
      assert.ok((await ours([join(folder, path)])).includes(start), `${path}: ${reason}`);
    }
  });

  it('takes every flag of kubectl kustomize', async () => {
    const flags = [
      '--as-current-user=true',
      ['-e', 'A=b', '--env=C'],
      ['--helm-command', 'helm3', '--helm-debug', '--helm-api-versions=a/v1,b/v1', '--helm-kube-version', '1.30'],
      '--enable-helm=false',
      '--enable-alpha-plugins=false',
      ['--network', '--network-name', 'bridge', '--mount', 'type=bind,src=/tmp,dst=/x'],
      '--load-restrictor=LoadRestrictionsNone',
      '--reorder=none',
    ].flat();
    const args = [join(folder, 'app'), ...flags, '-o'];
    assert.equal(await ours([...args, join(folder, 'ours.yaml')]), '');
    assert.equal(await theirs([...args, join(folder, 'theirs.yaml')]), '');
    const text = await readFile(join(folder, 'ours.yaml'), 'utf8');
    assert.equal(text, await readFile(join(folder, 'theirs.yaml'), 'utf8'));
  });
});
