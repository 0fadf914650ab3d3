import assert from 'node:assert/strict';
import { MemoryTree } from '../../../../src/render/files/memory-tree.js';
import type { Notice } from '../../../../src/render/helm/notice.js';
import { loadChart } from '../../../../src/render/helm/chart/load-chart.js';
import { renderChart } from '../../../../src/render/helm/render-chart.js';

const FILES = {
  'Chart.yaml':
    'apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- name: cache\n  version: 1.0.0\n  alias: fast\n',
  'values.yaml': 'size: 1\n',
  'templates/a.yaml': 'kind: ConfigMap\nsize: {{ .Values.size }}\n',
  'charts/cache/Chart.yaml': 'apiVersion: v2\nname: cache\nversion: 1.0.0\n',
};

const contents = async (files: Readonly<Record<string, string>>): Promise<string[]> => {
  const chart = await loadChart(new MemoryTree(files), '');
  const { manifests } = await renderChart(chart, { releaseName: 'r', namespace: 'n' });
  return [...manifests.map(({ content }) => content), ...chart.dependencies.map(({ name }) => name)];
};

describe('a chart that was loaded before', () => {
  it('is not what the render before has made of it', async () => {
    const first = await contents(FILES);
    assert.deepEqual(first, ['kind: ConfigMap\nsize: 1', 'fast']);
    assert.deepEqual(await contents(FILES), first);
  });

  it('is loaded anew when one file is different, there or gone', async () => {
    await contents(FILES);
    assert.deepEqual(await contents({ ...FILES, 'values.yaml': 'size: 2\n' }), ['kind: ConfigMap\nsize: 2', 'fast']);
    const more = { ...FILES, 'templates/b.yaml': 'kind: Secret\n' };
    assert.deepEqual(await contents(more), ['kind: Secret', 'kind: ConfigMap\nsize: 1', 'fast']);
    assert.deepEqual(await contents({ ...FILES, 'values.yaml': 'size: 1\n' }), ['kind: ConfigMap\nsize: 1', 'fast']);
  });

  it('repeats its notices', async () => {
    const files = { ...FILES, 'requirements.yaml': 'dependencies: []\n' };
    const first: Notice[] = [];
    const second: Notice[] = [];
    await loadChart(new MemoryTree(files), '', first);
    await loadChart(new MemoryTree(files), '', second);
    assert.equal(first.length, 1);
    assert.deepEqual(second, first);
  });
});
