import { lstat, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { env, stderr, stdout } from 'node:process';
import type { Chart } from '../../render/helm/chart/chart.js';
import { ChartError } from '../../render/helm/chart/chart-error.js';
import { loadChart, noteLink } from '../../render/helm/chart/load-chart.js';
import { type Notice, noticeLine, type Notify } from '../../render/helm/notice.js';
import { RenderFailure } from '../../render/helm/release/render-failure.js';
import { missingDependencies } from '../../render/helm/repositories/pull-dependencies.js';
import { renderChart, type RenderedChart } from '../../render/helm/render-chart.js';
import { templateOutput } from '../../render/helm/release/template-output.js';
import { toBytes } from '../../render/helm/template/go-string.js';
import type { GoMap } from '../../render/helm/template/values.js';
import { mergeValueOptions } from '../../render/helm/values/merge-options.js';
import { FileTreeError } from '../../render/file-tree.js';
import { MachineFiles } from './machine-files.js';
import { CommandFailure } from '../exit-statuses.js';
import { releaseNameAndChart } from './release-name.js';
import type { TemplateOptions } from './template-options.js';

const INVALID_HINT = '\n\nUse --debug flag to render out invalid YAML';

/** Renders the chart that the arguments name and prints it. Throws CommandFailure with Helm's text. */
export const runTemplate = async (args: readonly string[], options: TemplateOptions): Promise<void> => {
  try {
    await print(await templateText(args, options, (warning) => void stderr.write(`${warning}\n`)));
  } catch (error) {
    if (error instanceof RenderFailure) {
      if (options.debug === true) await print(error.rendered);
      throw new CommandFailure(options.debug === true ? error.message : `${error.message}${INVALID_HINT}`);
    }
    if (error instanceof ChartError || error instanceof FileTreeError) throw new CommandFailure(error.message);
    throw error;
  }
};

/** What there is to print. Throws ChartError, FileTreeError and RenderFailure. */
export const templateText = async (
  args: readonly string[],
  options: TemplateOptions,
  warn: (text: string) => void,
): Promise<string> => {
  const { name, chart: reference } = releaseNameAndChart(args, options);
  const notify = (notice: Notice): void => warn(noticeLine(notice));
  const local = await isLocal(reference, options);
  if (local && options.verify === true) {
    const { verifyFile } = await import('./verify-chart.js');
    await verifyFile(reference, options.keyring);
  }
  if (options.validate === true) throw new ChartError('--validate needs a cluster: charts are rendered without one');
  const values = await readValues(options);
  let chart = local ? await loadLocal(reference, notify) : await pull(reference, options, notify);
  if (
    options.dependencyUpdate === true &&
    (await update(chart, local ? machinePath(reference) : undefined, options, warn))
  )
    chart = await loadLocal(reference, notify);
  const rendered = await renderChart(chart, {
    releaseName: name,
    namespace: options.namespace ?? env['HELM_NAMESPACE'] ?? 'default',
    values,
    isUpgrade: options.isUpgrade === true,
    skipSchemaValidation: options.skipSchemaValidation === true,
    loadSchema: async (address) => {
      const { fetchSchema } = await import('./fetch-schema.js');
      return await fetchSchema(address);
    },
    apiVersions: options.apiVersions ?? [],
    notify,
    ...(options.kubeVersion === undefined ? {} : { kubeVersion: options.kubeVersion }),
  });
  return await outputOf(rendered, name, options);
};

const outputOf = async (rendered: RenderedChart, name: string, options: TemplateOptions): Promise<string> => {
  if (options.outputDir !== undefined) {
    const { writeOutputFolder } = await import('./output-folder.js');
    return await writeOutputFolder(rendered, name, options.outputDir, options);
  }
  return templateOutput(rendered, {
    includeCrds: options.includeCrds === true,
    skipTests: options.skipTests === true,
    noHooks: !options.hooks,
    showOnly: options.showOnly ?? [],
  });
};

const print = (text: string): Promise<void> =>
  new Promise((done, fail) => {
    stdout.write(toBytes(text), (error) => (error instanceof Error ? fail(error) : done()));
  });

/** Everything on this machine is in reach, as it is for the person who runs the command. */
const machinePath = (path: string): string => resolve(path);

const loadLocal = async (reference: string, notify: Notify): Promise<Chart> => {
  const files = new MachineFiles();
  const path = machinePath(reference);
  const said: Notice[] = [];
  const links: Notice[] = [];
  const found = await lstat(path);
  if (found.isSymbolicLink() && (await stat(path)).isDirectory()) await noteLink(files, path, links);
  try {
    return await loadChart(files, path, said, links);
  } finally {
    for (const notice of [...links, ...said]) notify(notice);
  }
};

const isLocal = async (reference: string, options: TemplateOptions): Promise<boolean> => {
  if (options.repo !== undefined) return false;
  try {
    await stat(reference);
    return true;
  } catch {
    if (reference.startsWith('/') || reference.startsWith('.')) throw new ChartError(`path "${reference}" not found`);
    return false;
  }
};

const pull = async (reference: string, options: TemplateOptions, notify: Notify): Promise<Chart> => {
  const { pullReferenced } = await import('./pull-referenced.js');
  const said: Notice[] = [];
  const chart = await pullReferenced(reference, options, said);
  for (const notice of said) notify(notice);
  return chart;
};

/** Whether the chart's folder was changed. */
const update = async (
  chart: Chart,
  folder: string | undefined,
  options: TemplateOptions,
  say: (text: string) => void,
): Promise<boolean> => {
  // A library is refused before anything is brought.
  if (chart.isLibrary || missingDependencies(chart).length === 0) return false;
  const { updateDependencies } = await import('./update-dependencies.js');
  await updateDependencies(chart, folder, options, say);
  return true;
};

const readValues = async (options: TemplateOptions): Promise<GoMap> => {
  const { readValuesFile } = await import('./read-values-file.js');
  return await mergeValueOptions(
    {
      valueFiles: options.values ?? [],
      set: options.set ?? [],
      setString: options.setString ?? [],
      setJson: options.setJson ?? [],
      setFile: options.setFile ?? [],
      setLiteral: options.setLiteral ?? [],
    },
    (path) => readValuesFile(path),
  );
};
