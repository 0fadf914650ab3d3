import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { realTool } from '../../components/components.js';
import { CHARTS } from './helm-runs.js';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.cts', import.meta.url));

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

interface Run {
  readonly output: string;
  readonly refusal: string;
}

const run = (command: string, args: readonly string[], cwd: string): Promise<Run> =>
  new Promise((resolve) => {
    execFile(command, [...args], { cwd, env: { ...process.env, TZ: 'UTC' } }, (error, stdout, stderr) => {
      const message = stderr
        .slice(Math.max(stderr.search(/^(Error|fairlead): /m), 0))
        .replace(/^(Error|fairlead): /, '');
      resolve({ output: stdout, refusal: error === null ? '' : message.trim() });
    });
  });

/** A copy, with a template that shows everything that flags reach. */
const CORPUS = './corpus';
const ORDERING = join(CHARTS, 'ordering');

/** Each has the same output or the same refusal. */
const CASES: readonly (readonly string[])[] = [
  ['r', ORDERING],
  [ORDERING],
  ['-g', ORDERING],
  ['--name-template', 'x-{{ "ABC" | lower }}', ORDERING],
  ['r', ORDERING, '-g'],
  ['r', ORDERING, '--include-crds'],
  ['r', ORDERING, '--skip-tests'],
  ['r', ORDERING, '--no-hooks'],
  ['r', ORDERING, '-s', 'templates/kinds.yaml'],
  ['r', ORDERING, '-s', 'templates/sub/*.yaml', '-s', 'templates/hooks.yaml'],
  ['r', ORDERING, '-s', 'templates/none.yaml'],
  [
    'r',
    CORPUS,
    '-n',
    'elsewhere',
    '--is-upgrade',
    '--kube-version',
    'v1.22.3-x',
    '-a',
    'foo/v1,bar/v2',
    '-a',
    'baz/v3',
  ],
  ['r', CORPUS, '--kube-version', 'x'],
  [
    'r',
    CORPUS,
    '--set',
    'int=7,map.a=null,list={x,2},deep.x.new[1].k=v',
    '--set-string',
    'float=2',
    '--set-json',
    'lists=[1,{"a":null}]',
  ],
  [
    'r',
    CORPUS,
    '--set-literal',
    'text=a\\,b{c}=d',
    '--set-file',
    'long=values.txt',
    '-f',
    'a.yaml,b.yaml',
    '-f',
    'c.yaml',
  ],
  ['r', CORPUS, '--set', 'int'],
  ['r', CORPUS, '--set', 'list[x]=1'],
  ['r', CORPUS, '--set-json', 'a={'],
  ['r', CORPUS, '-f', 'nope.yaml'],
  ['r', CORPUS, '-f', 'bad.yaml'],
  ['r', CORPUS, '--set', 'deep=text'],
  ['Bad_Name', CORPUS],
  ['r', './nope'],
  ['r', join(CHARTS, 'schema'), '--set', 'replicas=x'],
  ['r', join(CHARTS, 'schema'), '--set', 'replicas=x', '--skip-schema-validation'],
  ['r', join(CHARTS, 'refused/yaml-colon')],
  ['--dry-run', 'r', ORDERING, '--wait', '--wait-for-jobs', '--timeout', '5m', '--labels', 'a=b,c=d'],
  ['r', ORDERING, '--description', 'x', '--replace', '--create-namespace', '--hide-notes', '--server-side=false'],
  ['r', ORDERING, '--disable-openapi-validation', '--take-ownership', '--kube-context', 'x', '--burst-limit', '5'],
  ['r', ORDERING, '--render-subchart-notes', '--enable-dns', '--keyring', 'x', '--rollback-on-failure'],
  ['r', ORDERING, '--verify'],
  ['r', ORDERING, '--post-renderer', 'x'],
  ['r', ORDERING, '--dry-run=bad'],
  ['r', ORDERING, '--labels', 'a'],
  ['r', ORDERING, '--wait=x'],
  ['r', ORDERING, '--timeout', '5x'],
  ['r', ORDERING, '--server-side=x'],
  ['r', 'nowhere/chart', '--repository-config', 'none.yaml'],
];

describe('fairlead template, beside helm template', function () {
  this.timeout(300_000);
  let helm: string;
  let folder: string;

  before(async () => {
    helm = await realTool('helm');
    folder = await mkdtemp(join(tmpdir(), 'fairlead-flags-'));
    await cp(join(CHARTS, 'corpus'), join(folder, 'corpus'), { recursive: true });
    const text = '{{ toYaml .Values }}\nrelease: {{ toJson .Release }}\ncapabilities: {{ toJson .Capabilities }}\n';
    await writeFile(join(folder, 'corpus', 'templates', 'flags.yaml'), text);
    await writeFile(join(folder, 'a.yaml'), 'text: a\nmap: {b: null, z: 1}\n');
    await writeFile(join(folder, 'b.yaml'), 'text: b\n---\nint: 9\n');
    await writeFile(join(folder, 'c.yaml'), 'list: null\n');
    await writeFile(join(folder, 'bad.yaml'), 'a: b: c\n');
    await writeFile(join(folder, 'values.txt'), 'from\na file, as it is\n');
  });

  after(() => rm(folder, { recursive: true, force: true }));

  const fairlead = (args: readonly string[]): Promise<Run> =>
    run(process.execPath, ['--import', TSX, MAIN, 'template', ...args], folder);

  for (const args of CASES) {
    const title = args.map((arg) => arg.replace(CHARTS, '')).join(' ');
    it(`agrees on ${title}`, async () => {
      assert.deepEqual(await fairlead(args), await run(helm, ['template', ...args], folder));
    });
  }

  it('writes the same files', async () => {
    const theirs = await run(
      helm,
      ['template', 'r', ORDERING, '--output-dir', 'theirs', '--release-name', '--include-crds'],
      folder,
    );
    const ours = await fairlead(['r', ORDERING, '--output-dir', 'ours', '--release-name', '--include-crds']);
    assert.equal(ours.output.replaceAll('ours/', 'theirs/'), theirs.output);
    const files = (await readdir(join(folder, 'theirs'), { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    assert.ok(files.length > 5);
    for (const { name, parentPath } of files) {
      const path = join(parentPath, name);
      assert.equal(await readFile(path.replace('theirs', 'ours'), 'utf8'), await readFile(path, 'utf8'), path);
    }
  });
});
