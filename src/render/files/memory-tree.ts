import { nodeCrypto } from '../builtin-modules.js';
import type { Entry, FileTree } from '../file-tree.js';
import { byName, nameOf, normalizePath, notAFile, notAFolder, notFound } from './tree-path.js';

/** A FileTree of files held in memory: an overlay over a path, a chart's archive, a test's files. */
export class MemoryTree implements FileTree {
  readonly #files = new Map<string, Uint8Array>();
  readonly #folders = new Map<string, Map<string, 'file' | 'folder'>>([['', new Map()]]);

  constructor(files: Readonly<Record<string, string | Uint8Array>> | ReadonlyMap<string, string | Uint8Array>) {
    for (const [path, content] of files instanceof Map ? files : Object.entries(files)) {
      this.#add(normalizePath(path), typeof content === 'string' ? Buffer.from(content) : content);
    }
  }

  async read(path: string): Promise<Uint8Array> {
    const place = normalizePath(path);
    const content = this.#files.get(place);
    if (content !== undefined) return content;
    throw this.#folders.has(place) ? notAFile(path) : notFound(path);
  }

  async list(path: string): Promise<readonly Entry[]> {
    const place = normalizePath(path);
    const folder = this.#folders.get(place);
    if (folder === undefined) throw this.#files.has(place) ? notAFolder(path) : notFound(path);
    return [...folder].map(([name, kind]): Entry => ({ name, kind })).sort(byName);
  }

  async stat(path: string): Promise<Entry | undefined> {
    const place = normalizePath(path);
    const content = this.#files.get(place);
    if (content !== undefined) return { name: nameOf(place), kind: 'file', size: content.length };
    return this.#folders.has(place) ? { name: nameOf(place), kind: 'folder' } : undefined;
  }

  async id(path: string): Promise<string | undefined> {
    const content = this.#files.get(normalizePath(path));
    return content && nodeCrypto().createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
  }

  #add(path: string, content: Uint8Array): void {
    this.#files.set(path, content);
    let kind: 'file' | 'folder' = 'file';
    for (let rest = path; rest !== ''; ) {
      const slash = rest.lastIndexOf('/');
      const folder = slash < 0 ? '' : rest.slice(0, slash);
      const names = this.#folders.get(folder) ?? new Map<string, 'file' | 'folder'>();
      this.#folders.set(folder, names.set(rest.slice(slash + 1), kind));
      rest = folder;
      kind = 'folder';
    }
  }
}
