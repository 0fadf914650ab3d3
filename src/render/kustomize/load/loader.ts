import type { FileTree } from '../../file-tree.js';
import { FileTreeError } from '../../file-tree.js';
import { normalizePath } from '../../files/tree-path.js';
import type { Outside } from '../../outside.js';
import { OutsideError } from '../../outside.js';
import { KustomizeError, NotAFileError } from '../errors.js';
import { parseRepoSpec } from './repo-spec.js';

/** Fetches a base that is a Git URL (`https://host/org/repo//path?ref=v1`). */
export type FetchRemote = NonNullable<Outside['folder']>;
/** Reads a file over HTTP. */
export type FetchFile = NonNullable<Outside['file']>;

export interface LoaderOptions {
  /** Whether files outside the kustomization's folder may be read. */
  readonly restrict: boolean;
  readonly fetchRemote?: FetchRemote;
  readonly fetchFile?: FetchFile;
  readonly signal: AbortSignal;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads files for one kustomization folder, and makes the loaders of the folders that it names. */
export class Loader {
  private constructor(
    readonly tree: FileTree,
    /** The folder, relative to the tree's root. */
    readonly root: string,
    private readonly options: LoaderOptions,
    private readonly referrer: Loader | undefined,
    /** The URL of the repository, when the folder is in another one. */
    readonly url: string | undefined,
  ) {}

  static async at(tree: FileTree, path: string, options: LoaderOptions): Promise<Loader> {
    return new Loader(tree, await folderAt(tree, normalizePath(path)), options, undefined, undefined);
  }

  /** The folder as messages show it. */
  get shown(): string {
    return this.#shownPath(this.root);
  }

  #shownPath(path: string): string {
    if ('root' in this.tree && this.tree.root === '/') return `/${path}`;
    return path || '.';
  }

  /** A file of this folder as text. What cannot be read is the fault of whoever named it: the error has no file. */
  async loadText(path: string): Promise<string> {
    const content = await this.load(path);
    try {
      return decoder.decode(content);
    } catch {
      throw new KustomizeError(`'${path}' is not UTF-8 text`, /^https?:/i.test(path) ? path : this.join(path));
    }
  }

  async load(path: string): Promise<Uint8Array> {
    this.options.signal.throwIfAborted();
    if (/^https?:\/\//i.test(path)) return await this.#fetch(path);
    const place = this.join(path);
    try {
      if (this.options.restrict) await this.#requireInside(path, place);
      return await this.tree.read(place);
    } catch (error) {
      if (!(error instanceof FileTreeError)) throw error;
      if (error.code === 'not-found') {
        throw new KustomizeError(`'${path}' does not exist in '${this.shown}'`);
      }
      if (error.code === 'not-a-file') throw new NotAFileError(`'${path}' must resolve to a file`);
      throw new KustomizeError(error.message, place);
    }
  }

  /** Whether this folder has a file of that name. */
  async has(name: string): Promise<boolean> {
    return (await this.tree.stat(this.join(name)))?.kind === 'file';
  }

  /** The loader of another kustomization folder. */
  async folder(path: string): Promise<Loader> {
    if (path === '') throw new KustomizeError('new root cannot be empty');
    if (isRemote(path)) return await this.#remote(path);
    if (path.startsWith('/')) throw new KustomizeError(`new root '${path}' cannot be absolute`);
    const root = await folderAt(this.tree, this.join(path));
    for (const loader of this.#visited()) {
      if (loader.tree === this.tree && isWithin(loader.root, root)) {
        throw new KustomizeError(
          `cycle detected: candidate root '${this.#shownPath(root)}' contains visited root '${loader.shown}'`,
        );
      }
    }
    return new Loader(this.tree, root, this.options, this, this.url);
  }

  /** A path relative to this folder, from the root of the tree. */
  join(path: string): string {
    try {
      // Only a tree of a whole file system has absolute paths; in a repository they lead out of it.
      return normalizePath(path.startsWith('/') ? this.#absolute(path) : `${this.root}/${path}`.replace(/^\/+/, ''));
    } catch (error) {
      if (!(error instanceof FileTreeError)) throw error;
      throw new KustomizeError(`'${path}' is outside the repository`);
    }
  }

  #absolute(path: string): string {
    if ('root' in this.tree && this.tree.root === '/') return path.slice(1);
    throw new KustomizeError(`security; file '${path}' is absolute; name it relative to the kustomization`);
  }

  /** This folder and those that led to it. */
  #visited(): Loader[] {
    return this.referrer === undefined ? [this] : [this, ...this.referrer.#visited()];
  }

  async #remote(url: string): Promise<Loader> {
    const { fetchRemote, signal } = this.options;
    if (fetchRemote === undefined) {
      throw new KustomizeError(`cannot fetch the remote base '${url}': remote bases are not enabled here`);
    }
    for (const loader of this.#visited()) {
      if (loader.url?.startsWith(url) === true) {
        throw new KustomizeError(`cycle detected: URI '${url}' referenced by previous URI '${loader.url}'`);
      }
    }
    const { tree, path } = await refusals(() => fetchRemote(url, signal));
    // Nothing of another repository may read beside its folder, whatever this build allows itself.
    const options = { ...this.options, restrict: true };
    return new Loader(tree, await folderAt(tree, normalizePath(path)), options, this, url);
  }

  async #fetch(url: string): Promise<Uint8Array> {
    const { fetchFile, signal } = this.options;
    if (fetchFile === undefined) {
      throw new KustomizeError(`cannot load '${url}': files are read from the repository only, not over HTTP`);
    }
    return await refusals(() => fetchFile(url, signal));
  }

  async #requireInside(path: string, place: string): Promise<void> {
    const real = this.tree.resolve === undefined ? place : await this.tree.resolve(place);
    // Nothing there: reading says so.
    if (real === undefined) return;
    if (!isWithin(real, this.root)) {
      throw new KustomizeError(`security; file '${path}' is not in or below '${this.shown}'`);
    }
  }
}

const folderAt = async (tree: FileTree, path: string): Promise<string> => {
  try {
    const found = await tree.stat(path);
    if (found?.kind === 'folder') return (await tree.resolve?.(path)) ?? path;
    const what = found === undefined ? `'${path}' doesn't exist` : `'${path}' is a file`;
    throw new KustomizeError(`must build at directory: ${what}`);
  } catch (error) {
    if (error instanceof FileTreeError) throw new KustomizeError(error.message);
    throw error;
  }
};

const isWithin = (path: string, folder: string): boolean =>
  folder === '' || path === folder || path.startsWith(`${folder}/`);

/** What the world outside refuses is wrong with the kustomization that asked. */
const refusals = async <T>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    throw error instanceof OutsideError ? new KustomizeError(error.message) : error;
  }
};

/** Whether a resource is a folder of another Git repository. */
export const isRemote = (path: string): boolean => parseRepoSpec(path) !== undefined;
