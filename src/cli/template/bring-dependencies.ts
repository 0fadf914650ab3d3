import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { ChartError } from '../../render/helm/chart/chart-error.js';
import { loadChart, readFolder } from '../../render/helm/chart/load-chart.js';
import { loadChartFiles } from '../../render/helm/chart/load-files.js';
import type { Dependency } from '../../render/helm/chart/metadata.js';
import { packChart } from '../../render/helm/chart/pack-chart.js';
import { readArchive } from '../../render/helm/chart/read-archive.js';
import { findChart, isHttp, isOci } from '../../render/helm/repositories/pull-chart.js';
import { requireVersion } from '../../render/helm/repositories/pull-dependencies.js';
import type { RepositoryAccess } from '../../render/helm/repositories/request.js';
import { goQuote } from '../../render/helm/template/quote.js';
import { MachineFiles } from './machine-files.js';
import { accessAt, namedRepository } from './named-repositories.js';
import { accessOf, archiveCache } from './pull-referenced.js';
import { loginAt } from './registry-logins.js';
import type { TemplateOptions } from './template-options.js';

/** What was found for one dependency. */
export interface Found {
  /** What Chart.yaml wants, with the address in place of a repository's name. */
  readonly wanted: Dependency;
  readonly version: string;
  /** Its archive; absent for a chart that is in `charts/` already. */
  readonly archive?: { readonly fileName: string; readonly bring: () => Promise<Uint8Array> };
}

/** Finds a dependency of the chart in a folder; nothing is written. Throws ChartError. */
export const findDependency = async (
  dependency: Dependency,
  folder: string,
  options: TemplateOptions,
): Promise<Found> => {
  const { name, repository } = dependency;
  if (name === '' || name === '.' || name === '..' || /[/\\]/.test(name)) {
    throw new ChartError(`dependency name ${goQuote(name)} is no file name`);
  }
  if (repository === '') return await inCharts(dependency, folder);
  if (repository.startsWith('file://')) return await inFolder(dependency, folder);
  return await inRepository(dependency, options);
};

const inCharts = async (dependency: Dependency, folder: string): Promise<Found> => {
  const path = resolve(folder, 'charts', dependency.name);
  await requireFolder(path);
  requireVersion(await loadChart(new MachineFiles(), path), dependency);
  return { wanted: dependency, version: dependency.version };
};

const inFolder = async (dependency: Dependency, folder: string): Promise<Found> => {
  const path = resolve(folder, dependency.repository.slice('file://'.length));
  await requireFolder(path);
  const files = await readFolder(new MachineFiles(), path);
  const chart = await loadChartFiles(files);
  requireVersion(chart, dependency);
  const { name, version } = chart.metadata;
  const archive = { fileName: `${name}-${version}.tgz`, bring: () => packChart(name, files) };
  return { wanted: dependency, version, archive };
};

const requireFolder = async (path: string): Promise<void> => {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new ChartError(`directory ${path} not found`);
};

const inRepository = async (dependency: Dependency, options: TemplateOptions): Promise<Found> => {
  const { name, version } = dependency;
  const { repository, access } = await repositoryOf(dependency.repository, options);
  const found = await findChart({ repository, name, version }, access, archiveCache());
  const bring = async (): Promise<Uint8Array> => {
    const data = await found.download();
    // What is no chart is refused before anything is changed.
    await loadChartFiles(await readArchive(data));
    return data;
  };
  const fileName = archiveName(found.url) ?? `${name}-${found.version}.tgz`;
  return { wanted: { ...dependency, repository }, version: found.version, archive: { fileName, bring } };
};

/** The file's name in its repository, where a chart can be loaded from a file of that name. */
const archiveName = (url: string | undefined): string | undefined => {
  if (url === undefined) return undefined;
  let path = new URL(url).pathname;
  try {
    path = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  const name = basename(path);
  return /^[^._/\\\0][^/\\\0]*\.tgz$/.test(name) ? name : undefined;
};

const NAME_HINT = `
Note that repositories must be URLs or aliases. For example, to refer to the "example"
repository, use "https://charts.example.com/" or "@example" instead of
"example". Don't forget to add the repo, too ('helm repo add').`;

const repositoryOf = async (
  text: string,
  options: TemplateOptions,
): Promise<{ repository: string; access: RepositoryAccess }> => {
  const alias = /^(?:@|alias:)(.+)$/.exec(text)?.[1];
  if (alias !== undefined) {
    const { url, access } = await namedRepository(alias, options.repositoryConfig);
    return { repository: url, access };
  }
  if (!isHttp(text) && !isOci(text)) {
    const hint = text.includes('//') || text.startsWith('@') || text.startsWith('alias:') ? '' : NAME_HINT;
    throw new ChartError(`no repository definition for ${text}. Please add them via 'helm repo add'${hint}`);
  }
  const known = await accessAt(text, options.repositoryConfig);
  // The name and password on the command line are those of the chart's own repository.
  const { username: _username, password: _password, ...shared } = await accessOf(options);
  const login = isOci(text) ? await loginAt(text, options.registryConfig) : {};
  return { repository: text, access: { ...shared, ...login, ...known } };
};
