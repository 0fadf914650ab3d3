import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderTree } from '../../../src/render/files/folder-tree.js';
import { MemoryTree } from '../../../src/render/files/memory-tree.js';
import type { FileTree } from '../../../src/render/file-tree.js';
import type { BuildOptions } from '../../../src/render/kustomize/build/build-overlay.js';
import { buildOverlay } from '../../../src/render/kustomize/build/build-overlay.js';
import { KustomizeError } from '../../../src/render/kustomize/errors.js';
import { printOverlay } from '../../../src/render/kustomize/print-overlay.js';

type Files = Record<string, string | Uint8Array>;

const signal = new AbortController().signal;

const buildTree = async (tree: FileTree, path = '', options: BuildOptions = {}): Promise<string> =>
  printOverlay(await buildOverlay(tree, path, options, signal));

const build = async (files: Files): Promise<string> => await buildTree(new MemoryTree(files));

const failure = async (built: Promise<string>): Promise<{ message: string; file: string | undefined }> => {
  try {
    await built;
  } catch (error) {
    assert.ok(error instanceof KustomizeError, String((error as Error).stack));
    return { message: error.message, file: error.file };
  }
  assert.fail('nothing was refused');
};

const map = (name: string, more = ''): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${more}}\n`;
const objects = { 'a.yaml': map('a'), 'b.yaml': `${map('same', ', labels: {x: y}')}---\n${map('other')}` };
const K = 'kustomization.yaml';
const fn = (annotation: string, value: string): string =>
  `apiVersion: example.com/v1\nkind: Fn\nmetadata:\n  name: fn\n  annotations:\n    ${annotation}: |\n      ${value}\n`;

/** Who is wrong, how it is said, and in which file. */
const cases: readonly (readonly [what: string, files: Files, message: RegExp, file: string])[] = [
  [
    'a folder that is not there',
    { [K]: 'components: [none]\n' },
    /accumulating components: 'none': .*'none' doesn't exist/,
    K,
  ],
  [
    'a folder without a kustomization',
    { [K]: 'resources: [f]\n', 'f/x': '' },
    /from 'f': .*unable to find one of .* in directory 'f'/,
    K,
  ],
  [
    'a base outside the repository',
    { 'app/kustomization.yaml': 'resources: [../../x]\n', [K]: 'resources: [app]\n' },
    /from '..\/..\/x': '..\/..\/x' is outside the repository/,
    'app/kustomization.yaml',
  ],
  [
    'a cycle through two folders',
    {
      [K]: 'resources: [a]\n',
      'a/kustomization.yaml': 'resources: [../b]\n',
      'b/kustomization.yaml': 'resources: [../a]\n',
    },
    /cycle detected/,
    'b/kustomization.yaml',
  ],
  [
    'a missing file of a generator',
    { [K]: 'configMapGenerator: [{name: g, files: [none.txt]}]\n' },
    /configMapGenerator 'g': loading KV pairs: 'none.txt' does not exist/,
    K,
  ],
  [
    'a missing patch',
    { ...objects, [K]: 'resources: [a.yaml]\npatches: [{path: p.yaml}]\n' },
    /patches\[0\].*'p.yaml' does not exist/,
    K,
  ],
  [
    'a patch that matches nothing',
    { ...objects, [K]: `resources: [a.yaml]\npatches:\n- patch: '{apiVersion: v1, kind: Pod, metadata: {name: a}}'\n` },
    /patches\[0\]: .*no matches for Id Pod/,
    K,
  ],
  [
    'one patch for two resources',
    {
      ...objects,
      'n.yaml': map('a', ', namespace: n'),
      [K]: `resources: [a.yaml, n.yaml]\nnamePrefix: p-\npatchesStrategicMerge: ['{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}']\n`,
    },
    /patchesStrategicMerge: .*no matches for Id ConfigMap/,
    K,
  ],
  [
    'a field path through a list',
    {
      ...objects,
      [K]: 'resources: [a.yaml]\nreplacements: [{sourceValue: x, targets: [{select: {kind: ConfigMap}, fieldPaths: ["metadata.[name=a].x"]}]}]\n',
    },
    /replacements\[0\]: unable to find field "metadata\.\[name=a\]\.x" in replacement target: wrong node kind/,
    K,
  ],
  [
    'a field path with a match without a value',
    {
      ...objects,
      [K]: 'resources: [a.yaml]\nreplacements: [{source: {kind: ConfigMap, fieldPath: "data.[x]"}, targets: [{select: {kind: ConfigMap}}]}]\n',
    },
    /replacements\[0\]: /,
    K,
  ],
  [
    'two generators of one name',
    { [K]: 'configMapGenerator: [{name: g, literals: [a=b]}, {name: g, literals: [c=d]}]\n' },
    /configMapGenerator 'g': .*behavior must be merge or replace/,
    K,
  ],
  [
    'a function in a container',
    { [K]: 'transformers: [fn.yaml]\n', 'fn.yaml': fn('config.kubernetes.io/function', 'container: {image: a}') },
    /unable to load external plugin 'Fn': functions, executables and Starlark are never run/,
    'fn.yaml',
  ],
  [
    'an executable function',
    { [K]: 'generators: [fn.yaml]\n', 'fn.yaml': fn('config.kubernetes.io/function', 'exec: {path: ./run.sh}') },
    /functions, executables and Starlark are never run/,
    'fn.yaml',
  ],
  [
    'Starlark',
    { [K]: 'validators: [fn.yaml]\n', 'fn.yaml': fn('config.kubernetes.io/function', 'starlark: {path: a.star}') },
    /functions, executables and Starlark are never run/,
    'fn.yaml',
  ],
  [
    'a repeated key of a resource',
    { [K]: 'resources: [a.yaml]\n', 'a.yaml': `${map('a')}kind: Secret\n` },
    /mapping key "kind" already defined at line 2 in File: a.yaml/,
    'a.yaml',
  ],
  ['a tab in the kustomization', { [K]: 'resources:\n\t- a.yaml\n' }, /invalid Kustomization: yaml: line 2/, K],
  ['a field of the wrong type', { [K]: 'images: [{name: a, newTag: 1}]\n' }, /field images\[0\]\.newTag/, K],
  [
    'a patch as a text that is none',
    { ...objects, [K]: 'resources: [a.yaml]\npatches: [{target: {kind: ConfigMap}, patch: "no patch"}]\n' },
    /patches\[0\]: unable to parse SM or JSON patch/,
    K,
  ],
];

describe('buildOverlay, on what is wrong', () => {
  for (const [what, files, message, file] of cases) {
    it(`names the file and the field of ${what}`, async () => {
      const found = await failure(build(files));
      assert.match(found.message, message);
      assert.equal(found.file, file);
    });
  }

  it('reads a byte order mark, anchors and merge keys', async () => {
    const text = await build({
      [K]: '\ufeffresources: [a.yaml]\n',
      'a.yaml':
        '\ufeffapiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: &d {x: "1"}\nmore: {<<: *d, y: "2"}\n',
    });
    assert.match(text, /more:\n {2}x: "1"\n {2}"y": "2"\n/);
  });

  it('keeps __proto__, constructor and toString as ordinary keys', async () => {
    const literals = '[__proto__=a, constructor=b, toString=c]';
    const text = await build({
      ...objects,
      [K]: `resources: [a.yaml]\nconfigMapGenerator: [{name: g, literals: ${literals}}]\ncommonAnnotations: {constructor: d}\n`,
    });
    assert.match(text, /data:\n {2}__proto__: a\n {2}constructor: b\n {2}toString: c\n/);
    assert.equal(({} as Record<string, unknown>)['a'], undefined);
  });
});

describe('buildOverlay and printOverlay, on what is wrong in the end', () => {
  it('name the kustomization, or the file of the object', async () => {
    const order = await failure(build({ ...objects, [K]: 'resources: [a.yaml]\nsortOptions: {order: wrong}\n' }));
    assert.match(order.message, /sortOptions\.order/);
    assert.equal(order.file, K);
    const text = `${map('a')}data: {x: !!int none}\n`;
    const value = await failure(build({ [K]: 'resources: [a.yaml]\n', 'a.yaml': text }));
    assert.match(value.message, /ConfigMap\.v1\.\[noGrp\]\/a\.\[noNs\]: .*cannot decode/);
    assert.equal(value.file, 'a.yaml');
  });
});

describe('buildOverlay, in a folder with links', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-links-'));
    await mkdir(join(folder, 'repo/app'), { recursive: true });
    await mkdir(join(folder, 'outside'));
    await writeFile(join(folder, 'outside/secret.yaml'), map('secret'));
    await writeFile(join(folder, 'outside', K), 'resources: [secret.yaml]\n');
    await writeFile(join(folder, 'repo/shared.yaml'), map('shared'));
    await writeFile(join(folder, 'repo/app', K), 'resources: [linked.yaml]\n');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const app = async (options: BuildOptions = {}): Promise<string> =>
    await buildTree(new FolderTree(join(folder, 'repo')), 'app', options);

  it('reads a link beside the kustomization only when files outside its folder may be read', async () => {
    await symlink('../shared.yaml', join(folder, 'repo/app/linked.yaml'));
    const { message, file } = await failure(app());
    assert.match(message, /security; file 'linked.yaml' is not in or below 'app'/);
    assert.equal(file, `app/${K}`);
    assert.match(await app({ loadRestrictor: 'none' }), /name: shared/);
  });

  for (const loadRestrictor of ['rootOnly', 'none'] as const) {
    it(`follows no link out of the repository (${loadRestrictor})`, async () => {
      await symlink('../../outside/secret.yaml', join(folder, 'repo/app/linked.yaml'));
      assert.match((await failure(app({ loadRestrictor }))).message, /accumulating resources from 'linked.yaml'/);
      await rm(join(folder, 'repo/app/linked.yaml'));
      await symlink(join(folder, 'outside'), join(folder, 'repo/app/linked.yaml'));
      assert.match((await failure(app({ loadRestrictor }))).message, /accumulating resources from 'linked.yaml'/);
    });
  }
});
