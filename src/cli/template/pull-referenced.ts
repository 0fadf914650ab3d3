import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chart } from '../../render/helm/chart/chart.js';
import { ChartError } from '../../render/helm/chart/chart-error.js';
import { loadChartFiles } from '../../render/helm/chart/load-files.js';
import { readNamedArchive } from '../../render/helm/chart/named-archive.js';
import type { Notice } from '../../render/helm/notice.js';
import { ChartCache } from '../../render/helm/repositories/chart-cache.js';
import { findAddress, findChart, type FoundChart, isHttp, isOci } from '../../render/helm/repositories/pull-chart.js';
import type { RepositoryAccess } from '../../render/helm/repositories/request.js';
import { namedRepository } from './named-repositories.js';
import { loginAt } from './registry-logins.js';
import type { TemplateOptions } from './template-options.js';
import { userCache } from './user-cache.js';

const PRERELEASES = '>0.0.0-0';

/** Archives that this user has brought before. */
export const archiveCache = (): ChartCache => new ChartCache(join(userCache(), 'charts'));

const pem = async (path: string | undefined): Promise<string | undefined> =>
  path === undefined ? undefined : await readFile(path, 'utf8');

/** How the flags say that repositories are reached. */
export const accessOf = async (options: TemplateOptions): Promise<RepositoryAccess> => {
  const [ca, cert, key] = await Promise.all([pem(options.caFile), pem(options.certFile), pem(options.keyFile)]);
  return {
    passCredentials: options.passCredentials === true,
    insecureSkipTlsVerify: options.insecureSkipTlsVerify === true,
    plainHttp: options.plainHttp === true,
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
};

/** The chart at an address, or by its name in the repository of `--repo`; its signature is checked for `--verify`. */
export const pullReferenced = async (
  reference: string,
  options: TemplateOptions,
  notices: Notice[],
): Promise<Chart> => {
  const found = await findReferenced(reference, options);
  const archive = await found.download();
  if (options.verify === true) {
    const { verifyDownload } = await import('./verify-chart.js');
    await verifyDownload(found, archive, options.keyring);
  }
  return await loadChartFiles(await readNamedArchive(found.address, archive), notices);
};

const findReferenced = async (reference: string, options: TemplateOptions): Promise<FoundChart> => {
  const access = await accessOf(options);
  const version = options.version ?? (options.devel === true ? PRERELEASES : '');
  if (options.repo !== undefined) {
    return await findChart({ repository: options.repo, name: reference, version }, access, archiveCache());
  }
  if (isOci(reference)) {
    const login = await loginAt(reference, options.registryConfig);
    return await findAddress(reference, version, { ...login, ...access }, archiveCache());
  }
  if (isHttp(reference)) return await findAddress(reference, version, access, archiveCache());
  const [alias = '', ...rest] = reference.split('/');
  if (rest.length === 0) {
    throw new ChartError(`non-absolute URLs should be in form of repo_name/path_to_chart, got: ${reference}`);
  }
  const { url, access: known } = await namedRepository(alias, options.repositoryConfig);
  const source = { repository: url, name: rest.join('/'), version };
  return await findChart(source, { ...known, ...access }, archiveCache());
};
