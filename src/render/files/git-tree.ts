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

export interface GitTreeOptions {
  /** Largest file that is read, in bytes. */
  readonly maxFileBytes?: number;
}

interface Place {
  /** Without links, from the root. */
  readonly path: string;
  readonly mode: string;
  readonly id: string;
}

/** A link's target is a path; anything longer is not one. */
const MAX_LINK_BYTES = 4096;
const FOLDER = '40000';
const LINK = '120000';
const SUBMODULE = '160000';

/** A FileTree over a Git tree object. Ids are Git object ids; submodules are empty folders. */
export class GitTree implements FileTree {
  readonly #maxFileBytes: number;

  constructor(
    readonly objects: GitObjects,
    readonly tree: string,
    options: GitTreeOptions = {},
  ) {
    this.#maxFileBytes = options.maxFileBytes ?? DEFAULT_FILE_LIMIT;
  }

  async read(path: string): Promise<Uint8Array> {
    const place = this.#resolve(path);
    if (place === undefined) throw notFound(path);
    if (isFolder(place)) throw notAFile(path);
    const size = this.objects.size(place.id);
    if (size > this.#maxFileBytes) throw tooLarge(path, size, this.#maxFileBytes);
    return this.objects.read(place.id, 'blob');
  }

  async list(path: string): Promise<readonly Entry[]> {
    const place = this.#resolve(path);
    if (place === undefined) throw notFound(path);
    if (!isFolder(place)) throw notAFolder(path);
    return place.mode === SUBMODULE ? [] : this.objects.tree(place.id).map(entryOf).sort(byName);
  }

  async stat(path: string): Promise<Entry | undefined> {
    const place = this.#resolve(path);
    if (place === undefined) return undefined;
    if (isFolder(place)) return { name: nameOf(path), kind: 'folder', id: place.id };
    return { name: nameOf(path), kind: 'file', id: place.id, size: this.objects.size(place.id) };
  }

  async id(path: string): Promise<string | undefined> {
    return this.#resolve(path)?.id;
  }

  async resolve(path: string): Promise<string | undefined> {
    return this.#resolve(path)?.path;
  }

  #resolve(path: string): Place | undefined {
    const pending = pathSegments(path).reverse();
    const walked: Place[] = [{ path: '', mode: FOLDER, id: this.tree }];
    let links = 0;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === '..') {
        walked.pop();
        if (walked.length === 0) throw outside(path);
        continue;
      }
      const found = this.#child(walked.at(-1), name);
      if (found === undefined) return undefined;
      if (found.mode !== LINK) {
        const folder = walked.at(-1)?.path ?? '';
        walked.push({ path: folder === '' ? name : `${folder}/${name}`, mode: found.mode, id: found.id });
        continue;
      }
      links += 1;
      if (links > MAX_LINKS) throw linkLoop(path);
      pending.push(...this.#linkSegments(found.id, path).reverse());
    }
    return walked.at(-1);
  }

  #child(folder: Place | undefined, name: string): GitTreeEntry | undefined {
    if (folder === undefined || folder.mode !== FOLDER) return undefined;
    return this.objects.tree(folder.id).find((entry) => entry.name === name);
  }

  #linkSegments(id: string, path: string): string[] {
    if (this.objects.size(id) > MAX_LINK_BYTES) throw notFound(path);
    const target = this.objects.read(id, 'blob').toString('utf8');
    if (target.startsWith('/')) throw outside(path);
    return target.split('/').filter((segment) => segment !== '' && segment !== '.');
  }
}

const isFolder = (place: Pick<Place, 'mode'>): boolean => place.mode === FOLDER || place.mode === SUBMODULE;

const entryOf = (entry: GitTreeEntry): Entry => ({
  name: entry.name,
  kind: entry.mode === LINK ? 'link' : isFolder(entry) ? 'folder' : 'file',
  id: entry.id,
});
