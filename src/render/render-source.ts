import type { SourceType } from './detect-source-type.js';
import { detectSourceType } from './detect-source-type.js';
import type { FileTree } from './file-tree.js';
import { FileTreeError } from './file-tree.js';
import { normalizePath } from './files/tree-path.js';
import { OutsideError } from './outside.js';
import type { Render, SourceOptions } from './render.js';
import { RenderError } from './render.js';
import { withSourceOverrides } from './source-overrides.js';

const RENDERERS: Readonly<Record<SourceType, () => Promise<Render>>> = {
  helm: async () => (await import('./helm/render-helm.js')).renderHelm,
  kustomize: async () => (await import('./kustomize/render-kustomize.js')).renderKustomize,
  directory: async () => (await import('./directory/render-directory.js')).renderDirectory,
};

/**
 * Renders a source, whatever it is: a chart, an overlay or plain manifests. Everything wrong with the files is a
 * RenderError. The renderers are imported when the first source needs them.
 */
export const renderSource: Render = async (tree, options, signal, outside) => {
  try {
    await requireFolder(tree, options);
    const merged = await withSourceOverrides(tree, options);
    const type = await detectSourceType(tree, merged);
    return await (await RENDERERS[type]())(tree, merged, signal, outside);
  } catch (error) {
    if (error instanceof OutsideError) throw new RenderError([{ file: options.path || '.', message: error.message }]);
    if (error instanceof FileTreeError) throw new RenderError([{ file: error.path, message: error.message }]);
    throw error;
  }
};

const requireFolder = async (tree: FileTree, options: SourceOptions): Promise<void> => {
  const path = normalizePath(options.path);
  if (path === '' || (await tree.stat(path))?.kind === 'folder') return;
  throw new RenderError([{ file: path, message: `the source's path ${path} is not a folder of the repository` }]);
};
