import type { GitTree } from '../../render/files/git-tree.js';
import { FOLDER_MODE, LINK_MODE } from '../../render/files/git-modes.js';

/** Whether one of the paths goes through a symbolic link, so that the path alone does not say where its content is. */
export const passesLink = ({ objects, tree }: GitTree, paths: readonly string[]): boolean => {
  const folders = new Map<string, string | undefined>([['', tree]]);
  const isLinked = (path: string): boolean => {
    const slash = path.lastIndexOf('/');
    const parent = path.slice(0, Math.max(0, slash));
    if (parent !== '' && !folders.has(parent) && isLinked(parent)) return true;
    const folder = folders.get(parent);
    const name = path.slice(slash + 1);
    const entry =
      folder === undefined || path === '' ? undefined : objects.tree(folder).find((one) => one.name === name);
    if (path !== '') folders.set(path, entry?.mode === FOLDER_MODE ? entry.id : undefined);
    return entry?.mode === LINK_MODE;
  };
  // What is not written in the plain form may mean another place.
  return paths.some((path) => path.split('/').some((step) => step === '..' || step === '.') || isLinked(path));
};
