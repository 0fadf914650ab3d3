import { ChartError } from '../chart/chart-error.js';
import { goQuote } from '../template/quote.js';

export interface OciReference {
  /** `registry.example:5000`. */
  readonly host: string;
  /** `team/charts/web`. */
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:...`. */
  readonly digest: string | undefined;
}

const HOST = /^[^\s/?#@\\]+$/;
const REPOSITORY = /^[a-z0-9]+(?:(?:[._]|__|-*)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-*)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[\w=-]+$/i;

/** Tags cannot have a `+`: registries keep it as `_`. */
export const versionOfTag = (tag: string): string => tag.replaceAll('_', '+');
export const tagOfVersion = (version: string): string => version.replaceAll('+', '_');

const invalid = (what: string): ChartError => new ChartError(`invalid reference: ${what}`);

/** Reads `oci://host/path/name[:tag][@digest]`. Throws ChartError. */
export const parseOciReference = (text: string): OciReference => {
  const raw = text.replace(/^oci:\/\//, '');
  const slash = raw.indexOf('/');
  if (slash < 0) throw invalid('missing registry or repository');
  const [path, digest] = splitLast(raw.slice(slash + 1), '@');
  const [repository, tag] = splitLast(path, ':');
  const host = raw.slice(0, slash);
  if (!HOST.test(host)) throw invalid(`invalid registry ${goQuote(host)}`);
  if (!REPOSITORY.test(repository)) throw invalid(`invalid repository ${goQuote(repository)}`);
  if (tag !== undefined && !TAG.test(tagOfVersion(tag))) throw invalid(`invalid tag ${goQuote(tag)}`);
  if (digest !== undefined) requireDigest(digest);
  return { host, repository, tag, digest };
};

const splitLast = (text: string, separator: string): [string, string?] => {
  const at = text.lastIndexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
};

const requireDigest = (digest: string): void => {
  const problem = digestProblem(digest);
  if (problem !== undefined) throw invalid(`invalid digest ${goQuote(digest)}: ${problem}`);
};

const digestProblem = (digest: string): string | undefined => {
  if (!DIGEST.test(digest)) return 'invalid checksum digest format';
  const [algorithm = '', hash = ''] = digest.split(':');
  if (algorithm !== 'sha256') return 'unsupported digest algorithm';
  if (hash.length !== 64) return 'invalid checksum digest length';
  return /^[0-9a-f]+$/.test(hash) ? undefined : 'invalid checksum digest format';
};
