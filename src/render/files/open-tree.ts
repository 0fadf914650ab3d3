import type { FileTree } from '../file-tree.js';
import { FolderTree } from './folder-tree.js';
import { GitObjects } from './git-objects.js';
import { GitTree } from './git-tree.js';

/** Where files are: plain data that crosses to a worker thread. */
export type TreeRef = GitTreeRef | { readonly kind: 'folder'; readonly path: string };

export interface GitTreeRef {
  readonly kind: 'git';
  readonly gitdir: string;
  readonly tree: string;
  /** What is in submodules, those of submodules too; the others are empty folders. */
  readonly submodules?: readonly SubmoduleRef[];
}

export interface SubmoduleRef {
  /** From the root of the tree. */
  readonly path: string;
  readonly gitdir: string;
  readonly tree: string;
}

/** Git directories that stay open; each holds its pack indexes in memory. */
const MAX_OPEN = 64;

/** Opens trees and keeps the object databases behind them open, so that the next tree costs only what it touches. */
export class OpenTrees {
  readonly #objects = new Map<string, GitObjects>();

  open(ref: TreeRef): FileTree {
    if (ref.kind === 'folder') return new FolderTree(ref.path);
    const submodules = new Map(
      ref.submodules?.map(({ path, gitdir, tree }) => [path, { objects: this.#database(gitdir), tree }]),
    );
    return new GitTree(this.#database(ref.gitdir), ref.tree, { submodules });
  }

  close(): void {
    for (const objects of this.#objects.values()) objects.close();
    this.#objects.clear();
  }

  #database(gitdir: string): GitObjects {
    const known = this.#objects.get(gitdir);
    const objects = known ?? new GitObjects(gitdir);
    this.#objects.delete(gitdir);
    this.#objects.set(gitdir, objects);
    const [oldest] = this.#objects;
    if (oldest !== undefined && this.#objects.size > MAX_OPEN) {
      oldest[1].close();
      this.#objects.delete(oldest[0]);
    }
    return objects;
  }
}
