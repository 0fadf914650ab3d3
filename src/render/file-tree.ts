/** A name in a folder. `id` is the content's identity (a Git object id) where the tree knows it. */
export interface Entry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link';
  /** Bytes, where known without reading. */
  readonly size?: number;
  readonly id?: string;
}

/**
 * A read-only view of the files of one revision. Paths are relative to the root, with `/`, without a leading slash;
 * the empty string is the root. Links are followed inside the tree only.
 */
export interface FileTree {
  /** The file's bytes. Throws FileTreeError `not-found`, `not-a-file`, `outside`, `too-large`, `link-loop`. */
  read(path: string): Promise<Uint8Array>;
  /** The names in a folder, sorted. Throws `not-found`, `not-a-folder`, `outside`, `link-loop`. */
  list(path: string): Promise<readonly Entry[]>;
  /** What a path is after following links; undefined when there is nothing. Throws `outside`, `link-loop`. */
  stat(path: string): Promise<Entry | undefined>;
  /** The identity of a file or folder's whole content, where the tree knows it: equal ids mean equal content. */
  id(path: string): Promise<string | undefined>;
  /** The path without its links; undefined when there is nothing. Absent where a tree has no links. */
  resolve?(path: string): Promise<string | undefined>;
  /** The first path that a link which leads nowhere lacks, for messages. */
  missing?(path: string): Promise<string | undefined>;
}

export type FileTreeErrorCode = 'not-found' | 'not-a-file' | 'not-a-folder' | 'outside' | 'too-large' | 'link-loop';

export class FileTreeError extends Error {
  override readonly name = 'FileTreeError';

  constructor(
    readonly code: FileTreeErrorCode,
    readonly path: string,
    message: string,
  ) {
    super(message);
  }
}
