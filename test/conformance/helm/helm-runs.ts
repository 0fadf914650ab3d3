import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChartError } from '../../../src/render/helm/chart/chart-error.js';
import { loadChart } from '../../../src/render/helm/chart/load-chart.js';
import { loadValues, mergeValues } from '../../../src/render/helm/chart/load-values.js';
import { templateOutput } from '../../../src/render/helm/release/template-output.js';
import { renderChart } from '../../../src/render/helm/render-chart.js';
import type { GoMap } from '../../../src/render/helm/template/values.js';
import { FolderTree } from '../../../src/render/files/folder-tree.js';

export const CHARTS = fileURLToPath(new URL('./charts/', import.meta.url));
export const EXPRESSIONS = fileURLToPath(new URL('./expressions/', import.meta.url));

/** What a render printed, or why it was refused. */
export type Outcome = { readonly output: string } | { readonly refusal: string };

export interface Case {
  readonly chart: string;
  readonly valueFiles?: readonly string[];
  readonly flags?: readonly string[];
}

const HINT = '\n\nUse --debug flag to render out invalid YAML';

const refusalIn = (text: string): string => {
  const at = text.indexOf('Error: ');
  return (at < 0 ? text : text.slice(at + 'Error: '.length)).replace(`${HINT}\n`, '').trim();
};

/** Renders with the real helm. */
export const runHelm = (helm: string, { chart, valueFiles = [], flags = [] }: Case): Promise<Outcome> => {
  const args = [
    'template',
    'release',
    chart,
    '--namespace',
    'space',
    '--include-crds',
    ...valueFiles.flatMap((file) => ['-f', file]),
    ...flags,
  ];
  return new Promise((resolve) => {
    execFile(
      helm,
      args,
      { maxBuffer: 256 * 1024 * 1024, env: { ...process.env, TZ: 'UTC' } },
      (error, stdout, stderr) => {
        resolve(error === null ? { output: stdout } : { refusal: refusalIn(stderr) });
      },
    );
  });
};

/** Renders with Fairlead. `root` is the folder that links may not leave. */
export const runFairlead = async ({ chart, valueFiles = [] }: Case, root = '/'): Promise<Outcome> => {
  try {
    const loaded = await loadChart(new FolderTree(root), chart.slice(root.length).replace(/^\//, ''));
    let values: GoMap = new Map();
    for (const file of valueFiles) values = mergeValues(values, loadValues(await readFile(file)));
    const rendered = await renderChart(loaded, { releaseName: 'release', namespace: 'space', values });
    return { output: templateOutput(rendered, { includeCrds: true }) };
  } catch (error) {
    // By name: the test runner loads modules that are imported late a second time.
    if (error instanceof Error && (error.name === 'ChartError' || error instanceof ChartError))
      return { refusal: error.message.trim() };
    throw error;
  }
};

/** Whether two outputs are the same but for lines in which two runs of helm differ from each other. */
export const areEqualMasked = (helm: string, again: string, ours: string): boolean => {
  const x = helm.split('\n');
  const y = again.split('\n');
  const z = ours.split('\n');
  return x.length === y.length && x.length === z.length && x.every((line, i) => line === z[i] || line !== y[i]);
};

export interface Expression {
  readonly text: string;
  /** Helm refuses it. */
  readonly isRefused: boolean;
}

/** The lines of a file of expressions: those with `!` in front are refused. */
export const readExpressions = async (file: string): Promise<Expression[]> =>
  (await readFile(join(EXPRESSIONS, file), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line.startsWith('!') ? { text: line.slice(1), isRefused: true } : { text: line, isRefused: false },
    );

/** A chart of its own in a temporary folder: each expression in a document, encoded so that it is always YAML. */
export const withExpressionChart = async <T>(
  expressions: readonly string[],
  use: (chart: string) => Promise<T>,
): Promise<T> => {
  const folder = join(tmpdir(), `fairlead-expressions-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const chart = join(folder, 'corpus');
  try {
    await cp(join(CHARTS, 'corpus'), chart, { recursive: true });
    await mkdir(join(chart, 'templates'), { recursive: true });
    for (const [i, text] of expressions.entries()) {
      const name = `line-${String(i + 1).padStart(3, '0')}`;
      const isDefinition = /\{\{-?\s*(define|block)/.test(text);
      const body = isDefinition
        ? text.replace('"line-', `"${name}-`).replaceAll(/(template|include) "line-/g, `$1 "${name}-`)
        : text;
      await writeFile(
        join(chart, 'templates', `${name}.yaml`),
        `kind: ConfigMap\ntext: |\n  {{- $text := tpl (.Files.Get "lines/${name}") . }}\n  {{ b64enc $text }}\n`,
      );
      await mkdir(join(chart, 'lines'), { recursive: true });
      await writeFile(join(chart, 'lines', name), body);
    }
    return await use(chart);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** A chart with one template of that text. */
export const withTemplateChart = async <T>(text: string, use: (chart: string) => Promise<T>): Promise<T> => {
  const folder = join(tmpdir(), `fairlead-template-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const chart = join(folder, 'corpus');
  try {
    await cp(join(CHARTS, 'corpus'), chart, { recursive: true });
    await writeFile(join(chart, 'templates', 'expression.yaml'), text);
    return await use(chart);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** The texts of the documents of an expression chart, decoded, by name. */
export const decodeDocuments = (output: string): Map<string, string> =>
  new Map(
    [
      ...output.matchAll(
        /# Source: corpus\/templates\/(line-\d+)\.yaml\nkind: ConfigMap\ntext: \|\n(?: {2}([A-Za-z0-9+/=]*)\n)?/g,
      ),
    ].map(([, name = '', text = '']) => [name, Buffer.from(text, 'base64').toString('latin1')]),
  );
