import { ChartError } from '../chart/chart-error.js';
import { fromBytes } from '../template/go-string.js';
import { goQuote } from '../template/quote.js';
import type { Value } from '../template/values.js';
import { scalarText, readYaml } from '../yaml/yaml-reader.js';
import { YamlError } from '../yaml/yaml-error.js';
import { parseConstraint, satisfies } from '../versions/constraint.js';
import { compareVersions, parseVersion } from '../versions/version.js';
import { basicAuthorization, bodyOf, get, isSameOrigin, type RepositoryAccess } from './request.js';

const MAX_INDEX_BYTES = 64 * 1024 * 1024;

/** One version of a chart in a repository. */
export interface ChartVersion {
  readonly name: string;
  readonly version: string;
  /** Absolute. */
  readonly url: string;
  /** SHA-256 of the archive in hexadecimal, where the index gives it. */
  readonly digest: string | undefined;
}

const text = (value: Value): string => (value === null || value === undefined ? '' : scalarText(value));

const fieldOf = (value: Value, name: string): Value => (value instanceof Map ? value.get(name) : undefined);

/** The versions of a chart in an index, newest first. */
export const versionsIn = (index: string, name: string, repository: string): ChartVersion[] => {
  let parsed: Value;
  try {
    parsed = readYaml(index, { typed: true });
  } catch (error) {
    if (error instanceof YamlError) throw new ChartError(`error converting YAML to JSON: ${error.message}`);
    throw error;
  }
  if (text(fieldOf(parsed, 'apiVersion')) === '') throw new ChartError('no API version specified');
  const entries = fieldOf(fieldOf(parsed, 'entries'), name);
  const found = (Array.isArray(entries) ? entries : []).flatMap((entry): ChartVersion[] => {
    const urls = fieldOf(entry, 'urls');
    const first = Array.isArray(urls) ? text(urls[0]) : '';
    const version = text(fieldOf(entry, 'version'));
    if (first === '' || version === '') return [];
    const digest = text(fieldOf(entry, 'digest')).replace(/^sha256:/, '');
    return [{ name, version, url: absolute(first, repository), digest: digest === '' ? undefined : digest }];
  });
  return found.sort(newestFirst);
};

const absolute = (url: string, repository: string): string => {
  const base = new URL(repository);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const found = new URL(url, base);
  // A relative address keeps what the repository's address asks with.
  if (found.search === '' && isSameOrigin(found, base)) found.search = base.search;
  return found.href;
};

const newestFirst = (a: { version: string }, b: { version: string }): number => {
  const x = parseVersion(a.version);
  const y = parseVersion(b.version);
  if (typeof x === 'string') return 1;
  return typeof y === 'string' ? -1 : compareVersions(y, x);
};

/** The version itself, or the newest that satisfies the range; without one the newest release. */
export const chooseVersion = <V extends { readonly version: string }>(
  versions: readonly V[],
  wanted: string,
): V | undefined => {
  const exact = versions.find(({ version }) => version === wanted);
  if (exact !== undefined && wanted !== '') return exact;
  const constraint = parseConstraint(wanted === '' ? '*' : wanted);
  if (typeof constraint === 'string') throw new ChartError(constraint);
  return versions.find(({ version }) => {
    const parsed = parseVersion(version);
    return typeof parsed !== 'string' && satisfies(parsed, constraint);
  });
};

/** Finds a chart in an HTTP repository. Throws ChartError. */
export const findInRepository = async (
  repository: string,
  name: string,
  wanted: string,
  access: RepositoryAccess,
): Promise<ChartVersion> => {
  const url = new URL(repository);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/index.yaml`;
  let index: string;
  try {
    const authorization = basicAuthorization(access);
    index = fromBytes(bodyOf(await get(url.href, access, { maxBytes: MAX_INDEX_BYTES, authorization })));
  } catch (error) {
    if (!(error instanceof ChartError)) throw error;
    throw new ChartError(
      `looks like ${goQuote(repository)} is not a valid chart repository or cannot be reached: ${error.message}`,
    );
  }
  const versions = versionsIn(index, name, repository);
  const isRange = wanted === '' || typeof parseConstraint(wanted) !== 'string';
  const chosen = isRange ? chooseVersion(versions, wanted) : versions.find(({ version }) => version === wanted);
  if (chosen !== undefined) return chosen;
  const what = wanted === '' ? `chart ${goQuote(name)}` : `chart ${goQuote(name)} version ${goQuote(wanted)}`;
  throw new ChartError(`${what} not found in ${repository} repository`);
};

/** The authorization for an archive: the repository's, if the archive is at the same origin. */
export const archiveAuthorization = (
  repository: string,
  archive: string,
  access: RepositoryAccess,
): string | undefined =>
  access.passCredentials === true || isSameOrigin(new URL(repository), new URL(archive))
    ? basicAuthorization(access)
    : undefined;
