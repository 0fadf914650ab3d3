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
  for (const name of helm.valueFiles ?? []) {
    if (name.startsWith('$')) {
      const text = foreignFile(options, name);
      if (text !== undefined) values = addValuesFile(values, name, text);
      else if (helm.ignoreMissingValueFiles !== true) throw new ChartError(`values file ${name} is not in its source`);
      continue;
    }
    for (const path of await findValuesFiles(tree, options.path, { ...helm, valueFiles: [name] })) {
      values = addValuesFile(values, path, await tree.read(path));
    }
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
    const content = await parameterFile(tree, options, path);
    await setFiles(`${name}=-`, values, () => Promise.resolve(fromBytes(content)));
  }
  return values;
};

/** A file of another source. */
const foreignFile = ({ foreignFiles = {} }: SourceOptions, name: string): string | undefined =>
  Object.hasOwn(foreignFiles, name) ? foreignFiles[name] : undefined;

const parameterFile = async (tree: FileTree, options: SourceOptions, path: string): Promise<Uint8Array> => {
  if (!path.startsWith('$')) {
    const [file] = await findValuesFiles(tree, options.path, { valueFiles: [path] });
    return file === undefined ? new Uint8Array() : await tree.read(file);
  }
  const text = foreignFile(options, path);
  if (text === undefined) throw new ChartError(`file ${path} is not in its source`);
  return Buffer.from(text);
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
