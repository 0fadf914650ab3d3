import assert from 'node:assert/strict';
import { MemoryTree } from '../../../src/render/files/memory-tree.js';
import { buildOverlay } from '../../../src/render/kustomize/build/build-overlay.js';
import { createChartInflator } from '../../../src/render/kustomize/generate/inflate-chart.js';
import { printOverlay } from '../../../src/render/kustomize/print-overlay.js';

const CHART = {
  'charts/demo/Chart.yaml': 'apiVersion: v2\nname: demo\nversion: 0.1.0\n',
  'charts/demo/values.yaml': 'color: red\nsize: {a: 1, b: 2}\n',
  'charts/demo/templates/cm.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}"}\ndata: {values: {{ .Values | toJson | quote }}}\n',
  'v.yaml': 'color: blue\nsize: {b: 3}\n',
};

const valuesOf = async (chart: Readonly<Record<string, unknown>>): Promise<string> => {
  const kustomization = JSON.stringify({ helmCharts: [{ name: 'demo', ...chart }] });
  const tree = new MemoryTree({ ...CHART, 'kustomization.yaml': kustomization });
  const options = { inflateChart: createChartInflator() };
  const text = printOverlay(await buildOverlay(tree, '', options, new AbortController().signal));
  return /values: '(.*)'/.exec(text)?.[1] ?? text;
};

describe('helmCharts', () => {
  it('puts inline values over the values file', async () => {
    const inline = { size: { a: 7 } };
    assert.equal(
      await valuesOf({ valuesFile: 'v.yaml', valuesInline: inline }),
      '{"color":"blue","size":{"a":7,"b":3}}',
    );
  });

  it('puts the values file over inline values when they merge', async () => {
    const inline = { size: { a: 7, b: 8 }, color: 'x' };
    const values = await valuesOf({ valuesFile: 'v.yaml', valuesInline: inline, valuesMerge: 'merge' });
    assert.equal(values, '{"color":"blue","size":{"a":7,"b":3}}');
  });

  it('leaves the default of the chart where an inline value is null', async () => {
    assert.equal(await valuesOf({ valuesInline: { size: null } }), '{"color":"red","size":{"a":1,"b":2}}');
  });
});
