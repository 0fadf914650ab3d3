import { nodeCrypto } from '../builtin-modules.js';
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import type { Entry, FileTree } from '../file-tree.js';
import { FileTreeError } from '../file-tree.js';
import { KeptFiles } from './kept-files.js';
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

interface Place {
  readonly absolute: string;
  readonly path: string;
  readonly stats: Stats;
}

/** Shared by all trees of the process: they are opened anew for each render. */
const keptFiles = new KeptFiles(32 * 1024 * 1024);

/**
 * A FileTree over a folder on disk. Its reads are synchronous underneath: a render asks for hundreds of small files,
 * and a turn of the event loop costs many times what the answer does. Links are followed while they stay inside the folder. */
export class FolderTree implements FileTree {
  readonly #maxFileBytes: number;
  #realRoot: Promise<string> | undefined;
  /** Folders, no links, that were seen in this turn of the event loop: the next files in them do not ask again. */
  readonly #seenFolders = new Set<string>();

  constructor(
    readonly root: string,
    options: FolderTreeOptions = {},
  ) {
    this.#maxFileBytes = options.maxFileBytes ?? DEFAULT_FILE_LIMIT;
  }

  async read(path: string): Promise<Uint8Array> {
    const place = await this.#resolve(path);
    if (place === undefined) throw notFound(path);
    const { absolute, stats } = place;
    if (!stats.isFile()) throw notAFile(path);
    if (stats.size > this.#maxFileBytes) throw tooLarge(path, stats.size, this.#maxFileBytes);
    const known = keptFiles.find(absolute, stats);
    if (known !== undefined) return known;
    const data = readFileSync(absolute);
    keptFiles.keep(absolute, stats, data);
    return data;
  }

  async list(path: string): Promise<readonly Entry[]> {
    const place = await this.#resolve(path);
    if (place === undefined) throw notFound(path);
    if (!place.stats.isDirectory()) throw notAFolder(path);
    const entries: Entry[] = [];
    for (const found of readdirSync(place.absolute, { withFileTypes: true })) {
      if (found.isSymbolicLink()) entries.push({ name: found.name, kind: 'link' });
      else if (found.isDirectory()) entries.push({ name: found.name, kind: 'folder' });
      else if (found.isFile()) entries.push({ name: found.name, kind: 'file' });
    }
    return entries.sort(byName);
  }

  async stat(path: string): Promise<Entry | undefined> {
    const stats = (await this.#resolve(path))?.stats;
    if (stats === undefined) return undefined;
    const name = nameOf(path);
    if (stats.isDirectory()) return { name, kind: 'folder' };
    return stats.isFile() ? { name, kind: 'file', size: stats.size } : undefined;
  }

  /** A file's Git blob id; a folder on disk has none. */
  async id(path: string): Promise<string | undefined> {
    if ((await this.stat(path))?.kind !== 'file') return undefined;
    const content = await this.read(path);
    return nodeCrypto().createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
  }

  async resolve(path: string): Promise<string | undefined> {
    return (await this.#resolve(path))?.path;
  }

  /**
   * Where a path ends after its links, or undefined when there is nothing. Walks the segments itself instead of
   * asking for the real path and comparing, so that a link out of the root is refused even when it leads back in.
   */
  async #resolve(path: string): Promise<Place | undefined> {
    const root = await this.#root();
    return this.#inSeenFolder(root, path) ?? this.#walk(root, path);
  }

  /** A name in a folder that was seen: its path has nothing to resolve. */
  #inSeenFolder(root: string, path: string): Place | undefined {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    if (slash <= 0 || name === '' || name === '.' || name === '..' || name.includes('\0')) return undefined;
    const absolute = `${root === '/' ? '' : root}/${path}`;
    if (!this.#seenFolders.has(absolute.slice(0, -name.length - 1))) return undefined;
    const stats = statOf(absolute);
    if (stats === undefined || stats.isSymbolicLink()) return undefined;
    if (stats.isDirectory()) this.#remember(absolute);
    return { absolute, path, stats };
  }

  #walk(root: string, path: string): Place | undefined {
    const pending = pathSegments(path).reverse();
    const walked: string[] = [];
    let links = 0;
    let stats: Stats | undefined;
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (name === '..') {
        if (walked.pop() === undefined) throw outside(path);
        stats = undefined;
        continue;
      }
      const absolute = absolutePath(root, [...walked, name]);
      if (pending.length > 0 && this.#seenFolders.has(absolute)) {
        walked.push(name);
        stats = undefined;
        continue;
      }
      const found = statOf(absolute);
      if (found === undefined) return undefined;
      if (!found.isSymbolicLink()) {
        if (found.isDirectory()) this.#remember(absolute);
        walked.push(name);
        stats = found;
        continue;
      }
      links += 1;
      if (links > MAX_LINKS) throw linkLoop(path);
      const target = readlinkSync(absolute);
      const segments = this.#linkSegments(root, target, path, walked);
      pending.push(...segments.reverse());
      stats = undefined;
    }
    const absolute = absolutePath(root, walked);
    // Where the walk ended by going up, what is there was not looked at last.
    return { absolute, path: walked.join('/'), stats: stats ?? statSync(absolute) };
  }

  #remember(folder: string): void {
    if (this.#seenFolders.size === 0) setImmediate(() => this.#seenFolders.clear());
    this.#seenFolders.add(folder);
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

const absolutePath = (root: string, segments: readonly string[]): string =>
  segments.length === 0 ? root : `${root === '/' ? '' : root}/${segments.join('/')}`;

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
