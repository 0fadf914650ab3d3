import { createHash } from 'node:crypto';
import { writeJson } from '../../objects/lossless-json.js';
import type { FileTree } from '../file-tree.js';
import type { TreeRead } from '../files/recording-tree.js';
import { answersAlike } from '../files/recording-tree.js';
import type { Asked } from '../outside.js';
import type { Rendered, SourceOptions } from '../render.js';

interface KeptRender<R extends Rendered> {
  readonly reads: readonly TreeRead[];
  readonly asked: readonly Asked[];
  readonly rendered: R;
  readonly bytes: number;
}

/** Renders of one set of options that are kept side by side: branches that alternate, a rollback. */
const MAX_VARIANTS = 4;

/** Whether the world outside would answer as it did. */
export type AnswersAsBefore = (asked: readonly Asked[]) => Promise<boolean>;

const onlyUnasked: AnswersAsBefore = (asked) => Promise.resolve(asked.length === 0);

/**
 * Keeps renders by their options, by what they read and by what they asked of the world outside. A render is found
 * again while the tree at hand would answer all its reads as they were answered then, and the world its questions;
 * absences count as answers. Bounded by bytes, the least recently used go.
 */
export class RenderCache<R extends Rendered = Rendered> {
  readonly #kept = new Map<string, KeptRender<R>[]>();
  #bytes = 0;

  constructor(readonly maxBytes = 64 * 1024 * 1024) {}

  async find(options: SourceOptions, tree: FileTree, isAsBefore = onlyUnasked): Promise<R | undefined> {
    const key = keyOf(options);
    for (const kept of this.#kept.get(key) ?? []) {
      if (!(await answersAlike(tree, kept.reads)) || !(await isAsBefore(kept.asked))) continue;
      this.#touch(key, kept);
      return kept.rendered;
    }
    return undefined;
  }

  keep(options: SourceOptions, reads: readonly TreeRead[], rendered: R, asked: readonly Asked[] = []): void {
    const key = keyOf(options);
    const kept: KeptRender<R> = { reads, asked, rendered, bytes: sizeOf(reads, rendered) + asked.length * 256 };
    if (kept.bytes > this.maxBytes / 4) return;
    const variants = this.#kept.get(key) ?? [];
    variants.unshift(kept);
    for (const dropped of variants.splice(MAX_VARIANTS)) this.#bytes -= dropped.bytes;
    this.#bytes += kept.bytes;
    this.#kept.delete(key);
    this.#kept.set(key, variants);
    for (const [oldest, old] of this.#kept) {
      if (this.#bytes <= this.maxBytes || oldest === key) break;
      this.#kept.delete(oldest);
      for (const { bytes } of old) this.#bytes -= bytes;
    }
  }

  #touch(key: string, kept: KeptRender<R>): void {
    const variants = this.#kept.get(key);
    if (variants === undefined) return;
    this.#kept.delete(key);
    this.#kept.set(key, [kept, ...variants.filter((other) => other !== kept)]);
  }
}

const keyOf = (options: SourceOptions): string =>
  createHash('sha256')
    .update(writeJson(sorted(options)))
    .digest('base64');

/** Options that say the same are the same key, whatever the order in which they were written. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return entries.sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, field]) => [name, sorted(field)]);
};

const sizeOf = (reads: readonly TreeRead[], rendered: Rendered): number => {
  let bytes = reads.length * 128;
  for (const { object, file } of rendered.manifests) bytes += 2 * writeJson(object).length + file.length + 256;
  return bytes;
};
