import type { FileTree } from '../file-tree.js';
import type { SourceOptions } from '../render.js';

export interface OverlaidTree {
  readonly tree: FileTree;
  readonly path: string;
}

/** The tree and folder to build for a source: those of the source itself, or an overlay in memory above it. */
export const overlayFor = async (tree: FileTree, options: SourceOptions): Promise<OverlaidTree> =>
  await Promise.resolve({ tree, path: options.path });
