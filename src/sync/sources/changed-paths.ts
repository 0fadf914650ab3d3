import type { GitObjects, GitTreeEntry } from '../../render/files/git-objects.js';
import { FOLDER_MODE } from '../../render/files/git-modes.js';

/** Every path that differs between two commits: files, and all folders above them. */
export interface ChangedPaths {
  has(path: string): boolean;
  readonly size: number;
}

/** A push that changes more than this is answered as if everything had changed. */
const LIMIT = 20_000;
const EVERYTHING: ChangedPaths = { has: () => true, size: Number.POSITIVE_INFINITY };

/** The tree of a commit. */
export const treeOf = (objects: GitObjects, commit: string): string => {
  const text = objects.read(commit, 'commit').toString('latin1');
  const tree = /^tree ([0-9a-f]+)/.exec(text)?.[1];
  if (tree === undefined) throw new Error(`${commit} is not a commit with a tree`);
  return tree;
};

/** Compares two commits by walking only the folders whose ids differ: the cost is that of the change. */
export const changedPaths = (objects: GitObjects, from: string, to: string): ChangedPaths => {
  const changed = new Set<string>();
  const entriesOf = (entry: GitTreeEntry | undefined): ReadonlyMap<string, GitTreeEntry> =>
    new Map(entry?.mode === FOLDER_MODE ? objects.tree(entry.id).map((child) => [child.name, child]) : []);
  const walk = (path: string, before: GitTreeEntry | undefined, after: GitTreeEntry | undefined): void => {
    if (before?.id === after?.id && before?.mode === after?.mode) return;
    changed.add(path);
    if (changed.size > LIMIT) return;
    const old = entriesOf(before);
    const now = entriesOf(after);
    for (const name of new Set([...old.keys(), ...now.keys()])) {
      walk(path === '' ? name : `${path}/${name}`, old.get(name), now.get(name));
    }
  };
  const root = (commit: string): GitTreeEntry => ({ name: '', mode: FOLDER_MODE, id: treeOf(objects, commit) });
  walk('', root(from), root(to));
  return changed.size > LIMIT ? EVERYTHING : changed;
};
