import assert from 'node:assert/strict';
import { detectSourceType } from '../../src/render/detect-source-type.js';
import { MemoryTree } from '../../src/render/files/memory-tree.js';
import { RenderError } from '../../src/render/render.js';
import { renderSource } from '../../src/render/render-source.js';
import { withSourceOverrides } from '../../src/render/source-overrides.js';
import { sourceOptions } from './source-options.js';

const signal = new AbortController().signal;

describe('detectSourceType', () => {
  const detect = async (files: Record<string, string>, options = {}) =>
    await detectSourceType(new MemoryTree(files), sourceOptions({ path: 'app', ...options }));

  it('goes by the files of the folder', async () => {
    assert.equal(await detect({ 'app/Chart.yaml': '' }), 'helm');
    assert.equal(await detect({ 'app/kustomization.yaml': '' }), 'kustomize');
    assert.equal(await detect({ 'app/kustomization.yml': '' }), 'kustomize');
    assert.equal(await detect({ 'app/Kustomization': '' }), 'kustomize');
    assert.equal(await detect({ 'app/nested/Chart.yaml': '' }), 'directory');
  });

  it('prefers an explicit block, and takes an empty one for none', async () => {
    assert.equal(await detect({ 'app/Chart.yaml': '' }, { directory: { recurse: true } }), 'directory');
    assert.equal(await detect({ 'app/Chart.yaml': '' }, { directory: {} }), 'helm');
    await assert.rejects(
      detect({}, { helm: { releaseName: 'x' }, kustomize: { namePrefix: 'x' } }),
      /helm and kustomize/,
    );
  });
});

describe('withSourceOverrides', () => {
  it('merges the files for all applications and for this one', async () => {
    const tree = new MemoryTree({
      'app/.argocd-source.yaml': 'kustomize: {namePrefix: a-, images: [x:1]}\npath: elsewhere\n',
      'app/.argocd-source-shop.yaml': 'kustomize: {images: [x:2], namePrefix: null}\n',
      'app/.argocd-source-other.yaml': 'kustomize: {images: [x:3]}\n',
    });
    const merged = await withSourceOverrides(tree, sourceOptions({ path: 'app', kustomize: { nameSuffix: '-z' } }));
    assert.deepEqual(merged.kustomize, { nameSuffix: '-z', images: ['x:2'] });
    assert.equal(merged.path, 'app');
  });

  it('says where an override is wrong', async () => {
    const tree = new MemoryTree({ '.argocd-source.yaml': 'a: b: c' });
    await assert.rejects(withSourceOverrides(tree, sourceOptions()), /^RenderError: \.argocd-source\.yaml:1:4: /);
  });
});

describe('renderSource', () => {
  it('refuses a path that is not there or leads out', async () => {
    const tree = new MemoryTree({ 'a.yaml': '' });
    await assert.rejects(renderSource(tree, sourceOptions({ path: 'nothing' }), signal), RenderError);
    await assert.rejects(renderSource(tree, sourceOptions({ path: 'a.yaml' }), signal), /not a folder/);
    await assert.rejects(renderSource(tree, sourceOptions({ path: '../x' }), signal), /outside the repository/);
  });
});
