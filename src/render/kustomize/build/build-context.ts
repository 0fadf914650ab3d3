import { KustomizeError, wrapped } from '../errors.js';
import type { HelmChartArgs, Kustomization } from '../kustomization/kustomization.js';
import { readConfig } from '../kustomization/decode.js';
import type { Loader } from '../load/loader.js';
import { MergeSchemas, mergeSchemasOf } from '../patch/merge-schema.js';
import { nodeOf } from '../patch/json-patch.js';
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
        this.schemas = mergeSchemasOf(toData(nodeOf(readConfig(text))));
      } catch (error) {
        throw wrapped(error, 'invalid schema file');
      }
      this.#isSchemaSet = true;
    } else if (version) {
      if (version !== BUILTIN_VERSION) throw new KustomizeError('the specified OpenAPI version is not built in');
      this.#isSchemaSet = true;
    }
  }

  warn(messages: readonly string[]): void {
    this.warnings.push(...messages);
  }
}
