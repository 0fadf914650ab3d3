import { nodeCrypto } from '../../builtin-modules.js';
import { ChartError } from '../chart/chart-error.js';
import { MAX_CHART_SIZE } from '../chart/read-archive.js';
import { isValidVersion } from '../versions/version.js';
import { chooseVersion } from './http-repository.js';
import { basicAuthorization, bodyOf, get, type RepositoryAccess, type Response } from './request.js';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const CHART_LAYERS = ['application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'application/tar+gzip'];
const PROVENANCE_LAYER = 'application/vnd.cncf.helm.chart.provenance.v1.prov';
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_TAG_PAGES = 100;

export interface OciReference {
  /** `registry.example:5000`. */
  readonly host: string;
  /** `team/charts/web`. */
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:...`. */
  readonly digest: string | undefined;
}

/** Reads `oci://host/path/name[:tag][@digest]`. */
export const parseOciReference = (text: string): OciReference => {
  const match = /^oci:\/\/([^/]+)\/([a-z0-9._/-]+?)(?::([\w.-]+))?(?:@(sha256:[0-9a-f]{64}))?$/i.exec(text);
  const [, host, repository, tag, digest] = match ?? [];
  if (host === undefined || repository === undefined) throw new ChartError(`invalid reference ${text}`);
  return { host, repository, tag, digest };
};

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface OciChart {
  readonly version: string;
  readonly address: string;
  readonly fileName: string;
  /** Digest of the layer with the chart. */
  readonly digest: string;
  readonly download: () => Promise<Buffer>;
  readonly downloadProvenance: () => Promise<Buffer>;
}

export const sha256 = (data: Uint8Array): string =>
  `sha256:${nodeCrypto().createHash('sha256').update(data).digest('hex')}`;

/** Talks to one repository of a registry, with the token that it asks for. */
class OciRepository {
  private authorization: string | undefined;

  constructor(
    private readonly reference: OciReference,
    private readonly access: RepositoryAccess,
  ) {}

  private get base(): string {
    const scheme = this.access.plainHttp === true ? 'http' : 'https';
    return `${scheme}://${this.reference.host}/v2/${this.reference.repository}`;
  }

  async get(path: string, accept: string, maxBytes: number): Promise<Response> {
    const url = new URL(path, `${this.base}/`).href;
    const send = (): Promise<Response> =>
      get(url, this.access, { maxBytes, authorization: this.authorization, headers: { accept } });
    const response = await send();
    if (response.status !== 401) return response;
    this.authorization = await this.authorize(response.headers['www-authenticate'] ?? '');
    return await send();
  }

  /** Answers a registry's challenge: with the credentials, or with a token of the server that it names. */
  private async authorize(challenge: string): Promise<string | undefined> {
    const basic = basicAuthorization(this.access);
    if (/^basic/i.test(challenge)) return basic;
    const parts = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
    );
    const realm = parts.get('realm');
    if (!/^bearer/i.test(challenge) || realm === undefined) {
      throw new ChartError(`${this.reference.host} asks for credentials in a way that is not known: ${challenge}`);
    }
    const url = new URL(realm);
    if (url.protocol !== 'https:' && this.access.plainHttp !== true) {
      throw new ChartError(`${this.reference.host} wants its credentials sent to ${url.origin}, which has no TLS`);
    }
    const service = parts.get('service');
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', parts.get('scope') ?? `repository:${this.reference.repository}:pull`);
    // The registry itself names its token server: that is where its credentials belong.
    const response = await get(url.href, this.access, { maxBytes: MAX_MANIFEST_BYTES, authorization: basic });
    const answer = JSON.parse(bodyOf(response).toString('utf8')) as { token?: string; access_token?: string };
    const token = answer.token ?? answer.access_token;
    if (token === undefined) throw new ChartError(`${url.origin} gave no token`);
    return `Bearer ${token}`;
  }

  async tags(): Promise<string[]> {
    const tags: string[] = [];
    let path = 'tags/list';
    for (let page = 0; page < MAX_TAG_PAGES; page++) {
      const response = await this.get(
        path.replace(/^\/v2\/.*?\/tags\//, 'tags/'),
        'application/json',
        MAX_MANIFEST_BYTES,
      );
      const answer = JSON.parse(bodyOf(response).toString('utf8')) as { tags?: string[] | null };
      tags.push(...(answer.tags ?? []));
      const next = /<([^>]+)>;\s*rel="?next"?/.exec(String(response.headers['link'] ?? ''))?.[1];
      if (next === undefined) return tags;
      path = next;
    }
    return tags;
  }

  async manifest(reference: string): Promise<readonly Descriptor[]> {
    const response = await this.get(`manifests/${reference}`, `${MANIFEST_TYPE}, ${INDEX_TYPE}`, MAX_MANIFEST_BYTES);
    const body = bodyOf(response);
    if (reference.startsWith('sha256:') && sha256(body) !== reference) {
      throw new ChartError(`the manifest of ${this.reference.repository} does not have the digest ${reference}`);
    }
    const manifest = JSON.parse(body.toString('utf8')) as { layers?: Descriptor[] };
    return manifest.layers ?? [];
  }

  async blob(digest: string): Promise<Buffer> {
    const data = bodyOf(await this.get(`blobs/${digest}`, '*/*', MAX_CHART_SIZE));
    if (sha256(data) !== digest)
      throw new ChartError(`the content of ${this.reference.repository} does not have the digest ${digest}`);
    return data;
  }
}

/** Tags cannot have a `+`: registries keep it as `_`. */
const versionOfTag = (tag: string): string => tag.replaceAll('_', '+');
const tagOfVersion = (version: string): string => version.replaceAll('+', '_');

const chooseTag = async (repository: OciRepository, reference: OciReference, wanted: string): Promise<string> => {
  if (reference.tag !== undefined) {
    if (wanted !== '' && tagOfVersion(wanted) !== reference.tag) {
      throw new ChartError(`chart reference and version mismatch: ${wanted} is not ${reference.tag}`);
    }
    return reference.tag;
  }
  if (isValidVersion(wanted) && wanted.split('.').length === 3) return tagOfVersion(wanted);
  const versions = (await repository.tags())
    .map((tag) => ({ tag, version: versionOfTag(tag) }))
    .filter(({ version }) => isValidVersion(version));
  const { compareVersions, parseVersion } = await import('../versions/version.js');
  versions.sort((a, b) => {
    const x = parseVersion(a.version);
    const y = parseVersion(b.version);
    return typeof x === 'string' || typeof y === 'string' ? 0 : compareVersions(y, x);
  });
  const chosen = chooseVersion(versions, wanted);
  if (chosen === undefined)
    throw new ChartError(`could not locate a version matching provided version string ${wanted}`);
  return chosen.tag;
};

/** Finds a chart in an OCI registry by tag, digest or range of versions. Throws ChartError. */
export const findInRegistry = async (text: string, wanted: string, access: RepositoryAccess): Promise<OciChart> => {
  const reference = parseOciReference(text);
  const repository = new OciRepository(reference, access);
  const tag = reference.digest === undefined ? await chooseTag(repository, reference, wanted) : undefined;
  const layers = await repository.manifest(reference.digest ?? tag ?? '');
  const layer = layers.find(({ mediaType }) => CHART_LAYERS.includes(mediaType));
  if (layer === undefined) throw new ChartError(`manifest does not contain a layer with mediatype ${CHART_LAYERS[0]}`);
  if (layer.size > MAX_CHART_SIZE) throw new ChartError(`the chart is larger than the maximum size ${MAX_CHART_SIZE}`);
  const version = versionOfTag(tag ?? '');
  const name = reference.repository.replace(/^.*\//, '');
  const chosen = tag === undefined ? `@${reference.digest}` : `:${version}`;
  return {
    version,
    address: `oci://${reference.host}/${reference.repository}${chosen}`,
    fileName: `${`${name}${chosen}`.replace(/:([^:]*)$/, '-$1')}.tgz`,
    digest: layer.digest,
    download: () => repository.blob(layer.digest),
    downloadProvenance: async () => {
      const provenance = layers.find(({ mediaType }) => mediaType === PROVENANCE_LAYER);
      if (provenance === undefined)
        throw new ChartError(`manifest does not contain a layer with mediatype ${PROVENANCE_LAYER}`);
      return await repository.blob(provenance.digest);
    },
  };
};
