import { FileTreeError } from '../file-tree.js';

/** Links that are followed for one path before it counts as a loop; Linux stops at 40 too. */
export const MAX_LINKS = 40;

/**
 * The segments of a path with `.` and `..` resolved. A path that leaves the root is an error, never clamped: a
 * manifest that names `../../etc` is wrong, and quietly reading something else would hide it.
 */
export const pathSegments = (path: string): string[] => {
  if (path.startsWith('/')) throw outside(path);
  if (path.includes('\0')) throw outside(path);
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) throw outside(path);
  }
  return segments;
};

/** `a/./b/../c` as `a/c`; the root is the empty string. Throws `outside`. */
export const normalizePath = (path: string): string => pathSegments(path).join('/');

/** A path relative to a folder of the tree, as one path from the root. Throws `outside`. */
export const joinPath = (folder: string, path: string): string =>
  path.startsWith('/') ? normalizePath(path) : normalizePath(`${folder}/${path}`.replace(/^\/+/, ''));

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const outside = (path: string): FileTreeError =>
  new FileTreeError('outside', path, `${path} is outside the repository`);

export const notFound = (path: string): FileTreeError => new FileTreeError('not-found', path, `${path} does not exist`);

export const notAFile = (path: string): FileTreeError =>
  new FileTreeError('not-a-file', path, `${path} is a folder, not a file`);

export const notAFolder = (path: string): FileTreeError =>
  new FileTreeError('not-a-folder', path, `${path} is a file, not a folder`);

export const linkLoop = (path: string): FileTreeError =>
  new FileTreeError('link-loop', path, `${path} has more than ${MAX_LINKS} symbolic links, or they form a loop`);

export const tooLarge = (path: string, size: number, limit: number): FileTreeError =>
  new FileTreeError('too-large', path, `${path} has ${size} bytes; the limit for one file is ${limit}`);

/** A file larger than this is refused unless a tree is made with another limit. */
export const DEFAULT_FILE_LIMIT = 64 * 1024 * 1024;

/** Names in the order in which every tree lists them: by code unit, the same on every machine. */
export const byName = (left: { readonly name: string }, right: { readonly name: string }): number =>
  left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
