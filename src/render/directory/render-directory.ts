import { decodeText, readManifests } from '../documents.js';
import type { Entry, FileTree } from '../file-tree.js';
import { FileTreeError } from '../file-tree.js';
import { joinPath, normalizePath } from '../files/tree-path.js';
import type { DirectorySourceOptions, Manifest, Render, RenderProblem } from '../render.js';
import { RenderError } from '../render.js';
import { compilePathGlob } from './path-glob.js';

/** All manifest files of one directory source together, in bytes; Argo CD has the same limit. */
const MAX_TOTAL_BYTES = 10 * 1000 * 1000;
/** A file with this text in it is left out, as Argo CD has it. */
const SKIP_MARKER = '+argocd:skip-file-rendering';
const MANIFEST_FILE = /\.(yaml|yml|json|jsonnet)$/;

/**
 * Renders plain manifests: every `.yaml`, `.yml` and `.json` file of the folder (with `recurse`, of the folders in it),
 * in the order of their paths. A YAML file that holds no manifest at all (values, settings) is left out quietly; one
 * that looks like a manifest and cannot be read is a problem. A folder without files renders to nothing.
 */
export const renderDirectory: Render = async (tree, options, signal) => {
  const folder = normalizePath(options.path);
  const walk = new DirectoryWalk(tree, folder, options.directory ?? {}, signal);
  await walk.folder('');
  if (walk.problems.length > 0) throw new RenderError(walk.problems);
  return { manifests: walk.manifests, warnings: walk.warnings };
};

type PathTest = (path: string) => boolean;

class DirectoryWalk {
  readonly manifests: Manifest[] = [];
  readonly problems: RenderProblem[] = [];
  readonly warnings: string[] = [];
  readonly #include: PathTest;
  readonly #exclude: PathTest;
  #bytes = 0;

  constructor(
    private readonly tree: FileTree,
    private readonly root: string,
    private readonly options: DirectorySourceOptions,
    private readonly signal: AbortSignal,
  ) {
    this.#include = this.#glob('include', options.include) ?? (() => true);
    this.#exclude = this.#glob('exclude', options.exclude) ?? (() => false);
  }

  async folder(path: string): Promise<void> {
    for (const entry of await this.#list(path)) {
      this.signal.throwIfAborted();
      const inner = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.kind === 'folder') {
        if (this.options.recurse === true) await this.folder(inner);
      } else if (MANIFEST_FILE.test(entry.name)) await this.#file(inner, entry);
    }
  }

  async #list(path: string): Promise<readonly Entry[]> {
    try {
      return await this.tree.list(joinPath(this.root, path));
    } catch (error) {
      if (!(error instanceof FileTreeError)) throw error;
      this.problems.push({ file: joinPath(this.root, path), message: error.message });
      return [];
    }
  }

  async #file(path: string, entry: Entry): Promise<void> {
    const file = joinPath(this.root, path);
    try {
      if (entry.kind === 'link' && !(await this.#isLinkToFile(file))) return;
      if (this.#exclude(path) || !this.#include(path)) return;
      const content = await this.tree.read(file);
      if (Buffer.from(content.buffer, content.byteOffset, content.length).includes(SKIP_MARKER)) return;
      if (path.endsWith('.jsonnet')) {
        this.problems.push({
          file,
          message: 'Jsonnet is not supported; exclude the file or render it before the commit',
        });
        return;
      }
      this.#bytes += content.length;
      if (this.#bytes > MAX_TOTAL_BYTES) {
        const message = `the manifests of ${this.root || '.'} have more than ${MAX_TOTAL_BYTES} bytes together`;
        throw new RenderError([{ file, message }]);
      }
      this.#read(file, content);
    } catch (error) {
      if (!(error instanceof FileTreeError)) throw error;
      this.problems.push({ file, message: error.message });
    }
  }

  #read(file: string, content: Uint8Array): void {
    const { manifests, problems } = readManifests(content, file);
    if (problems.length === 0) this.manifests.push(...manifests);
    else if (file.endsWith('.json') || manifests.length > 0 || looksLikeManifest(content))
      this.problems.push(...problems);
    else this.warnings.push(`${file} holds no manifest and is left out`);
  }

  async #isLinkToFile(file: string): Promise<boolean> {
    const target = await this.tree.stat(file);
    if (target?.kind === 'file') return true;
    this.warnings.push(`${file} is a link to ${target === undefined ? 'nothing' : 'a folder'} and is left out`);
    return false;
  }

  #glob(field: 'include' | 'exclude', glob: string | undefined): PathTest | undefined {
    if (glob === undefined || glob === '') return undefined;
    const test = compilePathGlob(glob);
    if (test !== undefined) return test;
    this.problems.push({ file: this.root || '.', message: `directory.${field} is not a valid glob: ${glob}` });
    return undefined;
  }
}

/** A manifest that has lost one of these is still meant as one: leaving it out would prune what it deployed. */
const MARKS = ['apiVersion:', 'kind:', 'metadata:'];

const looksLikeManifest = (content: Uint8Array): boolean => {
  const text = decodeText(content) ?? '';
  return MARKS.filter((mark) => text.includes(mark)).length >= MARKS.length - 1;
};
