import { readManifests } from '../documents.js';
import type { FileTree } from '../file-tree.js';
import type { HelmSourceOptions, Manifest, Render, RenderProblem, SourceOptions } from '../render.js';
import { RenderError } from '../render.js';
import { ChartError } from './chart/chart-error.js';
import { loadChart } from './chart/load-chart.js';
import { fromPlain } from './json/json-reader.js';
import { mergeValues } from './chart/load-values.js';
import { renderChart, type RenderedChart } from './render-chart.js';
import { shownHooks } from './release/template-output.js';
import { fromBytes } from './template/go-string.js';
import type { GoMap } from './template/values.js';
import { addValuesFile } from './values/merge-options.js';
import { findValuesFiles } from './values/values-files.js';
import { setFiles, setStrings, setValues } from './values/set-values.js';

/**
 * Renders `spec.source.helm` as Argo CD does with `helm template`: hooks and tests stay in the manifests (the sync tells
 * them apart), CRDs are there unless `skipCrds`.
 */
export const renderHelm: Render = async (tree, options, signal) => {
  try {
    signal.throwIfAborted();
    const warnings: string[] = [];
    const chart = await loadChart(tree, options.path, warnings);
    const values = await sourceValues(tree, options);
    signal.throwIfAborted();
    const helm = options.helm ?? {};
    const rendered = await renderChart(chart, {
      releaseName: helm.releaseName ?? options.applicationName,
      namespace: helm.namespace ?? options.namespace,
      kubeVersion: helm.kubeVersion ?? options.kubeVersion,
      apiVersions: helm.apiVersions ?? options.apiVersions,
      skipSchemaValidation: helm.skipSchemaValidation === true,
      values,
    });
    return { manifests: manifestsOf(rendered, helm), warnings: [...warnings, ...rendered.warnings] };
  } catch (error) {
    if (error instanceof ChartError) throw new RenderError([problemOf(error, options)]);
    throw error;
  }
};

/** Values files, then `values` or `valuesObject`, then parameters and file parameters. */
const sourceValues = async (tree: FileTree, options: SourceOptions): Promise<GoMap> => {
  const helm = options.helm ?? {};
  let values: GoMap = new Map();
  for (const path of await findValuesFiles(tree, options.path, helm)) {
    values = addValuesFile(values, path, await tree.read(path));
  }
  if (helm.valuesObject !== undefined && Object.keys(helm.valuesObject).length > 0) {
    values = mergeValues(values, fromPlain(helm.valuesObject) as GoMap);
  } else if (helm.values !== undefined && helm.values !== '') {
    values = addValuesFile(values, 'values', helm.values);
  }
  for (const { name, value, forceString } of helm.parameters ?? []) {
    if (forceString !== true) await setValues(parameterText(name, value), values);
  }
  for (const { name, value, forceString } of helm.parameters ?? []) {
    if (forceString === true) await setStrings(parameterText(name, value), values);
  }
  for (const { name, path } of helm.fileParameters ?? []) {
    const [file] = await findValuesFiles(tree, options.path, { valueFiles: [path] });
    const read = async (): Promise<string> => fromBytes(file === undefined ? new Uint8Array() : await tree.read(file));
    await setFiles(`${name}=-`, values, read);
  }
  return values;
};

/** A parameter is one value: its commas do not separate, unless it is a list in braces. */
const parameterText = (name: string, value: string): string => {
  const isList = value.startsWith('{') && value.endsWith('}');
  return `${name}=${isList ? value : value.replace(/(?<!\\),/g, '\\,')}`;
};

const manifestsOf = (rendered: RenderedChart, helm: HelmSourceOptions): Manifest[] => {
  const manifests: Manifest[] = [];
  const problems: RenderProblem[] = [];
  const add = (file: string, content: string, firstLine: number): void => {
    const read = readManifests(content, file, { duplicateKeys: 'last', firstLine });
    manifests.push(...read.manifests);
    problems.push(...read.problems);
  };
  if (helm.skipCrds !== true) for (const { name, content } of rendered.crds) add(name, content, 1);
  for (const { template, content, line } of rendered.manifests) add(template, content, line);
  const hooks = shownHooks(rendered, { skipTests: helm.skipTests === true });
  for (const { template, content, line } of hooks) add(template, content, line);
  if (problems.length > 0) throw new RenderError(problems);
  return manifests;
};

/** Helm names the place within its message: `web/templates/a.yaml:3:12`. */
const problemOf = (error: ChartError, options: SourceOptions): RenderProblem => {
  const place = /([^\s():]+\/templates\/[^\s():]+)(?::(\d+))?(?::(\d+))?/.exec(error.message);
  if (place === null) return { file: options.path, message: error.message };
  const [, file = options.path, line, column] = place;
  return {
    file,
    message: error.message,
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(column === undefined ? {} : { column: Number(column) }),
  };
};
