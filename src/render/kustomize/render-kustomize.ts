import type { KubeObject } from '../../objects/object.js';
import type { FileTree } from '../file-tree.js';
import { normalizePath } from '../files/tree-path.js';
import type { Manifest, Render, SourceOptions } from '../render.js';
import { buildOverlay } from './build/build-overlay.js';
import type { BuildOptions } from './build/build-overlay.js';
import { KustomizeError, toRenderError } from './errors.js';
import { toData } from './nodes/write-nodes.js';
import { overlayFor } from './source-overlay.js';

/** Makes a renderer of kustomizations: as they are in the tree, with the source's options as one more layer. */
export const createKustomizeRenderer =
  (build: BuildOptions = {}): Render =>
  async (tree, options, signal) => {
    const { tree: overlaid, path } = await overlayFor(tree, options);
    try {
      const built = await buildOverlay(overlaid, path, build, signal);
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

/** Builds the kustomization of a source. Remote bases and charts are refused. */
export const renderKustomize: Render = async (tree: FileTree, options: SourceOptions, signal: AbortSignal) =>
  await createKustomizeRenderer()(tree, options, signal);

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
