import type { Stats } from 'node:fs';

interface KeptFile {
  readonly mark: string;
  readonly data: Buffer;
}

/** Times of file systems are coarse: what changed just now can change again without a trace. */
const SETTLED_MS = 2500;

/**
 * The content of files that were read before, for as long as nothing about them has changed: a render that follows
 * another asks for the state of each file instead of reading it again, and gets the very same bytes. Bounded by bytes;
 * the least recently read go.
 */
export class KeptFiles {
  readonly #files = new Map<string, KeptFile>();
  #bytes = 0;

  constructor(readonly maxBytes: number) {}

  /** The content kept for a file in this state. */
  find(path: string, stats: Stats): Buffer | undefined {
    const kept = this.#files.get(path);
    if (kept === undefined) return undefined;
    this.#files.delete(path);
    if (kept.mark !== markOf(stats)) {
      this.#bytes -= kept.data.length;
      return undefined;
    }
    this.#files.set(path, kept);
    return kept.data;
  }

  /** `stats` are from before the file was read. */
  keep(path: string, stats: Stats, data: Buffer): void {
    if (data.length > this.maxBytes / 8 || Date.now() - stats.ctimeMs < SETTLED_MS) return;
    this.#bytes += data.length - (this.#files.get(path)?.data.length ?? 0);
    this.#files.delete(path);
    this.#files.set(path, { mark: markOf(stats), data });
    for (const [oldest, { data: old }] of this.#files) {
      if (this.#bytes <= this.maxBytes) break;
      this.#files.delete(oldest);
      this.#bytes -= old.length;
    }
  }
}

const markOf = ({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string => `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
