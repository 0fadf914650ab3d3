import { ChartError } from '../chart/chart-error.js';
import { MAX_CHART_SIZE } from '../chart/read-archive.js';
import { goQuote } from '../template/quote.js';
import { isValidVersion } from '../versions/version.js';
import { chooseVersion } from './http-repository.js';
import { type OciReference, parseOciReference, tagOfVersion, versionOfTag } from './oci-reference.js';
import { OciRepository } from './oci-repository.js';
import type { RepositoryAccess } from './request.js';

const CHART_LAYERS = ['application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'application/tar+gzip'];
const PROVENANCE_LAYER = 'application/vnd.cncf.helm.chart.provenance.v1.prov';

export interface OciChart {
  /** Empty where a digest alone was asked for. */
  readonly version: string;
  /** With the tag or digest that was chosen. */
  readonly address: string;
  readonly fileName: string;
  /** Digest of the layer with the chart. */
  readonly digest: string;
  readonly download: () => Promise<Buffer>;
  readonly downloadProvenance: () => Promise<Buffer>;
}

/** A version as semver has it, with three numbers. */
const STRICT = /^\d+\.\d+\.\d+(?:[-+]|$)/;

const chooseTag = async (
  repository: OciRepository,
  { tag: named }: OciReference,
  wanted: string,
  text: string,
): Promise<string> => {
  if (isValidVersion(wanted)) return wanted;
  if (named?.includes('+') === true) throw new ChartError(`invalid reference: invalid tag ${goQuote(named)}`);
  const tags = (await repository.tags()).map(versionOfTag).filter((tag) => STRICT.test(tag) && isValidVersion(tag));
  if (tags.length === 0) throw new ChartError(`unable to locate any tags in provided repository: ${text}`);
  const { compareVersions, parseVersion } = await import('../versions/version.js');
  const versions = tags.flatMap((version) => {
    const parsed = parseVersion(version);
    return typeof parsed === 'string' ? [] : [{ version, parsed }];
  });
  versions.sort((a, b) => compareVersions(b.parsed, a.parsed));
  const chosen = chooseVersion(versions, wanted);
  if (chosen === undefined) {
    throw new ChartError(`could not locate a version matching provided version string ${wanted}`);
  }
  return chosen.version;
};

/** The digest that was asked for. A version beside it must be that of the digest, where the registry has it. */
const requireDigestOf = async (repository: OciRepository, digest: string, version: string): Promise<void> => {
  if (version === '') return;
  const tagged = await repository.manifest(tagOfVersion(version)).catch((error: unknown) => {
    if (error instanceof ChartError) return undefined;
    throw error;
  });
  if (tagged !== undefined && tagged.digest !== digest) {
    throw new ChartError(`chart reference digest mismatch: ${tagged.digest} is not ${digest}`);
  }
};

const versionWanted = ({ tag }: OciReference, wanted: string): string => {
  const ofTag = tag === undefined ? '' : tagOfVersion(tag);
  if (wanted === '') return ofTag;
  if (ofTag !== '' && ofTag !== wanted) {
    throw new ChartError(`chart reference and version mismatch: ${wanted} is not ${ofTag}`);
  }
  return wanted;
};

/** Finds a chart in an OCI registry by tag, digest or range of versions. Throws ChartError. */
export const findInRegistry = async (text: string, wanted: string, access: RepositoryAccess): Promise<OciChart> => {
  const reference = parseOciReference(text);
  const { host, repository: path, digest } = reference;
  const repository = new OciRepository(reference, access);
  const asked = versionWanted(reference, wanted);
  let version = '';
  if (digest === undefined) version = await chooseTag(repository, reference, asked, text);
  else await requireDigestOf(repository, digest, asked);
  const { layers } = await repository.manifest(digest ?? tagOfVersion(version));
  const layer = layers.find(({ mediaType }) => CHART_LAYERS.includes(mediaType));
  if (layer === undefined) throw new ChartError(`manifest does not contain a layer with mediatype ${CHART_LAYERS[0]}`);
  if (layer.size > MAX_CHART_SIZE) throw new ChartError(`the chart is larger than the maximum size ${MAX_CHART_SIZE}`);
  const chosen = digest === undefined ? `:${version}` : `@${digest}`;
  const name = path.replace(/^.*\//, '');
  return {
    version: versionOfTag(version),
    address: `oci://${host}/${path}${chosen}`,
    fileName: `${`${name}${chosen}`.replace(/:([^:]*)$/, '-$1')}.tgz`,
    digest: layer.digest,
    download: () => repository.blob(layer.digest),
    downloadProvenance: async () => {
      const provenance = layers.find(({ mediaType }) => mediaType === PROVENANCE_LAYER);
      if (provenance === undefined) {
        throw new ChartError(`manifest does not contain a layer with mediatype ${PROVENANCE_LAYER}`);
      }
      return await repository.blob(provenance.digest);
    },
  };
};
