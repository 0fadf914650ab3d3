import assert from 'node:assert/strict';
import { renderDirectory } from '../../../src/render/directory/render-directory.js';
import { compilePathGlob } from '../../../src/render/directory/path-glob.js';
import { MemoryTree } from '../../../src/render/files/memory-tree.js';
import type { DirectorySourceOptions } from '../../../src/render/render.js';
import { RenderError } from '../../../src/render/render.js';
import { sourceOptions } from '../source-options.js';

const config = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
const signal = new AbortController().signal;
const render = async (files: Record<string, string>, directory: DirectorySourceOptions = {}, path = 'app') =>
  await renderDirectory(new MemoryTree(files), sourceOptions({ path, directory }), signal);
const names = async (...args: Parameters<typeof render>): Promise<string[]> =>
  (await render(...args)).manifests.map(({ object }) => object.metadata.name);

const files = {
  'app/b.yaml': config('b'),
  'app/a.yml': config('a'),
  'app/c.json': JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'c' } }),
  'app/README.md': 'text',
  'app/nested/d.yaml': config('d'),
  'other.yaml': config('other'),
};

describe('renderDirectory', () => {
  it('reads the manifests of the folder in the order of their names', async () => {
    assert.deepEqual(await names(files), ['a', 'b', 'c']);
  });

  it('goes into folders with recurse', async () => {
    assert.deepEqual(await names(files, { recurse: true }), ['a', 'b', 'c', 'd']);
    assert.deepEqual(await names(files, { recurse: true }, ''), ['a', 'b', 'c', 'd', 'other']);
  });

  it('includes and excludes by glob', async () => {
    assert.deepEqual(await names(files, { include: '*.yaml' }), ['b']);
    assert.deepEqual(await names(files, { include: '{a.yml,c.json}' }), ['a', 'c']);
    assert.deepEqual(await names(files, { recurse: true, exclude: 'nested/*' }), ['a', 'b', 'c']);
    assert.deepEqual(await names(files, { recurse: true, include: '*.yaml', exclude: 'b*' }), ['d']);
    await assert.rejects(render(files, { include: '{a' }), RenderError);
  });

  it('renders an empty folder to nothing', async () => {
    assert.deepEqual(await names({ 'app/README.md': '' }), []);
  });

  it('leaves out YAML that is no manifest, and says so', async () => {
    const rendered = await render({ 'app/values.yaml': 'replicas: 2\n', 'app/a.yaml': config('a') });
    assert.equal(rendered.manifests.length, 1);
    assert.deepEqual(rendered.warnings, ['app/values.yaml holds no manifest and is left out']);
  });

  it('leaves out a file with the marker', async () => {
    assert.deepEqual(await names({ 'app/a.yaml': `# +argocd:skip-file-rendering\n${config('a')}` }), []);
  });

  it('reports the problems of all files at once', async () => {
    const broken = {
      'app/a.yaml': `${config('a')}x: [\n`,
      'app/b.json': '{',
      'app/c.yaml': `${config('a')}---\nkind: Pod\n`,
    };
    await assert.rejects(render(broken), (error) => {
      assert.ok(error instanceof RenderError);
      assert.deepEqual(
        new Set(error.problems.map(({ file }) => file)),
        new Set(['app/a.yaml', 'app/b.json', 'app/c.yaml']),
      );
      return true;
    });
  });

  it('refuses Jsonnet instead of leaving objects out', async () => {
    await assert.rejects(render({ 'app/a.jsonnet': '{}' }), /Jsonnet is not supported/);
  });

  it('refuses more than the limit for all files together', async () => {
    const large = `${config('a')}data:\n  x: ${'x'.repeat(4_000_000)}\n`;
    await assert.rejects(
      render({ 'app/a.yaml': large, 'app/b.yaml': large, 'app/c.yaml': large }),
      /more than 10000000 bytes/,
    );
  });
});

describe('compilePathGlob', () => {
  const cases: [string, string, boolean][] = [
    ['*', 'a/b.yaml', true],
    ['**/*.yaml', 'a/b.yaml', true],
    ['?.yaml', 'a.yaml', true],
    ['?.yaml', 'ab.yaml', false],
    ['[a-c].yaml', 'b.yaml', true],
    ['[!a-c].yaml', 'b.yaml', false],
    ['{a,b/{c,d}}.yaml', 'b/d.yaml', true],
    [String.raw`\*.yaml`, 'a.yaml', false],
    ['a.yaml', 'axyaml', false],
  ];
  for (const [glob, path, expected] of cases) {
    it(`${glob} ${expected ? 'matches' : 'does not match'} ${path}`, () => {
      assert.equal(compilePathGlob(glob)?.(path), expected);
    });
  }
});
