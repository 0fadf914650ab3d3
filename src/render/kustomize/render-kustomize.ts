import type { KubeObject } from '../../objects/object.js';
import { normalizePath } from '../files/tree-path.js';
import type { Outside } from '../outside.js';
import type { Manifest, Render, SourceOptions } from '../render.js';
import { buildOverlay } from './build/build-overlay.js';
import type { BuildOptions } from './build/build-overlay.js';
import { KustomizeError, toRenderError } from './errors.js';
import type { InflateChart } from './build/build-context.js';
import type { InflateOptions } from './generate/inflate-chart.js';
import { toData } from './nodes/write-nodes.js';
import { overlayFor } from './source-overlay.js';

/** Builds the kustomization of a source: as it is in the tree, with the source's options as one more layer. */
export const renderKustomize: Render = async (tree, options, signal, outside) => {
  const { tree: overlaid, path } = await overlayFor(tree, options, outside);
  try {
    const built = await buildOverlay(overlaid, path, await buildOptionsOf(options, outside), signal);
    const manifests = built.resources.map(
      ({ node, file, line }): Manifest => ({
        object: jsonObject(toData(node)) as KubeObject,
        file: file === '' ? kustomizationOf(options) : file,
        line,
      }),
    );
    return { manifests, warnings: built.warnings };
  } catch (error) {
    throw error instanceof KustomizeError ? toRenderError(error, kustomizationOf(options)) : error;
  }
};

const buildOptionsOf = async (options: SourceOptions, outside: Outside | undefined): Promise<BuildOptions> => {
  const { enableHelm, loadRestrictor, reorder } = options.kustomizeBuild ?? {};
  const { folder, file, chart } = outside ?? {};
  const kubeVersion = options.kustomize?.kubeVersion ?? options.kubeVersion;
  const apiVersions = options.kustomize?.apiVersions ?? options.apiVersions;
  return {
    ...(loadRestrictor === undefined ? {} : { loadRestrictor }),
    ...(reorder === undefined ? {} : { reorder }),
    ...(folder === undefined ? {} : { fetchRemote: folder }),
    ...(file === undefined ? {} : { fetchFile: file }),
    ...(enableHelm === true
      ? { inflateChart: await inflator({ kubeVersion, apiVersions, ...(chart === undefined ? {} : { pull: chart }) }) }
      : {}),
  };
};

/** The renderer of charts is large: it is loaded when a kustomization may have some. */
const inflator = async (options: InflateOptions): Promise<InflateChart> =>
  (await import('./generate/inflate-chart.js')).createChartInflator(options);

const kustomizationOf = (options: SourceOptions): string => normalizePath(options.path) || '.';

/** JSON has no integers beyond a number's precision. */
const jsonObject = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(jsonObject);
  if (typeof value !== 'object' || value === null) return value;
  for (const [name, field] of Object.entries(value)) {
    if (typeof field === 'bigint' || (typeof field === 'object' && field !== null)) {
      Object.defineProperty(value, name, {
        value: jsonObject(field),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
  }
  return value;
};
