import { createHash } from 'node:crypto';
import { encodeOpenApiV2, OPENAPI_V2_PROTOBUF } from '../../../objects/protobuf/openapi-v2.js';
import { openApiGroupVersions, openApiV3, type OpenApiDocument } from '../../../objects/schema/openapi.js';
import type { Aggregator } from '../aggregation/aggregator.js';
import { customOpenApi } from '../custom/openapi-document.js';
import type { ResourceRegistry } from '../resource-registry.js';
import { noSuchResource } from '../status-errors.js';
import { openApiV2 } from './openapi-v2.js';

/** A document with the tag under which it is kept; `immutable` ones are asked for by their hash. */
export interface OpenApiAnswer {
  readonly bytes: Buffer;
  readonly etag: string;
  /** Default: JSON. */
  readonly contentType?: string;
}

/** The OpenAPI documents of everything that is served. Made when first asked for, and again after a change. */
export class OpenApi {
  readonly #documents = new Map<string, OpenApiAnswer>();
  readonly #builtin = new Map<string, OpenApiAnswer>();

  constructor(
    private readonly registry: ResourceRegistry,
    private readonly aggregator?: Aggregator,
  ) {
    registry.onChange(() => this.#documents.clear());
    aggregator?.onChange(() => this.#documents.clear());
  }

  /** `/openapi/v3`: where the document of each group version is. */
  index(): OpenApiAnswer {
    return kept(this.#documents, 'index', () => ({
      paths: Object.fromEntries([
        ...this.#groupVersions().map((groupVersion) => {
          const path = pathOf(groupVersion);
          const { etag } = this.document(path);
          return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${etag.replaceAll('"', '')}` }] as const;
        }),
        ...this.#elsewhere(),
      ]),
    }));
  }

  /** Documents of other servers, which are asked for them. */
  #elsewhere(): readonly (readonly [string, { readonly serverRelativeURL: string }])[] {
    return (this.aggregator?.remotes ?? []).flatMap(({ group, version, openApiUrl: serverRelativeURL, isCurrent }) =>
      serverRelativeURL === undefined || !isCurrent
        ? []
        : [[pathOf(`${group}/${version}`), { serverRelativeURL }] as const],
    );
  }

  /** `/openapi/v3/apis/apps/v1`. Throws NotFound. */
  document(path: string): OpenApiAnswer {
    const groupVersion = path.replace(/^apis?\//, '');
    const custom = this.registry.all.filter((each) => each.custom && each.apiVersion === groupVersion);
    if (custom.length > 0) return kept(this.#documents, path, () => customOpenApi(custom));
    const builtin = openApiGroupVersions().includes(groupVersion) && pathOf(groupVersion) === path;
    if (!builtin) throw noSuchResource();
    return kept(this.#builtin, path, () => openApiV3(groupVersion));
  }

  /** `/openapi/v2`: everything in one. */
  version2(): OpenApiAnswer {
    return kept(this.#documents, 'v2', () =>
      openApiV2(
        this.#groupVersions().map(
          (groupVersion) => JSON.parse(this.document(pathOf(groupVersion)).bytes.toString('utf8')) as OpenApiDocument,
        ),
      ),
    );
  }

  /** `/openapi/v2` in protobuf, the only form that kubectl reads it in. */
  version2Protobuf(): OpenApiAnswer {
    const known = this.#documents.get('v2+protobuf');
    if (known !== undefined) return known;
    const { bytes, etag } = this.version2();
    const document = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    const answer = { bytes: Buffer.from(encodeOpenApiV2(document)), etag, contentType: OPENAPI_V2_PROTOBUF };
    this.#documents.set('v2+protobuf', answer);
    return answer;
  }

  #groupVersions(): readonly string[] {
    const custom = this.registry.all.filter((resource) => resource.custom).map(({ apiVersion }) => apiVersion);
    return [...new Set([...openApiGroupVersions(), ...custom])];
  }
}

const pathOf = (groupVersion: string): string =>
  groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`;

const kept = (documents: Map<string, OpenApiAnswer>, key: string, make: () => unknown): OpenApiAnswer => {
  const known = documents.get(key);
  if (known !== undefined) return known;
  const bytes = Buffer.from(JSON.stringify(make()));
  const answer = { bytes, etag: `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"` };
  documents.set(key, answer);
  return answer;
};
