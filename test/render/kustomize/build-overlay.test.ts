import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MemoryTree } from '../../../src/render/files/memory-tree.js';
import type { BuildOptions } from '../../../src/render/kustomize/build/build-overlay.js';
import { buildOverlay } from '../../../src/render/kustomize/build/build-overlay.js';
import { KustomizeError } from '../../../src/render/kustomize/errors.js';
import { printOverlay } from '../../../src/render/kustomize/print-overlay.js';

type Files = Record<string, string | Uint8Array>;

const signal = new AbortController().signal;
const build = async (files: Files, path = '', options: BuildOptions = {}): Promise<string> =>
  printOverlay(await buildOverlay(new MemoryTree(files), path, options, signal));

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        image: web:1
        envFrom:
        - configMapRef: {name: settings}
`;

const refuses = async (files: Files, message: RegExp, file?: string, path = ''): Promise<void> => {
  await assert.rejects(build(files, path), (error) => {
    assert.ok(error instanceof KustomizeError, String(error));
    assert.match(error.message, message);
    if (file !== undefined) assert.equal(error.file, file);
    return true;
  });
};

describe('buildOverlay', () => {
  it('renames what is generated and every reference to it, through layers', async () => {
    const text = await build(
      {
        'base/kustomization.yaml': 'resources: [d.yaml]\nconfigMapGenerator:\n- {name: settings, literals: [a=b]}\n',
        'base/d.yaml': DEPLOYMENT,
        'top/kustomization.yaml':
          'resources: [../base]\nnamePrefix: x-\nconfigMapGenerator:\n- {name: settings, behavior: merge, literals: [c=d]}\n',
      },
      'top',
    );
    const name = /name: (x-settings-[a-z0-9]{10})\n/.exec(text)?.[1];
    assert.ok(name !== undefined);
    assert.ok(text.includes(`- configMapRef:\n            name: ${name}\n`));
    assert.ok(text.includes('data:\n  a: b\n  c: d\n'));
  });

  it('merges lists by key and puts new elements in front', async () => {
    const text = await build({
      'kustomization.yaml':
        'resources: [d.yaml]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {template: {spec: {containers: [{name: side, image: s}, {name: web, image: web:2}]}}}\n',
      'd.yaml': DEPLOYMENT,
    });
    assert.match(text, /image: s\n {8}name: side\n {6}- envFrom:[^]*image: web:2\n/);
  });

  it('keeps the type of a text that looks like a number', async () => {
    const text = await build({
      'kustomization.yaml': 'resources: [c.yaml]\nnamePrefix: "1"\ncommonAnnotations: {note: "12"}\n',
      'c.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "2"}\ndata: {a: "0777", b: "yes"}\n',
    });
    assert.equal(
      text,
      'apiVersion: v1\ndata:\n  a: "0777"\n  b: "yes"\nkind: ConfigMap\nmetadata:\n  annotations:\n    note: "12"\n  name: "12"\n',
    );
  });

  it('takes a file of 20 MB and binary files into a ConfigMap', async () => {
    const files = {
      'kustomization.yaml': 'configMapGenerator:\n- {name: a, files: [large.txt, b.bin]}\n',
      'large.txt': 'x'.repeat(20_000_000),
      'b.bin': new Uint8Array([0xff, 0x00, 0xfe]),
    };
    assert.match(await build(files), /binaryData:\n {2}b\.bin: \/wD\+\n/);
  });

  it('asks for remote bases, and refuses them where nothing fetches', async () => {
    const files = { 'kustomization.yaml': 'resources: ["https://git.example/org/repo//base?ref=v1"]\n' };
    await refuses(files, /remote bases are not enabled/, 'kustomization.yaml');
    const remote = new MemoryTree({ 'base/kustomization.yaml': 'resources: [d.yaml]\n', 'base/d.yaml': DEPLOYMENT });
    const text = await build(files, '', {
      fetchRemote: async () => await Promise.resolve({ tree: remote, path: 'base' }),
    });
    assert.match(text, /kind: Deployment/);
  });

  it('stops when it is told to', async () => {
    const tree = new MemoryTree({ 'kustomization.yaml': 'resources: [d.yaml]\n', 'd.yaml': DEPLOYMENT });
    await assert.rejects(buildOverlay(tree, '', {}, AbortSignal.abort(new Error('enough'))), /enough/);
  });
});

describe('buildOverlay, on bad input', () => {
  const base = { 'd.yaml': DEPLOYMENT };
  const cases: [string, Files, RegExp, string][] = [
    [
      'a cycle of bases',
      { 'kustomization.yaml': 'resources: [a]\n', 'a/kustomization.yaml': 'resources: [../a]\n' },
      /cycle detected/,
      'a/kustomization.yaml',
    ],
    [
      'a file outside the folder',
      { ...base, 'a/kustomization.yaml': 'resources: [../d.yaml]\n', 'kustomization.yaml': 'resources: [a]\n' },
      /security; file '\.\.\/d\.yaml' is not in or below 'a'/,
      'a/kustomization.yaml',
    ],
    [
      'a path out of the repository',
      { 'kustomization.yaml': 'resources: [../x.yaml]\n' },
      /outside the repository/,
      'kustomization.yaml',
    ],
    ['an absolute path', { 'kustomization.yaml': 'resources: [/etc/passwd]\n' }, /absolute/, 'kustomization.yaml'],
    [
      'a missing file',
      { 'kustomization.yaml': 'resources: [nothing.yaml]\n' },
      /'nothing.yaml' does not exist/,
      'kustomization.yaml',
    ],
    [
      'a patch of nothing',
      {
        ...base,
        'kustomization.yaml':
          'resources: [d.yaml]\npatches:\n- patch: |-\n    {apiVersion: v1, kind: Pod, metadata: {name: a}}\n',
      },
      /no matches for Id Pod/,
      'kustomization.yaml',
    ],
    [
      'a component as a resource',
      {
        'kustomization.yaml': 'resources: [c]\n',
        'c/kustomization.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: a\n',
      },
      /expected kind != 'Component'/,
      'kustomization.yaml',
    ],
    [
      'a function',
      {
        ...base,
        'kustomization.yaml':
          'resources: [d.yaml]\ntransformers:\n- |-\n  apiVersion: x/v1\n  kind: Sed\n  metadata: {name: a}\n',
      },
      /unable to load external plugin 'Sed'/,
      'kustomization.yaml',
    ],
    ['an unknown field', { 'kustomization.yaml': 'resource: [a]\n' }, /unknown field "resource"/, 'kustomization.yaml'],
    [
      'charts without permission',
      { 'kustomization.yaml': 'helmCharts: [{name: a}]\n' },
      /must specify --enable-helm/,
      'kustomization.yaml',
    ],
    [
      'a tab',
      { 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': 'a:\n\tb: c\n' },
      /cannot start any token/,
      'a.yaml',
    ],
    [
      'endless anchors',
      { 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': 'a: &a [*a]\n' },
      /contains itself/,
      'a.yaml',
    ],
    [
      'deep nesting',
      { 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': '['.repeat(100_000) },
      /depth|nested/,
      'a.yaml',
    ],
  ];
  for (const [what, files, message, file] of cases) {
    it(`refuses ${what} and names the file`, async () => await refuses(files, message, file));
  }

  it('never crashes or hangs on mutations of a valid input', async function () {
    this.timeout(60_000);
    const valid: Record<string, string> = {
      'kustomization.yaml':
        'resources: [d.yaml]\nnamePrefix: a-\nnamespace: n\ncommonLabels: {a: b}\nimages: [{name: web, newTag: "2"}]\nreplicas: [{name: web, count: 2}]\nconfigMapGenerator:\n- {name: settings, literals: [a=b]}\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    - {op: add, path: /metadata/labels/x, value: y}\nreplacements:\n- source: {kind: Deployment, name: web}\n  targets:\n  - select: {kind: ConfigMap}\n    fieldPaths: [data.a]\n',
      'd.yaml': DEPLOYMENT,
    };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(valid)),
        fc.nat(),
        fc.nat(8),
        fc.constantFrom(
          '',
          ':',
          '- ',
          '\n',
          '\t',
          '{',
          ']',
          '*',
          '&a ',
          '!!int ',
          '"',
          "'",
          '|',
          '~',
          '0',
          '../',
          '$',
          '\\',
          '<<: ',
          '[x=',
          '__proto__: ',
        ),
        async (file, at, cut, insert) => {
          const text = valid[file] ?? '';
          const place = at % (text.length + 1);
          const files = { ...valid, [file]: text.slice(0, place) + insert + text.slice(place + cut) };
          try {
            await build(files);
          } catch (error) {
            assert.ok(error instanceof KustomizeError, String((error as Error).stack));
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
