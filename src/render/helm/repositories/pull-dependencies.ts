import type { WantedChart } from '../../outside.js';
import type { Chart, Lock } from '../chart/chart.js';
import { ChartError } from '../chart/chart-error.js';
import type { Dependency, Metadata } from '../chart/metadata.js';
import { parseConstraint, satisfies } from '../versions/constraint.js';
import { parseVersion } from '../versions/version.js';
import { isLockOf } from './lock-digest.js';

export interface DependencySources {
  /** Brings a chart of a repository. */
  readonly pull: (wanted: WantedChart) => Promise<Chart>;
  /** Loads `file://...`, relative to the chart. */
  readonly loadLocal: (path: string) => Promise<Chart>;
}

/** What Chart.yaml depends on. */
export const listed = (metadata: Metadata): Dependency[] =>
  (metadata.dependencies ?? []).filter((dependency) => dependency !== null);

/** The dependencies that Chart.yaml names and `charts/` does not have. */
export const missingDependencies = (chart: Chart): Dependency[] =>
  listed(chart.metadata).filter(({ name }) => !chart.dependencies.some((subchart) => subchart.name === name));

/**
 * Adds the dependencies that a chart lacks, from where Chart.yaml says they are and in the versions of Chart.lock, as
 * `helm dependency build` does. A lock that was not made for this Chart.yaml is refused. Throws ChartError.
 */
export const pullDependencies = async (chart: Chart, sources: DependencySources): Promise<void> => {
  const missing = missingDependencies(chart);
  if (missing.length === 0) return;
  if (chart.lock !== undefined) requireCurrent(chart.lock, chart.metadata);
  const pulled: Chart[] = [];
  for (const dependency of missing) pulled.push(await pullOne(locked(dependency, chart), sources));
  chart.dependencies = [...chart.dependencies, ...pulled];
};

const requireCurrent = (lock: Lock, metadata: Metadata): void => {
  const { apiVersion } = metadata;
  if (isLockOf(lock, listed(metadata), apiVersion)) return;
  const [lockFile, file] =
    apiVersion === 'v1' ? ['requirements.lock', 'requirements.yaml'] : ['Chart.lock', 'Chart.yaml'];
  throw new ChartError(
    `the lock file (${lockFile}) is out of sync with the dependencies file (${file}). Please update the dependencies`,
  );
};

/** The dependency in the version that is locked for it; a chart may depend on another one several times. */
const locked = (dependency: Dependency, { metadata, lock }: Chart): Dependency => {
  const at = listed(metadata).indexOf(dependency);
  const inPlace = lock?.dependencies[at];
  const found =
    inPlace?.name === dependency.name ? inPlace : lock?.dependencies.find(({ name }) => name === dependency.name);
  return found === undefined ? dependency : { ...dependency, version: found.version };
};

const pullOne = async (dependency: Dependency, sources: DependencySources): Promise<Chart> => {
  const { name, version, repository } = dependency;
  if (repository.startsWith('file://')) {
    const chart = await sources.loadLocal(repository.slice('file://'.length));
    requireVersion(chart, dependency);
    return chart;
  }
  if (!/^(?:https?:\/\/|oci:\/\/|@|alias:)/.test(repository)) {
    throw new ChartError(
      repository === ''
        ? `dependency ${name} names no repository, and charts/ does not have it`
        : `no repository definition for ${repository}`,
    );
  }
  return await sources.pull({ repository, name, version });
};

/** Throws ChartError when a chart is not in the range of versions that another one wants. */
export const requireVersion = ({ metadata }: Chart, { name, version }: Dependency): void => {
  const constraint = parseConstraint(version === '' ? '*' : version);
  if (typeof constraint === 'string') {
    throw new ChartError(`dependency ${name} has an invalid version/constraint format: ${constraint}`);
  }
  const found = parseVersion(metadata.version);
  if (typeof found === 'string' || !satisfies(found, constraint)) {
    throw new ChartError(
      `can't get a valid version for dependency ${name}: ${metadata.version} is not ${version === '' ? 'a version' : version}`,
    );
  }
};
