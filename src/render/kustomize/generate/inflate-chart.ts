import { ChartError } from '../../helm/chart/chart-error.js';
import { loadChart } from '../../helm/chart/load-chart.js';
import { mergeValues } from '../../helm/chart/load-values.js';
import { fromPlain } from '../../helm/json/json-reader.js';
import { templateOutput } from '../../helm/release/template-output.js';
import { renderChart } from '../../helm/render-chart.js';
import type { GoMap } from '../../helm/template/values.js';
import { addValuesFile } from '../../helm/values/merge-options.js';
import type { InflateChart } from '../build/build-context.js';
import { KustomizeError } from '../errors.js';
import type { HelmChartArgs } from '../kustomization/kustomization.js';
import type { Loader } from '../load/loader.js';

export interface InflateOptions {
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
}

/** The name that `helm template` gives a release without one. */
const DEFAULT_RELEASE = 'release-name';

/** Renders a chart of `helmCharts` with Fairlead's own renderer. Charts must be in the repository: nothing is pulled. */
export const createChartInflator =
  (options: InflateOptions = {}): InflateChart =>
  async (loader, chart, globals) => {
    const home = globals.chartHome ?? 'charts';
    const name = chart.name ?? '';
    const isPulled = chart.version && chart.repo;
    const folder = loader.join(isPulled ? `${home}/${name}-${chart.version}/${name}` : `${home}/${name}`);
    if ((await loader.tree.stat(folder))?.kind !== 'folder') {
      const why = chart.repo ? `charts are not pulled from ${chart.repo} here` : 'no repo specified for pull';
      throw new KustomizeError(`${why}, no chart found at '${folder}'`);
    }
    try {
      const loaded = await loadChart(loader.tree, folder, []);
      const rendered = await renderChart(loaded, {
        releaseName: chart.releaseName || chart.nameTemplate || DEFAULT_RELEASE,
        namespace: chart.namespace || 'default',
        values: await chartValues(loader, chart, folder),
        ...(chart.kubeVersion || options.kubeVersion
          ? { kubeVersion: chart.kubeVersion || options.kubeVersion || '' }
          : {}),
        apiVersions: [...(chart.apiVersions ?? []), ...(options.apiVersions ?? [])],
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

/** The values file and the inline values as `valuesMerge` says, then the additional files. */
const chartValues = async (loader: Loader, chart: HelmChartArgs, folder: string): Promise<GoMap> => {
  const { valuesFile, valuesInline = {}, valuesMerge = 'override', additionalValuesFiles = [] } = chart;
  const inline = fromPlain(valuesInline) as GoMap;
  let values: GoMap = new Map();
  const usesFile = valuesMerge !== 'replace' || inline.size === 0;
  if (usesFile && valuesFile) values = addValuesFile(values, valuesFile, await loader.load(valuesFile));
  else if (usesFile && valuesMerge === 'merge' && (await loader.tree.stat(`${folder}/values.yaml`)) !== undefined) {
    values = addValuesFile(values, 'values.yaml', await loader.tree.read(`${folder}/values.yaml`));
  }
  values = valuesMerge === 'merge' ? mergeValues(inline, values) : mergeValues(values, inline);
  for (const path of additionalValuesFiles) values = addValuesFile(values, path, await loader.load(path));
  return values;
};
