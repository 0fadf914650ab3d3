import type { Chart } from './chart/chart.js';
import { ChartError } from './chart/chart-error.js';
import { fileText } from './chart/file-text.js';
import { processDependencies } from './chart/process-dependencies.js';
import type { Lookup } from './functions/lookups.js';
import { type Notify, warning } from './notice.js';
import { capabilities, DEFAULT_KUBE_VERSION, type KubeVersion, parseKubeVersion } from './release/capabilities.js';
import { RenderFailure } from './release/render-failure.js';
import { renderTemplates } from './release/render-templates.js';
import { type Hook, type RenderedManifest, type SortedManifests, sortManifests } from './release/sort-manifests.js';
import type { LoadSchema } from './schema/compile-schema.js';
import { sourced } from './release/template-output.js';
import type { Limits } from './template/execution.js';
import { type GoMap, int, type Value } from './template/values.js';
import { coalesceValues } from './values/coalesce.js';
import { isCompatible } from './versions/constraint.js';

export interface RenderChartOptions {
  readonly releaseName: string;
  readonly namespace: string;
  /** What stands above the chart's own values. */
  readonly values?: GoMap;
  /** `v1.35.0`. */
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
  readonly isUpgrade?: boolean;
  readonly skipSchemaValidation?: boolean;
  readonly lookup?: Lookup;
  /** Fetches schemas that a schema refers to; without it they are refused. */
  readonly loadSchema?: LoadSchema;
  readonly limits?: Partial<Limits>;
  /** Takes what Helm says beside the manifests, as it comes: also before an error. */
  readonly notify?: Notify;
}

export interface RenderedChart {
  readonly manifests: readonly RenderedManifest[];
  readonly hooks: readonly Hook[];
  readonly crds: readonly { readonly name: string; readonly content: string }[];
  /** The text of NOTES.txt. */
  readonly notes: string;
}

/** Most renders never look at the CRDs, which are the largest files that a chart has. */
class CrdFile {
  constructor(
    readonly name: string,
    private readonly data: Uint8Array,
  ) {}

  get content(): string {
    return fileText(this.data);
  }
}

const NOTES = 'NOTES.txt';

const releaseMap = (options: RenderChartOptions): Value =>
  new Map<string, Value>([
    ['Name', options.releaseName],
    ['Namespace', options.namespace],
    ['IsUpgrade', options.isUpgrade === true],
    ['IsInstall', options.isUpgrade !== true],
    ['Revision', int(1)],
    ['Service', 'Helm'],
  ]);

const kubeVersionOf = (options: RenderChartOptions): KubeVersion => {
  const kube = parseKubeVersion(options.kubeVersion ?? DEFAULT_KUBE_VERSION);
  if (typeof kube === 'string') throw new ChartError(`invalid kube version '${options.kubeVersion}': ${kube}`);
  return kube;
};

const checkInstallable = (chart: Chart): void => {
  const { type } = chart.metadata;
  if (type !== '' && type !== 'application') throw new ChartError(`${type} charts are not installable`);
};

const checkDependencies = (chart: Chart): void => {
  const missing = (chart.metadata.dependencies ?? [])
    .filter((dependency) => dependency !== null && !chart.dependencies.some(({ name }) => name === dependency.name))
    .map((dependency) => dependency?.name);
  if (missing.length > 0) {
    throw new ChartError(
      'an error occurred while checking for chart dependencies. You may need to run `helm dependency build` to ' +
        `fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: ${missing.join(', ')}`,
    );
  }
};

/**
 * Renders a chart as `helm template` does. The chart is changed: load or clone it for each render. Throws ChartError
 * with Helm's own text.
 */
export const renderChart = async (chart: Chart, options: RenderChartOptions): Promise<RenderedChart> => {
  const notify = options.notify ?? (() => undefined);
  const kube = kubeVersionOf(options);
  checkInstallable(chart);
  if (chart.metadata.deprecated) notify(warning('this chart is deprecated'));
  checkDependencies(chart);
  const given = options.values ?? new Map<string, Value>();
  saying('release name check failed', notify, () => checkReleaseName(options.releaseName));
  saying('chart dependencies processing failed', notify, () => processDependencies(chart, given, notify));
  const values = coalesceValues(chart, given, notify);
  if (options.skipSchemaValidation !== true) await validateSchemas(chart, values, options.loadSchema);
  const { manifests, hooks, notes } = failing(() => renderAll(chart, kube, values, options));
  const crds = chart.crds().map((file) => new CrdFile(file.name, file.data));
  return { manifests, hooks, crds, notes };
};

/** These failures Helm says twice. */
const saying = (what: string, notify: Notify, act: () => void): void => {
  try {
    act();
  } catch (error) {
    if (!(error instanceof ChartError)) throw error;
    notify({ level: 'ERROR', message: what, attributes: [['error', error.message]] });
    throw new ChartError(`${what}: ${error.message}`);
  }
};

/** Everything from the templates on. */
const renderAll = (
  chart: Chart,
  kube: KubeVersion,
  values: GoMap,
  options: RenderChartOptions,
): SortedManifests & { readonly notes: string } => {
  const { kubeVersion } = chart.metadata;
  if (kubeVersion !== '' && !isCompatible(kubeVersion, kube.normalized)) {
    throw new ChartError(
      `chart requires kubeVersion: ${kubeVersion} which is incompatible with Kubernetes ${kube.version}`,
    );
  }
  const top = { values, release: releaseMap(options), capabilities: capabilities(kube, options.apiVersions ?? []) };
  const rendered = renderTemplates(chart, top, options);
  const notes = takeNotes(chart, rendered);
  return { ...sortedOrInvalid(rendered, options.notify ?? (() => undefined)), notes };
};

const failing = <T>(render: () => T): T => {
  try {
    return render();
  } catch (error) {
    if (error instanceof ChartError && !(error instanceof RenderFailure)) throw new RenderFailure(error.message, '');
    throw error;
  }
};

const sortedOrInvalid = (rendered: ReadonlyMap<string, string>, notify: Notify): SortedManifests => {
  try {
    return sortManifests(rendered, notify);
  } catch (error) {
    if (!(error instanceof ChartError)) throw error;
    const texts = [...rendered].filter(([, text]) => text.trim() !== '').map(([name, text]) => sourced(name, text));
    throw new RenderFailure(error.message, texts.join(''));
  }
};

const RELEASE_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

const checkReleaseName = (name: string): void => {
  if (name === '') throw new ChartError('no name provided');
  if (name.length > 53 || !RELEASE_NAME.test(name)) {
    throw new ChartError(
      `release name "${name}": invalid release name, must match regex ${RELEASE_NAME.source} and the length must not be longer than 53`,
    );
  }
};

/** Schemas are rare and their validator is large: it is loaded when there is one. */
const validateSchemas = async (chart: Chart, values: GoMap, load: LoadSchema | undefined): Promise<void> => {
  const hasSchema = (each: Chart): boolean => each.schema !== undefined || each.dependencies.some(hasSchema);
  if (!hasSchema(chart)) return;
  const { validateAgainstSchemas } = await import('./chart/validate-schema.js');
  await validateAgainstSchemas(chart, values, load);
};

const takeNotes = (chart: Chart, rendered: Map<string, string>): string => {
  let notes = '';
  for (const [name, text] of rendered) {
    if (!name.endsWith(NOTES)) continue;
    if (name === `${chart.name}/templates/${NOTES}`) notes = text;
    rendered.delete(name);
  }
  return notes;
};
