import { joinPath } from '../files/tree-path.js';
import { readManifests } from '../documents.js';
import type { FileTree } from '../file-tree.js';
import { environmentOf, expandVariables } from '../build-environment.js';
import type { Outside } from '../outside.js';
import { OutsideError } from '../outside.js';
import type { HelmSourceOptions, Manifest, Render, RenderProblem, SourceOptions } from '../render.js';
import { RenderError } from '../render.js';
import { ChartError } from './chart/chart-error.js';
import type { Chart } from './chart/chart.js';
import { loadChart } from './chart/load-chart.js';
import { fromPlain } from './json/json-reader.js';
import { mergeValues } from './chart/load-values.js';
import { type Notice, noticeText } from './notice.js';
import { renderChart, type RenderedChart } from './render-chart.js';
import { lookupThrough } from './release/outside-lookup.js';
import { missingDependencies, pullDependencies } from './repositories/pull-dependencies.js';
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
export const renderHelm: Render = async (tree, options, signal, outside) => {
  try {
    signal.throwIfAborted();
    const notices: Notice[] = [];
    const chart = await loadChart(tree, options.path, notices);
    await addDependencies(chart, { tree, options, outside, signal });
    const values = await sourceValues({ tree, options, outside, signal });
    signal.throwIfAborted();
    const helm = options.helm ?? {};
    const rendered = await renderChart(chart, {
      releaseName: helm.releaseName ?? options.applicationName,
      namespace: helm.namespace ?? options.namespace,
      kubeVersion: helm.kubeVersion ?? options.kubeVersion,
      apiVersions: helm.apiVersions ?? options.apiVersions,
      skipSchemaValidation: helm.skipSchemaValidation === true,
      values,
      notify: (notice) => void notices.push(notice),
      ...(outside?.lookup === undefined ? {} : { lookup: lookupThrough(outside.lookup) }),
      ...(outside?.deadline === undefined ? {} : { limits: { deadline: outside.deadline } }),
    });
    return { manifests: manifestsOf(rendered, helm), warnings: notices.map(noticeText) };
  } catch (error) {
    if (error instanceof ChartError) throw new RenderError([problemOf(error, options)]);
    throw error;
  }
};

/** Brings the dependencies that are not in `charts/`, where there is somebody to ask for them. */
const addDependencies = async (chart: Chart, { tree, options, outside, signal }: ValuesPlace): Promise<void> => {
  if (outside?.chart === undefined || missingDependencies(chart).length === 0) return;
  const { chart: pull } = outside;
  const passCredentials = options.helm?.passCredentials === true;
  await pullDependencies(chart, {
    pull: async (wanted) => {
      const found = await chartErrors(() =>
        pull({ ...wanted, ...(passCredentials ? { passCredentials } : {}) }, signal),
      );
      return await loadChart(found.tree, found.path);
    },
    loadLocal: async (path) => await loadChart(tree, joinPath(options.path, path)),
  });
};

/** What the world outside refuses is wrong with the chart that asked. */
const chartErrors = async <T>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof OutsideError) throw new ChartError(error.message);
    throw error;
  }
};

/** Where a chart is rendered, and where its values come from. */
interface ValuesPlace {
  readonly tree: FileTree;
  readonly options: SourceOptions;
  readonly outside: Outside | undefined;
  readonly signal: AbortSignal;
}

/** Values files, then `values` or `valuesObject`, then parameters and file parameters. */
const sourceValues = async (place: ValuesPlace): Promise<GoMap> => {
  const { tree, options, outside } = place;
  const helm = options.helm ?? {};
  const expanded = (text: string): string => expandVariables(text, environmentOf(options, outside));
  let values: GoMap = new Map();
  for (const written of helm.valueFiles ?? []) {
    if (isForeign(options, written)) {
      const text = foreignFile(options, written);
      if (text !== undefined) values = addValuesFile(values, written, text);
      else if (helm.ignoreMissingValueFiles !== true) {
        throw new ChartError(`values file ${written} is not in its source`);
      }
      continue;
    }
    const name = expanded(written);
    if (/^https?:\/\//.test(name)) {
      values = addValuesFile(values, name, await fetched(name, place));
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
    if (forceString !== true) await setValues(parameterText(name, expanded(value)), values);
  }
  for (const { name, value, forceString } of helm.parameters ?? []) {
    if (forceString === true) await setStrings(parameterText(name, expanded(value)), values);
  }
  for (const { name, path } of helm.fileParameters ?? []) {
    const content = isForeign(options, path)
      ? requiredForeignFile(options, path)
      : await parameterFile(place, expanded(path));
    await setFiles(`${name}=-`, values, () => Promise.resolve(fromBytes(content)));
  }
  return values;
};

/** Whether a name stands for a file of another source; one that was not there has a name and no text. */
const isForeign = ({ foreignFiles = {} }: SourceOptions, name: string): boolean => Object.hasOwn(foreignFiles, name);

const foreignFile = ({ foreignFiles = {} }: SourceOptions, name: string): string | undefined =>
  foreignFiles[name] ?? undefined;

const requiredForeignFile = (options: SourceOptions, path: string): Uint8Array => {
  const text = foreignFile(options, path);
  if (text === undefined) throw new ChartError(`file ${path} is not in its source`);
  return Buffer.from(text);
};

const parameterFile = async (place: ValuesPlace, path: string): Promise<Uint8Array> => {
  if (/^https?:\/\//.test(path)) return await fetched(path, place);
  const { tree, options } = place;
  const [file] = await findValuesFiles(tree, options.path, { valueFiles: [path] });
  return file === undefined ? new Uint8Array() : await tree.read(file);
};

const fetched = async (url: string, { outside, signal }: ValuesPlace): Promise<Uint8Array> => {
  const { file } = outside ?? {};
  if (file === undefined) throw new ChartError(`${url}: addresses are not fetched here`);
  return await chartErrors(() => file(url, signal));
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
