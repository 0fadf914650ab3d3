import { createHash } from 'node:crypto';
import type { Chart, Lock } from '../chart/chart.js';
import { ChartError } from '../chart/chart-error.js';
import { loadChartFiles } from '../chart/load-files.js';
import type { Dependency, Metadata } from '../chart/metadata.js';
import { readArchive } from '../chart/read-archive.js';
import { jsonString } from '../json/json-writer.js';
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

const field = (name: string, value: string): string => `${jsonString(name, true)}:${jsonString(value, true)}`;

const dependencyJson = (dependency: Dependency): string => {
  const members = [field('name', dependency.name)];
  if (dependency.version !== '') members.push(field('version', dependency.version));
  members.push(field('repository', dependency.repository));
  if (dependency.condition !== '') members.push(field('condition', dependency.condition));
  if (dependency.tags.length > 0)
    members.push(`"tags":[${dependency.tags.map((tag) => jsonString(tag, true)).join(',')}]`);
  if (dependency.alias !== '') members.push(field('alias', dependency.alias));
  return `{${members.join(',')}}`;
};

/** The digest that Chart.lock has of Chart.yaml's dependencies and of the locked ones. */
export const dependencyDigest = (wanted: readonly Dependency[], locked: readonly Dependency[]): string => {
  const json = `[[${wanted.map(dependencyJson).join(',')}],[${locked.map(dependencyJson).join(',')}]]`;
  return `sha256:${createHash('sha256').update(json).digest('hex')}`;
};

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
