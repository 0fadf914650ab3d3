import { joinPath } from '../../files/tree-path.js';
import { ChartError } from '../../helm/chart/chart-error.js';
import { loadChart } from '../../helm/chart/load-chart.js';
import { mergeValues } from '../../helm/chart/load-values.js';
import { fromPlain } from '../../helm/json/json-reader.js';
import { templateOutput } from '../../helm/release/template-output.js';
import { renderChart } from '../../helm/render-chart.js';
import type { GoMap } from '../../helm/template/values.js';
import { addValuesFile } from '../../helm/values/merge-options.js';
import type { OpenFolder, Outside } from '../../outside.js';
import { OutsideError } from '../../outside.js';
import type { InflateChart } from '../build/build-context.js';
import { KustomizeError } from '../errors.js';
import type { HelmChartArgs } from '../kustomization/kustomization.js';
import type { Loader } from '../load/loader.js';

export interface InflateOptions {
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  /** Brings charts that are not in the repository; absent, they are refused. */
  readonly pull?: NonNullable<Outside['chart']>;
}

/** What `--devel` asks for. */
const PRERELEASES = '>0.0.0-0';
/** The name that `helm template` gives a release without one. */
const DEFAULT_RELEASE = 'release-name';

/** Renders a chart of `helmCharts` with Fairlead's own renderer. One that is not in the repository is pulled. */
export const createChartInflator =
  (options: InflateOptions = {}): InflateChart =>
  async (loader, chart, globals, signal) => {
    const { tree, path: folder } = await findChart(loader, chart, globals, options.pull, signal);
    try {
      const loaded = await loadChart(tree, folder, []);
      const rendered = await renderChart(loaded, {
        releaseName: chart.releaseName || chart.nameTemplate || DEFAULT_RELEASE,
        namespace: chart.namespace || 'default',
        values: await chartValues(loader, chart, { tree, path: folder }),
        ...(chart.kubeVersion || options.kubeVersion
          ? { kubeVersion: chart.kubeVersion || options.kubeVersion || '' }
          : {}),
        apiVersions: chart.apiVersions ?? options.apiVersions ?? [],
      });
      return templateOutput(rendered, {
        includeCrds: chart.includeCRDs === true,
        noHooks: chart.skipHooks === true,
        skipTests: chart.skipTests === true,
      });
    } catch (error) {
      if (error instanceof ChartError) throw new KustomizeError(error.message, folder);
      throw error;
    }
  };

/** Where Kustomize looks for a chart, or where it was pulled to. */
const findChart = async (
  loader: Loader,
  chart: HelmChartArgs,
  { chartHome = 'charts' }: { readonly chartHome?: string },
  pull: InflateOptions['pull'],
  signal: AbortSignal,
): Promise<OpenFolder> => {
  const { name = '', version = '', repo = '' } = chart;
  const folder = loader.join(
    version !== '' && repo !== '' ? `${chartHome}/${name}-${version}/${name}` : `${chartHome}/${name}`,
  );
  if ((await loader.tree.stat(folder))?.kind === 'folder') return { tree: loader.tree, path: folder };
  if (repo === '') throw new KustomizeError(`no repo specified for pull, no chart found at '${folder}'`);
  if (pull === undefined) {
    throw new KustomizeError(`charts are not pulled from ${repo} here, no chart found at '${folder}'`);
  }
  const wanted = version === '' && chart.devel === true ? PRERELEASES : version;
  try {
    return await pull({ repository: repo, name, version: wanted }, signal);
  } catch (error) {
    if (error instanceof OutsideError) throw new KustomizeError(`helmCharts: ${error.message}`);
    throw error;
  }
};

/** The values file and the inline values as `valuesMerge` says, then the additional files. */
const chartValues = async (loader: Loader, chart: HelmChartArgs, place: OpenFolder): Promise<GoMap> => {
  const { valuesFile, valuesInline = {}, valuesMerge = 'override', additionalValuesFiles = [] } = chart;
  const inline = fromPlain(valuesInline) as GoMap;
  let values: GoMap = new Map();
  const usesFile = valuesMerge !== 'replace' || inline.size === 0;
  if (usesFile && valuesFile) values = addValuesFile(values, valuesFile, await loader.load(valuesFile));
  else if (usesFile && valuesMerge === 'merge') {
    const file = joinPath(place.path, 'values.yaml');
    if ((await place.tree.stat(file)) !== undefined) {
      values = addValuesFile(values, 'values.yaml', await place.tree.read(file));
    }
  }
  if (valuesMerge === 'merge') values = mergeValues(inline, values);
  else values = usesFile ? mergeValues(values, withoutNulls(inline)) : inline;
  for (const path of additionalValuesFiles) values = addValuesFile(values, path, await loader.load(path));
  return values;
};

/** A null among the inline values takes a value out of the values file: the chart's own default is back. */
const withoutNulls = (values: GoMap): GoMap => {
  const kept: GoMap = new Map();
  for (const [name, value] of values) {
    if (value !== null) kept.set(name, value instanceof Map ? withoutNulls(value as GoMap) : value);
  }
  return kept;
};
