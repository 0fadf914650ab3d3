import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { RenderCache } from '../cache/render-cache.js';
import { OpenTrees } from '../files/open-tree.js';
import type { TreeRef } from '../files/open-tree.js';
import type { TreeRead } from '../files/recording-tree.js';
import type { Answers, Asked } from '../outside.js';
import type { Rendered, SourceOptions } from '../render.js';
import { RenderError } from '../render.js';
import { openLine } from './question-port.js';
import type { RenderAnswer, RenderJob } from './render-job.js';
import { runningMs } from './render-job.js';
import { TimeLimit } from './time-limit.js';

export interface RenderPoolOptions {
  /** Renders at the same time. Default: one less than the processors, at least one. */
  readonly maxThreads?: number;
  /** How long one render may take, in milliseconds, without what it waits for. Default: 60,000. */
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
   * changed and `answers` says the same to what it asked. Throws RenderError for what is wrong with the files and when a
   * limit ends the render.
   */
  render(tree: TreeRef, options: SourceOptions, signal: AbortSignal, answers?: Answers): Promise<PooledRender>;
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

interface PoolLimits {
  readonly maxThreads: number;
  readonly timeoutMs: number;
  readonly memoryMb: number;
}

/** The threads: one render each at a time, ended when a limit is reached. */
class RenderThreads {
  readonly #limits: PoolLimits;
  readonly #turns: Turns;
  readonly #threads: Piscina<unknown, RenderAnswer>;
  started = 0;

  constructor(limits: PoolLimits) {
    this.#limits = limits;
    this.#turns = new Turns(limits.maxThreads);
    this.#threads = new Piscina({
      filename: workerFile(),
      name: 'runRenderJob',
      minThreads: 0,
      maxThreads: limits.maxThreads,
      concurrentTasksPerWorker: 1,
      idleTimeout: 30_000,
      resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb },
    });
  }

  async run(
    tree: TreeRef,
    options: SourceOptions,
    signal: AbortSignal,
    answers: Answers | undefined,
  ): Promise<RenderAnswer> {
    await this.#turns.take(signal);
    const { timeoutMs } = this.#limits;
    // The time starts with the thread's work, not while other renders are in front.
    const limit = new TimeLimit(timeoutMs);
    const ended = AbortSignal.any([signal, limit.signal]);
    const line = answers === undefined ? undefined : openLine(answers, ended, (isOpen) => limit.hold(isOpen));
    const job: RenderJob = { tree, options, stopAt: runningMs() + timeoutMs * OWN_TIME };
    try {
      this.started += 1;
      return line === undefined
        ? await this.#threads.run(job, { signal: ended })
        : await this.#threads.run(
            { ...job, questions: line.worker },
            { signal: ended, transferList: [line.worker.port] },
          );
    } catch (error) {
      signal.throwIfAborted();
      const message = limitMessage(options, this.#limits, limit.signal.aborted, error);
      throw message === undefined ? error : new RenderError([{ file: options.path || '.', message }]);
    } finally {
      limit.clear();
      line?.close();
      this.#turns.give();
    }
  }

  async close(): Promise<void> {
    await this.#threads.destroy();
  }
}

export const createRenderPool = (options: RenderPoolOptions = {}): RenderPool => {
  const threads = new RenderThreads({
    maxThreads: options.maxThreads ?? Math.max(1, availableParallelism() - 1),
    timeoutMs: options.timeoutMs ?? 60_000,
    memoryMb: options.memoryMb ?? 512,
  });
  const cache = new RenderCache<PooledRender>(options.cacheBytes);
  const trees = new OpenTrees();
  let reused = 0;

  return {
    async render(tree, source, signal, answers) {
      signal.throwIfAborted();
      const known = await cache.find(source, trees.open(tree), async (asked) =>
        answers === undefined ? asked.length === 0 : await isAnsweredAlike(asked, answers, signal),
      );
      if (known !== undefined) {
        reused += 1;
        return known;
      }
      const answer = await threads.run(tree, source, signal, answers);
      if (answer.rendered === undefined) throw new RenderError(answer.problems ?? []);
      // A folder on disk can change while it is read; only a commit is sure to be what was rendered.
      const render: PooledRender = { ...answer.rendered, reads: answer.reads };
      if (tree.kind === 'git') cache.keep(source, answer.reads, render, answer.asked);
      return render;
    },
    counts: () => ({ rendered: threads.started, reused }),
    async close() {
      await threads.close();
      trees.close();
    },
  };
};

/** The part of a render's time after which templates stop by themselves: only they know where they are. */
const OWN_TIME = 0.9;

/** Whether the world would answer now as it did then; what it refuses to say now has changed too. */
const isAnsweredAlike = async (asked: readonly Asked[], answers: Answers, signal: AbortSignal): Promise<boolean> => {
  for (const { question, id } of asked) {
    try {
      if ((await answers.answer(question, signal)).id !== id) return false;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }
  return true;
};

const limitMessage = (
  { applicationName }: SourceOptions,
  { timeoutMs, memoryMb }: PoolLimits,
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
