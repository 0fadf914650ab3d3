import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MemoryTree } from '../../../src/render/files/memory-tree.js';
import { renderHelm } from '../../../src/render/helm/render-helm.js';
import { RenderError, type HelmSourceOptions, type Rendered } from '../../../src/render/render.js';

const FILES = {
  'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'web/values.yaml': 'replicas: 1\nimage: {name: web, tag: v1}\nextra: {}\n',
  'web/values-production.yaml': 'replicas: 3\n',
  'shared.yaml': 'image: {tag: shared}\n',
  'web/crds/crd.yaml':
    'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example}\n',
  'web/config.txt': 'a,b\n',
  'web/templates/deployment.yaml':
    'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\n  namespace: {{ .Release.Namespace }}\nspec:\n  replicas: {{ .Values.replicas }}\n  image: "{{ .Values.image.name }}:{{ .Values.image.tag }}"\n  extra: {{ toJson .Values.extra }}\n  kube: {{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.APIVersions.Has "x/v1" }}\n',
  'web/templates/test.yaml':
    'apiVersion: v1\nkind: Pod\nmetadata:\n  name: test\n  annotations: {helm.sh/hook: test}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: before\n  annotations: {helm.sh/hook: pre-install}\n',
};

const render = (helm: HelmSourceOptions = {}, files: Record<string, string> = FILES): Promise<Rendered> =>
  renderHelm(
    new MemoryTree(files),
    { path: 'web', applicationName: 'shop', namespace: 'space', kubeVersion: 'v1.34.0', apiVersions: ['x/v1'], helm },
    new AbortController().signal,
  );

const deployment = async (helm: HelmSourceOptions): Promise<Record<string, unknown>> => {
  const { manifests } = await render(helm);
  const found = manifests.find(({ object }) => object.kind === 'Deployment')?.object;
  return { name: found?.metadata.name, namespace: found?.metadata.namespace, ...(found?.['spec'] as object) };
};

const problemsOf = async (
  files: Record<string, string>,
  helm: HelmSourceOptions = {},
): Promise<RenderError['problems']> => {
  try {
    await render(helm, { ...FILES, ...files });
  } catch (error) {
    if (error instanceof RenderError) return error.problems;
    throw error;
  }
  return [];
};

describe('renderHelm', () => {
  it('renders for the application: its name, its namespace, its cluster', async () => {
    assert.deepEqual(await deployment({}), {
      name: 'shop',
      namespace: 'space',
      replicas: 1,
      image: 'web:v1',
      extra: {},
      kube: 'v1.34.0 true',
    });
    const other = await deployment({ releaseName: 'r', namespace: 'other', kubeVersion: '1.30.1', apiVersions: [] });
    assert.deepEqual([other['name'], other['namespace'], other['kube']], ['r', 'other', 'v1.30.1 false']);
  });

  it('takes values from files, then from the application, then from parameters', async () => {
    const spec = await deployment({
      valueFiles: ['values-production.yaml', '/shared.yaml'],
      valuesObject: { extra: { a: 1 } },
      parameters: [
        { name: 'extra.b', value: '1,2' },
        { name: 'extra.c', value: '5', forceString: true },
        { name: 'extra.d', value: '{x,y}' },
      ],
      fileParameters: [{ name: 'extra.e', path: 'config.txt' }],
    });
    assert.deepEqual([spec['replicas'], spec['image']], [3, 'web:shared']);
    assert.deepEqual(spec['extra'], { a: 1, b: '1,2', c: '5', d: ['x', 'y'], e: 'a,b\n' });
  });

  it('keeps hooks and CRDs, and leaves out what it is told to', async () => {
    const names = async (helm: HelmSourceOptions): Promise<unknown[]> =>
      (await render(helm)).manifests.map(({ object }) => object.metadata.name);
    assert.deepEqual(await names({}), ['things.example', 'shop', 'test', 'before']);
    assert.deepEqual(await names({ skipCrds: true, skipTests: true }), ['shop', 'before']);
  });

  it('says where a manifest comes from', async () => {
    const { manifests } = await render();
    const before = manifests.find(({ object }) => object.metadata.name === 'before');
    assert.deepEqual([before?.file, before?.line], ['web/templates/test.yaml', 7]);
  });

  it('names the template and the line of a failure', async () => {
    const [problem] = await problemsOf({ 'web/templates/bad.yaml': 'a: 1\nb: {{ .Values.image.name.x }}\n' });
    assert.deepEqual([problem?.file, problem?.line, problem?.column], ['web/templates/bad.yaml', 2, 13]);
    const [yaml] = await problemsOf({ 'web/templates/bad.yaml': 'a: b: c\n' });
    assert.match(yaml?.message ?? '', /YAML parse error on web\/templates\/bad.yaml/);
  });

  it('refuses values files outside the repository, addresses, and files that are missing', async () => {
    assert.match((await problemsOf({}, { valueFiles: ['../../x.yaml'] }))[0]?.message ?? '', /outside the repository/);
    assert.match((await problemsOf({}, { valueFiles: ['https://x.example/v.yaml'] }))[0]?.message ?? '', /not fetched/);
    assert.match((await problemsOf({}, { valueFiles: ['nope.yaml'] }))[0]?.message ?? '', /not in the source/);
    assert.deepEqual(await problemsOf({}, { valueFiles: ['nope.yaml'], ignoreMissingValueFiles: true }), []);
  });

  it('survives nulls where tables are expected, and files that are no text', async () => {
    assert.deepEqual(
      await problemsOf({ 'web/values.yaml': 'replicas: 1\nimage: {name: a, tag: b}\nextra: null\nglobal: null\n' }),
      [],
    );
    assert.match(
      (await problemsOf({ 'web/values.yaml': 'image: null\n' }))[0]?.message ?? '',
      /nil pointer evaluating interface/,
    );
    assert.notDeepEqual(await problemsOf({ 'web/Chart.yaml': '\0\xff' }), []);
  });

  it('reads values files at addresses where somebody fetches them', async () => {
    const helm = {
      valueFiles: ['https://values.example/a.yaml'],
      fileParameters: [{ name: 'extra.file', path: 'https://values.example/b' }],
    };
    const asked: string[] = [];
    const options = {
      path: 'web',
      applicationName: 'shop',
      namespace: 's',
      kubeVersion: 'v1.34.0',
      apiVersions: [],
      helm,
    };
    const { manifests } = await renderHelm(new MemoryTree(FILES), options, new AbortController().signal, {
      file: async (url) => {
        asked.push(url);
        return Buffer.from(url.endsWith('.yaml') ? 'replicas: 7\n' : 'text');
      },
    });
    const spec = manifests.find(({ object }) => object.kind === 'Deployment')?.object['spec'];
    assert.deepEqual([asked.length, (spec as { replicas: number }).replicas], [2, 7]);
    assert.deepEqual((spec as { extra: unknown }).extra, { file: 'text' });
  });

  it('says where a template was when its time was over', async () => {
    const template = 'a: b\n{{ range 100000000 }}{{ range 1000 }}{{ end }}{{ end }}';
    const tree = new MemoryTree({ ...FILES, 'web/templates/a.yaml': template });
    const options = { path: 'web', applicationName: 'shop', namespace: 's', kubeVersion: 'v1.34.0', apiVersions: [] };
    const rendering = renderHelm(tree, options, new AbortController().signal, { deadline: () => 0 });
    await assert.rejects(rendering, (error) => {
      assert.ok(error instanceof RenderError);
      assert.deepEqual([error.problems[0]?.file, error.problems[0]?.line], ['web/templates/a.yaml', 2]);
      assert.match(error.message, /a\.yaml:2:\d+: executing .*: rendering took too long/);
      return true;
    });
  });

  it('neither crashes nor hangs on charts with mutations', async () => {
    const names = Object.keys(FILES) as (keyof typeof FILES)[];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.nat(),
        fc.nat(12),
        fc.constantFrom(
          '',
          '{{',
          '}}',
          '\t',
          '\0',
          'null',
          '[',
          '- ',
          ': ',
          '"',
          '&a *a',
          '{{ include "x" . }}',
          '---\n',
          '\ud800',
        ),
        async (name, position, length, insert) => {
          const text = FILES[name];
          const at = position % (text.length + 1);
          const mutated = text.slice(0, at) + insert + text.slice(at + length);
          try {
            await render({}, { ...FILES, [name]: mutated });
          } catch (error) {
            assert.ok(error instanceof RenderError, `${name}: ${String(error)}`);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
