import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { RenderCache } from '../cache/render-cache.js';
import { OpenTrees } from '../files/open-tree.js';
import type { TreeRef } from '../files/open-tree.js';
import type { TreeRead } from '../files/recording-tree.js';
import type { Rendered, SourceOptions } from '../render.js';
import { RenderError } from '../render.js';
import type { RenderAnswer } from './render-job.js';
import { timeoutSignal } from '../../objects/timeout-signal.js';

export interface RenderPoolOptions {
  /** Renders at the same time. Default: one less than the processors, at least one. */
  readonly maxThreads?: number;
  /** How long one render may take, in milliseconds. Default: 60,000. */
  readonly timeoutMs?: number;
  /** JavaScript heap of one thread, in MiB. Default: 512. */
  readonly memoryMb?: number;
  /** Bytes of renders that are kept for reuse. Default: 64 MiB. */
  readonly cacheBytes?: number;
}

/** A render and what it read of its tree: while the answers stay the same, so does the render. */
export interface PooledRender extends Rendered {
  readonly reads: readonly TreeRead[];
}

export interface RenderPool {
  /**
   * Renders a source in a worker thread, or returns the render of an earlier revision when nothing that it read has
   * changed. Throws RenderError for what is wrong with the files and when a limit ends the render.
   */
  render(tree: TreeRef, options: SourceOptions, signal: AbortSignal): Promise<PooledRender>;
  /** Renders that ran in a thread, and renders that were reused, since the start. */
  counts(): { readonly rendered: number; readonly reused: number };
  /** Ends the threads; renders under way fail. */
  close(): Promise<void>;
}

/** The worker's entry: compiled, or through a loader where the sources run as TypeScript. */
const workerFile = (): string => {
  const name = extname(import.meta.url) === '.ts' ? 'typescript-worker.mjs' : 'render-worker.js';
  return fileURLToPath(new URL(name, import.meta.url));
};

export const createRenderPool = (options: RenderPoolOptions = {}): RenderPool => {
  const maxThreads = options.maxThreads ?? Math.max(1, availableParallelism() - 1);
  const limits = { timeoutMs: options.timeoutMs ?? 60_000, memoryMb: options.memoryMb ?? 512 };
  const threads = new Piscina<unknown, RenderAnswer>({
    filename: workerFile(),
    name: 'runRenderJob',
    minThreads: 0,
    maxThreads,
    concurrentTasksPerWorker: 1,
    idleTimeout: 30_000,
    resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb },
  });
  const cache = new RenderCache<PooledRender>(options.cacheBytes);
  const trees = new OpenTrees();
  const turns = new Turns(maxThreads);
  let rendered = 0;
  let reused = 0;

  const run = async (tree: TreeRef, source: SourceOptions, signal: AbortSignal): Promise<RenderAnswer> => {
    await turns.take(signal);
    // The time starts with the thread's work, not while other renders are in front.
    const timeout = timeoutSignal(limits.timeoutMs);
    try {
      rendered += 1;
      return await threads.run({ tree, options: source }, { signal: AbortSignal.any([signal, timeout]) });
    } catch (error) {
      signal.throwIfAborted();
      const message = limitMessage(source, limits, timeout.aborted, error);
      throw message === undefined ? error : new RenderError([{ file: source.path || '.', message }]);
    } finally {
      turns.give();
    }
  };

  return {
    async render(tree, source, signal) {
      signal.throwIfAborted();
      const known = await cache.find(source, trees.open(tree));
      if (known !== undefined) {
        reused += 1;
        return known;
      }
      const answer = await run(tree, source, signal);
      if (answer.rendered === undefined) throw new RenderError(answer.problems ?? []);
      // A folder on disk can change while it is read; only a commit is sure to be what was rendered.
      const render: PooledRender = { ...answer.rendered, reads: answer.reads };
      if (tree.kind === 'git') cache.keep(source, answer.reads, render);
      return render;
    },
    counts: () => ({ rendered, reused }),
    async close() {
      await threads.destroy();
      trees.close();
    },
  };
};

const limitMessage = (
  { applicationName }: SourceOptions,
  { timeoutMs, memoryMb }: { readonly timeoutMs: number; readonly memoryMb: number },
  timedOut: boolean,
  error: unknown,
): string | undefined => {
  const what = `the render of application "${applicationName}" was ended`;
  if (timedOut) return `${what}: it took longer than the limit of ${timeoutMs / 1000} s`;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return `${what}: it needed more memory than the limit of ${memoryMb} MiB`;
  return undefined;
};

/** Lets `count` callers in at a time; the others wait in order, or leave when their signal fires. */
class Turns {
  readonly #waiting = new Set<() => void>();

  constructor(private count: number) {}

  async take(signal: AbortSignal): Promise<void> {
    if (this.count > 0) {
      this.count -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(enter);
        reject(signal.reason as Error);
      };
      const enter = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.count += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
