import { KustomizeError, wrapped } from '../errors.js';
import type { HelmChartArgs, Kustomization } from '../kustomization/kustomization.js';
import { readConfig } from '../kustomization/decode.js';
import type { Loader } from '../load/loader.js';
import { isBuiltinKind, MergeSchemas, mergeSchemasOf, namespacedKindsOf } from '../patch/merge-schema.js';
import { nodeOf } from '../patch/json-patch.js';
import type { Resource } from '../resources/resource.js';
import type { ClusterScopes } from '../resources/resource-id.js';
import { toData } from '../nodes/write-nodes.js';

/** Renders a Helm chart to the text of its manifests. */
export type InflateChart = (
  loader: Loader,
  chart: HelmChartArgs,
  globals: { readonly chartHome?: string },
  signal: AbortSignal,
) => Promise<string>;

const BUILTIN_VERSION = 'v1.21.2';

/** What all layers of one build share. */
export class BuildContext {
  readonly warnings: string[] = [];
  schemas = new MergeSchemas();
  /** Kinds without a namespace that an OpenAPI document of the build tells about. */
  readonly scopes: ClusterScopes = new Set();
  readonly #seenKinds = new Set<string>();
  #isSchemaSet = false;

  constructor(
    readonly signal: AbortSignal,
    readonly inflateChart: InflateChart | undefined,
  ) {}

  /** The first layer that names an OpenAPI document decides for the whole build. */
  async useOpenApi({ openapi }: Kustomization, loader: Loader, isTop: boolean): Promise<void> {
    const path = openapi?.['path'];
    const version = openapi?.['version'];
    const text = path === undefined ? undefined : await loader.loadText(path);
    if (this.#isSchemaSet && !isTop) return;
    if (text !== undefined) {
      if (version !== undefined) {
        throw new KustomizeError('builtin version and custom schema provided, cannot use both');
      }
      try {
        this.#useDocument(toData(nodeOf(readConfig(text))));
      } catch (error) {
        throw wrapped(error, 'invalid schema file');
      }
      this.#isSchemaSet = true;
    } else if (version) {
      if (version !== BUILTIN_VERSION) throw new KustomizeError('the specified OpenAPI version is not built in');
      this.#isSchemaSet = true;
    }
  }

  /**
   * From here on the document decides. Kustomize keeps what it has loaded of its own schema by then: all of it once a
   * patch was merged, and once it has met a kind that it does not know the built-in types even win.
   */
  #useDocument(document: unknown): void {
    const own = mergeSchemasOf(document);
    if ([...this.#seenKinds].some((kind) => !isBuiltinKind(kind))) this.schemas = own.withBuiltin('builtin');
    else this.schemas = this.schemas.wasUsed ? own.withBuiltin('document') : own;
    for (const [kind, isNamespaced] of namespacedKindsOf(document)) {
      if (!isNamespaced && !isBuiltinKind(kind)) this.scopes.add(kind);
    }
  }

  /** Tells resources what the build knows of their kinds. Returns them. */
  adopt(resources: Resource[]): Resource[] {
    for (const resource of resources) {
      resource.scopes = this.scopes;
      this.#seenKinds.add(`${resource.apiVersion}/${resource.kind}`);
    }
    return resources;
  }

  warn(messages: readonly string[]): void {
    this.warnings.push(...messages);
  }
}
