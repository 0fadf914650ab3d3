import assert from 'node:assert/strict';
import { MemoryTree } from '../../../src/render/files/memory-tree.js';
import { renderKustomize } from '../../../src/render/kustomize/render-kustomize.js';
import type { KustomizeSourceOptions } from '../../../src/render/render.js';
import { sourceOptions } from '../source-options.js';

const files = {
  'app/kustomization.yaml':
    'resources: [d.yaml]\nnamePrefix: own-\nimages: [{name: web, newName: other, newTag: "1"}]\ncommonLabels: {a: own}\n',
  'app/d.yaml':
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: web, image: web}]}}}\n',
  'app/component/kustomization.yaml':
    'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {component: here}\n',
};

const render = async (kustomize: KustomizeSourceOptions) => {
  const options = sourceOptions({ path: 'app', kustomize });
  const { manifests } = await renderKustomize(new MemoryTree(files), options, new AbortController().signal);
  const object = manifests[0]?.object;
  assert.ok(object !== undefined);
  return object as typeof object & {
    spec: { replicas?: number; template: { spec: { containers: { image: string }[] } } };
  };
};

describe('renderKustomize, with the options of a source', () => {
  it('replaces prefix and namespace of the file', async () => {
    const { metadata } = await render({ namePrefix: 'new-', nameSuffix: '-x', namespace: 'shop' });
    assert.equal(metadata.name, 'new-web-x');
    assert.equal(metadata.namespace, 'shop');
  });

  it('replaces images and replicas of the same name', async () => {
    const image = async (text: string) => (await render({ images: [text] })).spec.template.spec.containers[0]?.image;
    assert.equal(await image('web:2'), 'web:2');
    assert.equal(await image('web=*:3'), 'other:3');
    assert.equal(await image('web=mirror:5000/web@sha256:abc'), 'mirror:5000/web@sha256:abc');
    assert.equal((await render({ replicas: [{ name: 'web', count: '4' }] })).spec.replicas, 4);
  });

  it('adds patches, components, labels and annotations', async () => {
    const { metadata } = await render({
      patches: [{ target: { kind: 'Deployment' }, patch: '- {op: add, path: /metadata/annotations/p, value: q}' }],
      components: ['component', 'missing'],
      ignoreMissingComponents: true,
      commonLabels: { b: 'added' },
      commonAnnotations: { app: '${ARGOCD_APP_NAME}' },
      commonAnnotationsEnvsubst: true,
    });
    assert.deepEqual(metadata.labels, { a: 'own', b: 'added' });
    assert.deepEqual(metadata.annotations, { app: 'shop', component: 'here', p: 'q' });
  });

  it('replaces a label only by force', async () => {
    await assert.rejects(render({ commonLabels: { a: 'new' } }), /label a already in kustomization file/);
    assert.equal((await render({ commonLabels: { a: 'new' }, forceCommonLabels: true })).metadata.labels?.['a'], 'new');
  });

  it('reads images as kustomize edit does, and sorts them by name', async () => {
    const image = async (...images: string[]) => (await render({ images })).spec.template.spec.containers[0]?.image;
    assert.equal(await image('web=*:*'), 'other:1');
    assert.equal(await image('web=x:*'), 'x:1');
    assert.equal(await image('unknown=*', 'web=x'), 'x');
    assert.equal(await image('web=a:1', 'web=b:2'), 'b:2');
    // `a` comes before `web` now, so that its new name is renamed once more.
    assert.equal(await image('web=z', 'a=web'), 'z');
    await assert.rejects(image('web'), /images: "web" is not name=newName:tag/);
    await assert.rejects(image(''), /is not name=newName:tag/);
  });

  it('refuses counts of replicas that are no whole numbers', async () => {
    for (const count of ['', 'x', '1.5', '0x3']) {
      await assert.rejects(render({ replicas: [{ name: 'web', count }] }), /is not a whole number/);
    }
  });

  it('puts labels without selectors beside those that the file has', async () => {
    const labels = { b: 'added', c: '"quoted"' };
    const { metadata, spec } = await render({ commonLabels: labels, labelWithoutSelector: true });
    assert.deepEqual(metadata.labels, { a: 'own', b: 'added', c: 'quoted' });
    assert.deepEqual((spec.template as { metadata?: object }).metadata, { labels: { a: 'own' } });
    await assert.rejects(render({ commonLabels: labels, labelIncludeTemplates: true }), /needs labelWithoutSelector/);
    const both = await render({ commonLabels: labels, labelWithoutSelector: true, labelIncludeTemplates: true });
    assert.deepEqual((both.spec.template as { metadata?: object }).metadata, {
      labels: { a: 'own', b: 'added', c: 'quoted' },
    });
  });

  it('names a component once', async () => {
    const { metadata } = await render({ components: ['component', 'component'] });
    assert.equal(metadata.annotations?.['component'], 'here');
  });
});
