import { info, type Notice } from '../notice.js';
import { fromBytes } from '../template/go-string.js';
import type { GoMap } from '../template/values.js';
import { Chart, type ChartFile, type Lock } from './chart.js';
import { ChartError } from './chart-error.js';
import { loadValues } from './load-values.js';
import { type Metadata, validateMetadata } from './metadata.js';
import { StructReader } from './decode-struct.js';
import { decodeYaml, readLock, readMetadata, readRequirements } from './read-metadata.js';
import { readArchive } from './read-archive.js';

const MAX_DEPTH = 64;

/** Said of the whole chart, not of a file. */
class UnsupportedChart extends ChartError {}

const failing = <T>(what: string, load: () => T): T => {
  try {
    return load();
  } catch (error) {
    if (error instanceof UnsupportedChart) throw error;
    if (error instanceof ChartError) throw new ChartError(`cannot load ${what}: ${error.message}`);
    throw error;
  }
};

interface Parts {
  metadata: Metadata | undefined;
  lock: Lock | undefined;
  values: GoMap;
  schema: Uint8Array | undefined;
  readonly templates: ChartFile[];
  readonly files: ChartFile[];
  readonly subcharts: Map<string, ChartFile[]>;
  readonly notices: Notice[];
}

/** Sorts one file into the part of the chart that it belongs to. */
const place = (file: ChartFile, parts: Parts): void => {
  const { name, data } = file;
  if (name === 'Chart.yaml') return;
  if (name === 'Chart.lock') {
    parts.lock = failing(name, () => readLock(fromBytes(data)));
  } else if (name === 'values.yaml') {
    parts.values = failing(name, () => loadValues(data));
  } else if (name === 'values.schema.json') {
    parts.schema = data;
  } else if (name === 'requirements.yaml' || name === 'requirements.lock') {
    placeRequirements(file, parts);
  } else if (name.startsWith('templates/')) {
    parts.templates.push(file);
  } else if (name.startsWith('charts/') && !name.endsWith('.prov')) {
    const inner = name.slice('charts/'.length);
    const chart = inner.split('/')[0] ?? '';
    const files = parts.subcharts.get(chart) ?? [];
    files.push({ name: inner, data });
    parts.subcharts.set(chart, files);
  } else {
    parts.files.push(file);
  }
};

const placeRequirements = (file: ChartFile, parts: Parts): void => {
  const { name, data } = file;
  const { metadata } = parts;
  if (metadata === undefined) return;
  if (name === 'requirements.lock') parts.lock = failing(name, () => readLock(fromBytes(data)));
  else failing(name, () => readRequirements(fromBytes(data), metadata));
  if (metadata.apiVersion === 'v1') {
    parts.files.push(file);
  } else if (name === 'requirements.yaml') {
    parts.notices.push(
      info(
        'Warning: Dependencies are handled in Chart.yaml since apiVersion "v2". We recommend migrating dependencies to Chart.yaml.',
      ),
    );
  } else {
    parts.notices.push(
      info(
        'Warning: Dependency locking is handled in Chart.lock since apiVersion "v2". We recommend migrating to Chart.lock.',
      ),
    );
  }
};

const KNOWN_API_VERSIONS = ['', 'v1', 'v2', 'v3'];

/** Which kind of chart it is, is asked of the chart at the top alone. */
const checkApiVersion = (data: Uint8Array): void => {
  const apiVersion = decodeYaml(fromBytes(data), (value) =>
    new StructReader('loader.chartBase', value).text('apiVersion'),
  );
  if (!KNOWN_API_VERSIONS.includes(apiVersion)) throw new UnsupportedChart('unsupported chart version');
};

const UNCHECKED =
  'an error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch missing dependencies: ';

/** Helm loads charts of version 3 and has no use for them yet; before, it looks at one dependency a subchart. */
const uselessChart = ({ dependencies, metadata }: Chart): ChartError => {
  const listed = metadata.dependencies ?? [];
  if (listed.length < dependencies.length) return new ChartError(`${UNCHECKED}unsupported chart dependency type`);
  const names = listed.flatMap((entry) => (entry === null ? [] : [entry.name]));
  const lacks = names.filter((name) => !dependencies.some((subchart) => subchart.name === name));
  return new ChartError(
    lacks.length === 0
      ? 'invalid chart apiVersion'
      : `${UNCHECKED}found in Chart.yaml, but missing in charts/ directory: ${lacks.join(', ')}`,
  );
};

/** Makes a chart, its subcharts included, of its files. Throws ChartError. */
export const loadChartFiles = async (
  files: readonly ChartFile[],
  notices: Notice[] = [],
  depth = 0,
): Promise<Chart> => {
  if (depth > MAX_DEPTH) throw new ChartError(`charts are nested more than ${MAX_DEPTH} levels deep`);
  const parts: Parts = {
    metadata: undefined,
    lock: undefined,
    values: new Map(),
    schema: undefined,
    templates: [],
    files: [],
    subcharts: new Map(),
    notices,
  };
  for (const { name, data } of files) {
    if (name !== 'Chart.yaml') continue;
    if (depth === 0) failing(name, () => checkApiVersion(data));
    const metadata = failing(name, () => readMetadata(fromBytes(data)));
    // Charts from before Helm 3 have no apiVersion.
    if (metadata.apiVersion === '') metadata.apiVersion = 'v1';
    parts.metadata = metadata;
  }
  for (const file of files) place(file, parts);
  const { metadata, templates, lock, schema, values } = parts;
  if (metadata === undefined) throw new ChartError('Chart.yaml file is missing');
  validateMetadata(metadata);
  const chart = new Chart(metadata, templates, parts.files, values, schema, lock);
  const subcharts: Chart[] = [];
  for (const [name, members] of parts.subcharts) {
    if (name.startsWith('_') || name.startsWith('.')) continue;
    subcharts.push(await loadSubchart(name, members, chart, notices, depth));
  }
  chart.dependencies = subcharts;
  if (depth === 0 && metadata.apiVersion === 'v3') throw uselessChart(chart);
  return chart;
};

const loadSubchart = async (
  name: string,
  members: readonly ChartFile[],
  parent: Chart,
  notices: Notice[],
  depth: number,
): Promise<Chart> => {
  try {
    if (name.endsWith('.tgz')) {
      const [file] = members;
      if (file === undefined || file.name !== name) {
        throw new ChartError(
          `error unpacking subchart tar in ${parent.name}: expected ${name}, got ${file?.name ?? ''}`,
        );
      }
      return await loadChartFiles(await readArchive(file.data), notices, depth + 1);
    }
    const inner = members
      .filter((file) => file.name.includes('/'))
      .map((file) => ({ name: file.name.slice(file.name.indexOf('/') + 1), data: file.data }));
    return await loadChartFiles(inner, notices, depth + 1);
  } catch (error) {
    if (error instanceof ChartError) {
      throw new ChartError(`error unpacking subchart ${name} in ${parent.name}: ${error.message}`);
    }
    throw error;
  }
};
