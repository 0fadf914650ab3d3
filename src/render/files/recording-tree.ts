import { nodeCrypto } from '../builtin-modules.js';
import type { Entry, FileTree } from '../file-tree.js';
import { FileTreeError } from '../file-tree.js';

/** One question that a render asked of its tree, and a fingerprint of the answer. Plain data. */
export interface TreeRead {
  readonly what: 'read' | 'list' | 'stat' | 'id' | 'resolve';
  readonly path: string;
  /** Equal fingerprints mean that the render would have got the same answer. */
  readonly answer: string;
}

/**
 * Passes everything on to another tree and remembers what was asked, so that a render can be reused while all the
 * answers are unchanged. A folder's fingerprint is its list of names, not its content: a change in one application's
 * folder must not touch the others that merely sit beside it.
 */
export class RecordingTree implements FileTree {
  readonly #reads = new Map<string, TreeRead>();

  constructor(readonly tree: FileTree) {}

  /** Everything asked so far, each question once. */
  reads(): readonly TreeRead[] {
    return [...this.#reads.values()];
  }

  async read(path: string): Promise<Uint8Array> {
    return await this.#record('read', path, async () => {
      const content = await this.tree.read(path);
      return { content, answer: (await this.tree.id(path)) ?? digest(content) };
    });
  }

  async list(path: string): Promise<readonly Entry[]> {
    return await this.#record('list', path, async () => {
      const content = await this.tree.list(path);
      return { content, answer: listAnswer(content) };
    });
  }

  async stat(path: string): Promise<Entry | undefined> {
    return await this.#record('stat', path, async () => {
      const found = await this.tree.stat(path);
      return { content: found, answer: statAnswer(found) };
    });
  }

  async id(path: string): Promise<string | undefined> {
    return await this.#record('id', path, async () => {
      const content = await this.tree.id(path);
      return { content, answer: content ?? '' };
    });
  }

  async resolve(path: string): Promise<string | undefined> {
    return await this.#record('resolve', path, async () => {
      const content = await resolved(this.tree, path);
      return { content, answer: content ?? '' };
    });
  }

  async #record<T>(
    what: TreeRead['what'],
    path: string,
    ask: () => Promise<{ content: T; answer: string }>,
  ): Promise<T> {
    try {
      const { content, answer } = await ask();
      this.#reads.set(`${what} ${path}`, { what, path, answer });
      return content;
    } catch (error) {
      if (error instanceof FileTreeError) {
        this.#reads.set(`${what} ${path}`, { what, path, answer: `error ${error.code}` });
      }
      throw error;
    }
  }
}

/** Whether a tree would answer every recorded question as it was answered then. */
export const answersAlike = async (tree: FileTree, reads: readonly TreeRead[]): Promise<boolean> => {
  for (const read of reads) {
    if ((await answerOf(tree, read)) !== read.answer) return false;
  }
  return true;
};

const answerOf = async (tree: FileTree, { what, path }: TreeRead): Promise<string> => {
  try {
    if (what === 'list') return listAnswer(await tree.list(path));
    if (what === 'stat') return statAnswer(await tree.stat(path));
    if (what === 'resolve') return (await resolved(tree, path)) ?? '';
    const id = await tree.id(path);
    if (what === 'id') return id ?? '';
    // The id alone would not tell a file from a folder or from nothing; the read itself does.
    if (id === undefined || (await tree.stat(path))?.kind !== 'file') return digest(await tree.read(path));
    return id;
  } catch (error) {
    if (error instanceof FileTreeError) return `error ${error.code}`;
    throw error;
  }
};

const resolved = async (tree: FileTree, path: string): Promise<string | undefined> =>
  tree.resolve === undefined ? path : await tree.resolve(path);

const listAnswer = (entries: readonly Entry[]): string =>
  digest(entries.map(({ name, kind }) => `${kind} ${name}`).join('\0'));

const statAnswer = (entry: Entry | undefined): string =>
  entry === undefined ? '' : entry.kind === 'file' ? `file ${entry.size ?? ''}` : entry.kind;

const digest = (content: string | Uint8Array): string => nodeCrypto().createHash('sha1').update(content).digest('hex');
