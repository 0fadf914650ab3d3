import { ChartError } from '../chart/chart-error.js';
import { MAX_CHART_SIZE } from '../chart/read-archive.js';
import type { ChartCache } from './chart-cache.js';
import { archiveAuthorization, findInRepository } from './http-repository.js';
import { findInRegistry } from './oci-registry.js';
import { sha256 } from './oci-repository.js';
import { basicAuthorization, bodyOf, get, type RepositoryAccess } from './request.js';

const MAX_PROVENANCE_SIZE = 1024 * 1024;

export interface ChartSource {
  /** `https://charts.example`, or `oci://registry.example/team` with the chart's name behind it. */
  readonly repository: string;
  readonly name: string;
  /** A version or a range; empty for the newest. */
  readonly version: string;
}

export const isOci = (address: string): boolean => address.startsWith('oci://');
export const isHttp = (address: string): boolean => /^https?:\/\//.test(address);

/** A chart that a repository has, not downloaded yet. */
export interface FoundChart {
  readonly version: string;
  /** Of the archive in an HTTP repository. */
  readonly url?: string;
  /** Where it is, with the tag or digest that was chosen. */
  readonly address: string;
  /** What the archive is called where it was packaged. */
  readonly fileName: string;
  readonly download: () => Promise<Buffer>;
  /** The provenance file beside the archive. Throws ChartError where there is none. */
  readonly downloadProvenance: () => Promise<Buffer>;
}

/** Looks a chart up in an HTTP or OCI repository. Throws ChartError. */
export const findChart = async (
  source: ChartSource,
  access: RepositoryAccess,
  cache?: ChartCache,
): Promise<FoundChart> => {
  if (isOci(source.repository)) {
    return await findOci(`${source.repository.replace(/\/$/, '')}/${source.name}`, source.version, access, cache);
  }
  const { version, url, digest } = await findInRepository(source.repository, source.name, source.version, access);
  const authorization = archiveAuthorization(source.repository, url, access);
  return { version, url, ...archiveAt(url, digest, access, authorization, cache) };
};

/** The archive of a chart from an HTTP or OCI repository; its digest is checked. Throws ChartError. */
export const pullChart = async (source: ChartSource, access: RepositoryAccess, cache?: ChartCache): Promise<Buffer> =>
  await (await findChart(source, access, cache)).download();

/** A chart named by its whole address: `oci://...` or the address of an archive. */
export const findAddress = async (
  address: string,
  version: string,
  access: RepositoryAccess,
  cache?: ChartCache,
): Promise<FoundChart> =>
  isOci(address)
    ? await findOci(address, version, access, cache)
    : { version, ...archiveAt(address, undefined, access, basicAuthorization(access), cache) };

const findOci = async (
  address: string,
  wanted: string,
  access: RepositoryAccess,
  cache: ChartCache | undefined,
): Promise<FoundChart> => {
  const { digest, download: bring, ...found } = await findInRegistry(address, wanted, access);
  const bringOnce = async (): Promise<Buffer> => {
    const known = await cache?.get(digest);
    if (known !== undefined) return known;
    const data = await bring();
    await cache?.put(data);
    return data;
  };
  return { ...found, download: bringOnce };
};

/** An archive of an HTTP server. */
const archiveAt = (
  url: string,
  digest: string | undefined,
  access: RepositoryAccess,
  authorization: string | undefined,
  cache: ChartCache | undefined,
): Omit<FoundChart, 'version'> => ({
  address: url,
  fileName: url.replace(/[?#].*$/, '').replace(/^.*\//, ''),
  download: () => download(url, digest, access, authorization, cache),
  downloadProvenance: async () =>
    bodyOf(await get(`${url}.prov`, access, { maxBytes: MAX_PROVENANCE_SIZE, authorization })),
});

const download = async (
  url: string,
  digest: string | undefined,
  access: RepositoryAccess,
  authorization: string | undefined,
  cache: ChartCache | undefined,
): Promise<Buffer> => {
  const known = digest === undefined ? undefined : await cache?.get(digest);
  if (known !== undefined) return known;
  const data = bodyOf(await get(url, access, { maxBytes: MAX_CHART_SIZE, authorization }));
  if (digest !== undefined && sha256(data) !== `sha256:${digest}`) {
    throw new ChartError(`the archive at ${url} does not have the digest ${digest} that its repository gives`);
  }
  await cache?.put(data);
  return data;
};
