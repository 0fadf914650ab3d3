import type { Entry, FileTree } from '../file-tree.js';
import type { GitObjects, GitTreeEntry } from './git-objects.js';
import {
  byName,
  DEFAULT_FILE_LIMIT,
  linkLoop,
  MAX_LINKS,
  nameOf,
  notAFile,
  notAFolder,
  notFound,
  outside,
  pathSegments,
  tooLarge,
} from './tree-path.js';
import { FOLDER_MODE, LINK_MODE, SUBMODULE_MODE } from './git-modes.js';

/** A tree in a Git directory. */
export interface GitFolder {
  readonly objects: GitObjects;
  readonly tree: string;
}

export interface GitTreeOptions {
  /** Largest file that is read, in bytes. */
  readonly maxFileBytes?: number;
  /** What is in submodules, by their paths from the root. */
  readonly submodules?: ReadonlyMap<string, GitFolder>;
}

interface Place {
  /** Without links, from the root. */
  readonly path: string;
  readonly mode: string;
  readonly id: string;
  readonly objects: GitObjects;
}

/** A link's target is a path; anything longer is not one. */
const MAX_LINK_BYTES = 4096;

/** A FileTree over a Git tree object. Ids are Git object ids; submodules that are not given are empty folders. */
export class GitTree implements FileTree {
  readonly #maxFileBytes: number;
  readonly #submodules: ReadonlyMap<string, GitFolder>;

  constructor(
    readonly objects: GitObjects,
    readonly tree: string,
    options: GitTreeOptions = {},
  ) {
    this.#maxFileBytes = options.maxFileBytes ?? DEFAULT_FILE_LIMIT;
    this.#submodules = options.submodules ?? new Map();
  }

  async read(path: string): Promise<Uint8Array> {
    const place = this.#resolve(path);
    if (place === undefined) throw notFound(path);
    if (isFolder(place)) throw notAFile(path);
    const size = place.objects.size(place.id);
    if (size > this.#maxFileBytes) throw tooLarge(path, size, this.#maxFileBytes);
    return place.objects.read(place.id, 'blob');
  }

  async list(path: string): Promise<readonly Entry[]> {
    const place = this.#resolve(path);
    if (place === undefined) throw notFound(path);
    if (!isFolder(place)) throw notAFolder(path);
    return place.mode === SUBMODULE_MODE ? [] : place.objects.tree(place.id).map(entryOf).sort(byName);
  }

  async stat(path: string): Promise<Entry | undefined> {
    const place = this.#resolve(path);
    if (place === undefined) return undefined;
    if (isFolder(place)) return { name: nameOf(path), kind: 'folder', id: place.id };
    return { name: nameOf(path), kind: 'file', id: place.id, size: place.objects.size(place.id) };
  }

  async id(path: string): Promise<string | undefined> {
    return this.#resolve(path)?.id;
  }

  async resolve(path: string): Promise<string | undefined> {
    return this.#resolve(path)?.path;
  }

  #resolve(path: string): Place | undefined {
    const pending = pathSegments(path).reverse();
    const walked: Place[] = [{ path: '', mode: FOLDER_MODE, id: this.tree, objects: this.objects }];
    let links = 0;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === '..') {
        walked.pop();
        if (walked.length === 0) throw outside(path);
        continue;
      }
      const found = this.#child(walked.at(-1), name);
      if (found === undefined) return undefined;
      if (found.mode !== LINK_MODE) {
        walked.push(found);
        continue;
      }
      links += 1;
      if (links > MAX_LINKS) throw linkLoop(path);
      pending.push(...linkSegments(found, path).reverse());
    }
    return walked.at(-1);
  }

  #child(folder: Place | undefined, name: string): Place | undefined {
    if (folder === undefined || folder.mode !== FOLDER_MODE) return undefined;
    const { objects } = folder;
    const entry = objects.tree(folder.id).find((candidate) => candidate.name === name);
    if (entry === undefined) return undefined;
    const path = folder.path === '' ? name : `${folder.path}/${name}`;
    const submodule = entry.mode === SUBMODULE_MODE ? this.#submodules.get(path) : undefined;
    if (submodule !== undefined) return { path, mode: FOLDER_MODE, id: submodule.tree, objects: submodule.objects };
    return { path, mode: entry.mode, id: entry.id, objects };
  }
}

const linkSegments = ({ id, objects }: Place, path: string): string[] => {
  if (objects.size(id) > MAX_LINK_BYTES) throw notFound(path);
  const target = objects.read(id, 'blob').toString('utf8');
  if (target.startsWith('/')) throw outside(path);
  return target.split('/').filter((segment) => segment !== '' && segment !== '.');
};

const isFolder = (place: Pick<Place, 'mode'>): boolean => place.mode === FOLDER_MODE || place.mode === SUBMODULE_MODE;

const entryOf = (entry: GitTreeEntry): Entry => ({
  name: entry.name,
  kind: entry.mode === LINK_MODE ? 'link' : isFolder(entry) ? 'folder' : 'file',
  id: entry.id,
});
