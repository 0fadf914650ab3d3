import { nodeZlib } from '../builtin-modules.js';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { FileTreeError } from '../file-tree.js';
import type { GitObject, GitObjectType } from './git-pack.js';
import { GitPack } from './git-pack.js';

/** A name in a Git tree object. `mode` is octal text: `100644`, `40000`, `120000`, `160000`. */
export interface GitTreeEntry {
  readonly name: string;
  readonly mode: string;
  readonly id: string;
}

export interface GitObjectsOptions {
  /** Bytes of decoded objects that are kept for the next render. */
  readonly cacheBytes?: number;
}

/**
 * Reads objects by id from a Git directory: loose objects, packs and alternates. It answers the size of an object
 * before it reads it and reads only the pieces of a pack that it needs, which libraries that load whole packs cannot.
 * Reads are synchronous: a render runs in a worker thread, and the pieces are small.
 */
export class GitObjects {
  readonly #cacheBytes: number;
  readonly #cache = new Map<string, { object: GitObject; entries?: readonly GitTreeEntry[] }>();
  #cached = 0;
  #packs: GitPack[] | undefined;
  #folders: string[] | undefined;

  constructor(
    readonly gitdir: string,
    options: GitObjectsOptions = {},
  ) {
    this.#cacheBytes = options.cacheBytes ?? 64 * 1024 * 1024;
  }

  close(): void {
    for (const pack of this.#packs ?? []) pack.close();
    this.#packs = undefined;
    this.#cache.clear();
    this.#cached = 0;
  }

  /** Size of an object's content in bytes, without reading it. */
  size(id: string): number {
    const cached = this.#cache.get(id);
    if (cached !== undefined) return cached.object.content.length;
    const packed = this.#inPacks(id);
    if (packed !== undefined) return packed.pack.sizeAt(packed.offset);
    const loose = this.#loosePath(id);
    if (loose === undefined) throw missing(this.gitdir, id);
    return looseHeader(loose).size;
  }

  read(id: string, type: GitObjectType): Buffer {
    const object = this.#read(id);
    if (object.type !== type) throw new Error(`${this.gitdir}: object ${id} is a ${object.type}, not a ${type}`);
    return object.content;
  }

  /** An object of any type; undefined when it is not there. */
  object(id: string): GitObject | undefined {
    return this.#inPacks(id) === undefined && this.#loosePath(id) === undefined ? undefined : this.#read(id);
  }

  /** The names in a tree object, in Git's order. */
  tree(id: string): readonly GitTreeEntry[] {
    const content = this.read(id, 'tree');
    const cached = this.#cache.get(id);
    if (cached?.entries !== undefined) return cached.entries;
    const entries = parseTree(content, id.length / 2);
    if (cached !== undefined) cached.entries = entries;
    return entries;
  }

  #read(id: string): GitObject {
    const cached = this.#cache.get(id);
    if (cached !== undefined) {
      this.#cache.delete(id);
      this.#cache.set(id, cached);
      return cached.object;
    }
    const object = this.#readUncached(id);
    this.#keep(id, object);
    return object;
  }

  #readUncached(id: string): GitObject {
    const packed = this.#inPacks(id);
    if (packed !== undefined) return packed.pack.readAt(packed.offset, (base) => this.#read(base));
    const loose = this.#loosePath(id);
    if (loose !== undefined) return readLoose(loose);
    throw missing(this.gitdir, id);
  }

  #keep(id: string, object: GitObject): void {
    if (object.content.length > this.#cacheBytes / 8) return;
    this.#cache.set(id, { object });
    this.#cached += object.content.length;
    for (const [oldest, { object: old }] of this.#cache) {
      if (this.#cached <= this.#cacheBytes) break;
      this.#cache.delete(oldest);
      this.#cached -= old.content.length;
    }
  }

  /** A fetch adds packs and a repack replaces them: a miss looks at the folder again before it is believed. */
  #inPacks(id: string): { pack: GitPack; offset: number } | undefined {
    const found = this.#inKnownPacks(id);
    if (found !== undefined || this.#loosePath(id) !== undefined) return found;
    return this.#scanPacks() ? this.#inKnownPacks(id) : undefined;
  }

  #inKnownPacks(id: string): { pack: GitPack; offset: number } | undefined {
    if (this.#packs === undefined) this.#scanPacks();
    for (const pack of this.#packs ?? []) {
      const offset = pack.offsetOf(id);
      if (offset !== undefined && id.length === this.#idLength()) return { pack, offset };
    }
    return undefined;
  }

  #scanPacks(): boolean {
    const known = new Map((this.#packs ?? []).map((pack) => [pack.path, pack]));
    const paths = this.#objectFolders().flatMap((folder) => packsIn(join(folder, 'pack')));
    const changed = this.#packs === undefined || paths.some((path) => !known.has(path));
    this.#packs = paths.map((path) => known.get(path) ?? new GitPack(path, this.#idLength() / 2));
    for (const [path, pack] of known) if (!paths.includes(path)) pack.close();
    return changed;
  }

  #idLengthKnown: number | undefined;

  /** 40 hexadecimal digits, or 64 in a repository of the sha256 object format. */
  #idLength(): number {
    if (this.#idLengthKnown === undefined) {
      const config = join(this.gitdir, 'config');
      const text = existsSync(config) ? readFileSync(config, 'utf8') : '';
      this.#idLengthKnown = /^\s*objectformat\s*=\s*sha256\s*$/im.test(text) ? 64 : 40;
    }
    return this.#idLengthKnown;
  }

  #loosePath(id: string): string | undefined {
    return this.#objectFolders()
      .map((folder) => join(folder, id.slice(0, 2), id.slice(2)))
      .find((path) => existsSync(path));
  }

  #objectFolders(): string[] {
    this.#folders ??= withAlternates(join(this.gitdir, 'objects'), 0);
    return this.#folders;
  }
}

const packsIn = (folder: string): string[] => {
  if (!existsSync(folder)) return [];
  const names = new Set(readdirSync(folder));
  return [...names]
    .filter((name) => name.endsWith('.pack') && names.has(name.replace(/\.pack$/, '.idx')))
    .sort()
    .map((name) => join(folder, name));
};

const withAlternates = (objects: string, depth: number): string[] => {
  const file = join(objects, 'info', 'alternates');
  if (depth > 5 || !existsSync(file)) return [objects];
  const lines = readFileSync(file, 'utf8').split('\n');
  const others = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return [objects].concat(
    others.flatMap((line) => withAlternates(isAbsolute(line) ? line : join(objects, line), depth + 1)),
  );
};

const LOOSE_HEADER = /^(commit|tree|blob|tag) (\d+)\0/;

const looseHeader = (path: string): { type: GitObjectType; size: number; length: number } => {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(512);
    const read = readSync(file, start, 0, start.length, 0);
    return parseLooseHeader(nodeZlib().inflateSync(start.subarray(0, read), { finishFlush: 2 }), path);
  } finally {
    closeSync(file);
  }
};

const parseLooseHeader = (bytes: Buffer, path: string): { type: GitObjectType; size: number; length: number } => {
  const header = LOOSE_HEADER.exec(bytes.toString('latin1', 0, 64));
  if (header === null) throw new Error(`${path} is not a Git object`);
  return { type: header[1] as GitObjectType, size: Number(header[2]), length: header[0].length };
};

const readLoose = (path: string): GitObject => {
  const bytes = nodeZlib().inflateSync(readFileSync(path));
  const { type, length } = parseLooseHeader(bytes, path);
  return { type, content: bytes.subarray(length) };
};

/** `mode name NUL id` again and again. */
const parseTree = (content: Buffer, hashBytes: number): GitTreeEntry[] => {
  const entries: GitTreeEntry[] = [];
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const end = content.indexOf(0, space);
    if (space < 0 || end < 0) throw new Error('a Git tree object is cut off');
    const id = content.toString('hex', end + 1, end + 1 + hashBytes);
    entries.push({ mode: content.toString('latin1', at, space), name: content.toString('utf8', space + 1, end), id });
    at = end + 1 + hashBytes;
  }
  return entries;
};

const missing = (gitdir: string, id: string): FileTreeError =>
  new FileTreeError('not-found', id, `the Git directory ${gitdir} has no object ${id}`);
