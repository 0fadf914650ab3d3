import type { FileTree } from '../../file-tree.js';
import type { HelmSourceOptions } from '../../render.js';
import { ChartError } from '../chart/chart-error.js';
import { compilePathGlob } from '../chart/path-glob.js';
import { cleanPath } from '../functions/paths.js';

const MAX_MATCHES = 1000;

/** The values files of a source, as paths in the tree: globs unfolded, missing files left out or refused. */
export const findValuesFiles = async (
  tree: FileTree,
  folder: string,
  { valueFiles = [], ignoreMissingValueFiles = false }: HelmSourceOptions,
): Promise<string[]> => {
  const found: string[] = [];
  for (const name of valueFiles) {
    const path = treePath(folder, name);
    const matches = /[*?[]/.test(path) ? await matching(tree, path) : [path];
    for (const match of matches) {
      if ((await tree.stat(match))?.kind === 'file') found.push(match);
      else if (!ignoreMissingValueFiles) throw new ChartError(`values file ${name} is not in the source`);
    }
    if (matches.length === 0 && !ignoreMissingValueFiles) {
      throw new ChartError(`no values file matches ${name}`);
    }
  }
  return found;
};

/** Relative to the chart, or with a leading slash to the root of the repository. */
const treePath = (folder: string, name: string): string => {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) throw new ChartError(`values file ${name}: addresses are not fetched`);
  const path = cleanPath(name.startsWith('/') ? name.slice(1) : `${folder}/${name}`).replace(/^\//, '');
  if (path === '..' || path.startsWith('../')) throw new ChartError(`values file ${name} is outside the repository`);
  return path;
};

const matching = async (tree: FileTree, pattern: string): Promise<string[]> => {
  const isMatch = compilePathGlob(pattern);
  if (isMatch === undefined) throw new ChartError(`values file pattern ${pattern} is malformed`);
  const fixed = pattern.slice(0, pattern.search(/[*?[{]/));
  const start = fixed.slice(0, Math.max(fixed.lastIndexOf('/'), 0));
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const { name, kind } of await tree.list(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (kind === 'folder') await walk(path);
      else if (isMatch(path)) found.push(path);
      if (found.length > MAX_MATCHES) throw new ChartError(`more than ${MAX_MATCHES} values files match ${pattern}`);
    }
  };
  if ((await tree.stat(start))?.kind === 'folder') await walk(start);
  return found;
};
