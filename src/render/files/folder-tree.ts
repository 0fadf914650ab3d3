import { createHash } from 'node:crypto';
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry, FileTree } from '../file-tree.js';
import { FileTreeError } from '../file-tree.js';
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

export interface FolderTreeOptions {
  /** Largest file that is read, in bytes. */
  readonly maxFileBytes?: number;
}

/** A FileTree over a folder on disk. Links are followed while they stay inside the folder. */
export class FolderTree implements FileTree {
  readonly #maxFileBytes: number;
  #realRoot: Promise<string> | undefined;

  constructor(
    readonly root: string,
    options: FolderTreeOptions = {},
  ) {
    this.#maxFileBytes = options.maxFileBytes ?? DEFAULT_FILE_LIMIT;
  }

  async read(path: string): Promise<Uint8Array> {
    const place = await this.#resolve(path);
    if (place === undefined) throw notFound(path);
    const found = await stat(place.absolute);
    if (!found.isFile()) throw notAFile(path);
    if (found.size > this.#maxFileBytes) throw tooLarge(path, found.size, this.#maxFileBytes);
    return await readFile(place.absolute);
  }

  async list(path: string): Promise<readonly Entry[]> {
    const place = await this.#resolve(path);
    if (place === undefined) throw notFound(path);
    if (!(await stat(place.absolute)).isDirectory()) throw notAFolder(path);
    const entries: Entry[] = [];
    for (const found of await readdir(place.absolute, { withFileTypes: true })) {
      if (found.isSymbolicLink()) entries.push({ name: found.name, kind: 'link' });
      else if (found.isDirectory()) entries.push({ name: found.name, kind: 'folder' });
      else if (found.isFile()) entries.push({ name: found.name, kind: 'file' });
    }
    return entries.sort(byName);
  }

  async stat(path: string): Promise<Entry | undefined> {
    const place = await this.#resolve(path);
    if (place === undefined) return undefined;
    const found = await stat(place.absolute);
    const name = nameOf(path);
    if (found.isDirectory()) return { name, kind: 'folder' };
    return found.isFile() ? { name, kind: 'file', size: found.size } : undefined;
  }

  /** A file's Git blob id; a folder on disk has none. */
  async id(path: string): Promise<string | undefined> {
    if ((await this.stat(path))?.kind !== 'file') return undefined;
    const content = await this.read(path);
    return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
  }

  async resolve(path: string): Promise<string | undefined> {
    return (await this.#resolve(path))?.path;
  }

  /**
   * Where a path ends after its links, or undefined when there is nothing. Walks the segments itself instead of
   * asking for the real path and comparing, so that a link out of the root is refused even when it leads back in.
   */
  async #resolve(path: string): Promise<{ absolute: string; path: string } | undefined> {
    const root = await this.#root();
    const pending = pathSegments(path).reverse();
    const walked: string[] = [];
    let links = 0;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === '..') {
        if (walked.pop() === undefined) throw outside(path);
        continue;
      }
      const absolute = join(root, ...walked, name);
      const found = statOf(absolute);
      if (found === undefined) return undefined;
      if (!found.isSymbolicLink()) {
        walked.push(name);
        continue;
      }
      links += 1;
      if (links > MAX_LINKS) throw linkLoop(path);
      const target = readlinkSync(absolute);
      const segments = this.#linkSegments(root, target, path, walked);
      pending.push(...segments.reverse());
    }
    return { absolute: join(root, ...walked), path: walked.join('/') };
  }

  #linkSegments(root: string, target: string, path: string, walked: string[]): string[] {
    if (!target.startsWith('/')) return target.split('/').filter((segment) => segment !== '' && segment !== '.');
    const inside = root === '/' ? root : `${root}/`;
    if (target !== root && !target.startsWith(inside)) throw outside(path);
    walked.length = 0;
    return target
      .slice(root.length)
      .split('/')
      .filter((segment) => segment !== '' && segment !== '.');
  }

  async #root(): Promise<string> {
    this.#realRoot ??= realpath(this.root).catch((error: unknown) => {
      this.#realRoot = undefined;
      throw error instanceof Error && 'code' in error && error.code === 'ENOENT'
        ? new FileTreeError('not-found', '', `the folder ${this.root} does not exist`)
        : error;
    });
    return await this.#realRoot;
  }
}

/**
 * What is at a path; undefined for nothing, and for a file where a folder would have to be. Synchronous: a walk asks
 * for every segment of every path, and a turn of the event loop costs many times what the answer does.
 */
const statOf = (path: string): Stats | undefined => {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    throw error;
  }
};
