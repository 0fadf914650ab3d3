import type { Chart, Lock } from '../chart/chart.js';
import { ChartError } from '../chart/chart-error.js';
import { loadChartFiles } from '../chart/load-files.js';
import type { Dependency, Metadata } from '../chart/metadata.js';
import { readArchive } from '../chart/read-archive.js';
import type { ChartCache } from './chart-cache.js';
import { isHttp, isOci, pullChart } from './pull-chart.js';
import type { RepositoryAccess } from './request.js';

export interface DependencySources {
  /** How a repository is reached: credentials of one are not those of another. */
  readonly accessTo: (repository: string) => RepositoryAccess;
  /** Loads `file://...`, relative to the chart. */
  readonly loadLocal: (path: string) => Promise<Chart>;
  readonly cache?: ChartCache;
}

/** What to pull: the locked version where Chart.lock belongs to Chart.yaml, else the range. */
const toPull = (wanted: readonly Dependency[], lock: Lock | undefined): Dependency[] => {
  const isCurrent =
    lock !== undefined &&
    wanted.every(({ name, repository }) =>
      lock.dependencies.some((locked) => locked.name === name && locked.repository === repository),
    );
  if (!isCurrent) return [...wanted];
  return wanted.map((dependency) => {
    const locked = lock.dependencies.find(({ name }) => name === dependency.name);
    return locked === undefined ? dependency : { ...dependency, version: locked.version };
  });
};

const listed = (metadata: Metadata): Dependency[] =>
  (metadata.dependencies ?? []).filter((dependency) => dependency !== null);

/** The dependencies that Chart.yaml names and `charts/` does not have. */
export const missingDependencies = (chart: Chart): Dependency[] =>
  listed(chart.metadata).filter(({ name }) => !chart.dependencies.some((subchart) => subchart.name === name));

/** Adds the dependencies that a chart lacks, from where Chart.yaml says they are. Throws ChartError. */
export const pullDependencies = async (chart: Chart, sources: DependencySources): Promise<void> => {
  const missing = missingDependencies(chart);
  const pulled: Chart[] = [];
  for (const dependency of toPull(missing, chart.lock)) pulled.push(await pullOne(dependency, sources));
  chart.dependencies = [...chart.dependencies, ...pulled];
};

const pullOne = async ({ name, version, repository }: Dependency, sources: DependencySources): Promise<Chart> => {
  if (repository.startsWith('file://')) return await sources.loadLocal(repository.slice('file://'.length));
  if (!isHttp(repository) && !isOci(repository)) {
    throw new ChartError(`no repository definition for ${repository === '' ? name : repository}`);
  }
  const data = await pullChart({ repository, name, version }, sources.accessTo(repository), sources.cache);
  return await loadChartFiles(await readArchive(data));
};
