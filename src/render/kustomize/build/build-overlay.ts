import type { FileTree } from '../../file-tree.js';
import { KustomizeError } from '../errors.js';
import { addNameHashes } from '../generate/name-hash.js';
import { Loader } from '../load/loader.js';
import type { FetchFile, FetchRemote } from '../load/loader.js';
import type { Resource } from '../resources/resource.js';
import { idText } from '../resources/resource-id.js';
import type { ResourceMap } from '../resources/resource-map.js';
import { ORIGIN_ANNOTATION, originText, TRANSFORMATIONS_ANNOTATION, transformationsText } from '../resources/origin.js';
import { fixNameReferences } from '../transform/name-references.js';
import { transformStrings } from '../transform/names-and-labels.js';
import { sortResources } from '../transform/sort-order.js';
import { resolveVariables } from '../transform/variables.js';
import { BuildContext } from './build-context.js';
import type { InflateChart } from './build-context.js';
import { Layer } from './layer.js';
import type { Accumulator } from './layer.js';

export interface BuildOptions {
  /** `none` lets files outside the kustomization's folder be read; never outside the tree. */
  readonly loadRestrictor?: 'rootOnly' | 'none';
  /** `legacy` (the default) sorts by kind and name unless the kustomization says otherwise; `none` keeps the order. */
  readonly reorder?: 'legacy' | 'none';
  /** Renders `helmCharts`; absent, they are refused. */
  readonly inflateChart?: InflateChart;
  /** Fetches bases that are Git URLs; absent, they are refused. */
  readonly fetchRemote?: FetchRemote;
  /** Reads files over HTTP; absent, they are refused. */
  readonly fetchFile?: FetchFile;
}

export interface BuiltOverlay {
  /** The kustomization file. */
  readonly file: string;
  readonly resources: readonly Resource[];
  readonly warnings: readonly string[];
}

const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'kustomize-v5.7.1' };

/** Builds the kustomization in a folder of a tree, as `kubectl kustomize` does. Throws KustomizeError. */
export const buildOverlay = async (
  tree: FileTree,
  path: string,
  options: BuildOptions,
  signal: AbortSignal,
): Promise<BuiltOverlay> => {
  const loader = await Loader.at(tree, path, {
    restrict: options.loadRestrictor !== 'none',
    signal,
    ...(options.fetchRemote === undefined ? {} : { fetchRemote: options.fetchRemote }),
    ...(options.fetchFile === undefined ? {} : { fetchFile: options.fetchFile }),
  });
  const context = new BuildContext(signal, options.inflateChart);
  const top = await Layer.load(loader, context);
  const { kustomization } = top;
  const metadata = kustomization.buildMetadata ?? [];
  await top.useOpenApi(true);
  const accumulated = await top.accumulate(metadata, metadata.length > 0 ? {} : undefined);
  try {
    finish(accumulated, top, context, options);
  } catch (error) {
    throw error instanceof KustomizeError && error.file === undefined
      ? new KustomizeError(error.message, top.file)
      : error;
  }
  return { file: top.file, resources: accumulated.map.resources, warnings: context.warnings };
};

/** What is done once, when all layers are together. */
const finish = (accumulated: Accumulator, top: Layer, context: BuildContext, options: BuildOptions): void => {
  const { map, config } = accumulated;
  const { sortOptions, buildMetadata = [] } = top.kustomization;
  addNameHashes(map);
  fixNameReferences(map, config.nameReference);
  const unused = resolveVariables(map, accumulated.variables.all(), config.varReference);
  if (unused.length > 0) {
    context.warnings.push(`well-defined vars that were never replaced: ${unused.join(',')}`);
  }
  dropLocal(map);
  if (sortOptions !== undefined) sortResources(map, sortOptions);
  else if (options.reorder !== 'none') sortResources(map, { order: 'legacy' });
  if (buildMetadata.includes('managedByLabel')) {
    transformStrings(map, MANAGED_BY, [{ path: 'metadata/labels', create: true }]);
  }
  for (const resource of map.resources) writeAnnotations(resource, buildMetadata);
};

const LOCAL_ANNOTATION = 'config.kubernetes.io/local-config';

/** Configuration of tools that only helps the build is not part of its result. What is has ids of its own. */
const dropLocal = (map: ResourceMap): void => {
  map.resources = map.resources.filter((resource) => {
    if (resource.isEmpty) return false;
    if (resource.kind === '') throw new KustomizeError(`missing kind in object ${idText(resource.id)}`);
    if (resource.name === '' && !resource.kind.endsWith('List')) {
      throw new KustomizeError(`missing metadata.name in object ${idText(resource.id)}`);
    }
    const local = resource.annotations.get(LOCAL_ANNOTATION);
    return local === undefined || local === 'false';
  });
  map.requireDistinct();
};

const writeAnnotations = (resource: Resource, metadata: readonly string[]): void => {
  resource.removeMarks();
  if (metadata.includes('originAnnotations') && resource.origin !== undefined) {
    resource.setAnnotation(ORIGIN_ANNOTATION, originText(resource.origin));
  }
  if (metadata.includes('transformerAnnotations') && resource.transformations.length > 0) {
    resource.setAnnotation(TRANSFORMATIONS_ANNOTATION, transformationsText(resource.transformations));
  }
};
