import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { SourceError } from '../errors.js';
import type { IndexAnswer } from './index-job.js';
import type { IndexPackInput } from './index-pack.js';

/** JavaScript heap of the thread, in MiB; a pack of a million objects takes half of it. */
const MEMORY_MB = 512;
/** How long one pack may take, in milliseconds. */
const TIMEOUT_MS = 300_000;

/** The worker's entry: compiled, or through a loader where the sources run as TypeScript. */
const workerFile = (): string => {
  const name = extname(import.meta.url) === '.ts' ? 'typescript-worker.mjs' : 'index-worker.js';
  return fileURLToPath(new URL(name, import.meta.url));
};

let threads: Piscina<IndexPackInput, IndexAnswer> | undefined;

/**
 * One thread for all repositories, made when it is needed and ended when it is not: packs are indexed one after
 * another, so that many large ones at a time cost no more than one. It keeps no process alive.
 */
const pool = (): Piscina<IndexPackInput, IndexAnswer> => {
  threads ??= new Piscina<IndexPackInput, IndexAnswer>({
    filename: workerFile(),
    name: 'runIndexJob',
    minThreads: 0,
    maxThreads: 1,
    concurrentTasksPerWorker: 1,
    idleTimeout: 10_000,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  return threads;
};

/** `indexPack` in a thread of its own, so that a large pack holds nobody else up. Throws `SourceError`. */
export const indexPackInThread = async (input: IndexPackInput, signal: AbortSignal): Promise<string> => {
  signal.throwIfAborted();
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let answer: IndexAnswer;
  try {
    answer = await pool().run(input, { signal: AbortSignal.any([signal, timeout]) });
  } catch (error) {
    signal.throwIfAborted();
    throw limitError(input.name, timeout.aborted, error);
  }
  const { checksum, problem } = answer;
  if (problem !== undefined) throw new SourceError(problem.code, problem.message);
  if (checksum === undefined) throw new Error('a pack was indexed without an answer');
  return checksum;
};

const limitError = (name: string, timedOut: boolean, error: unknown): unknown => {
  const what = `Cannot read ${name}: what the server sent could not be unpacked within`;
  if (timedOut) return new SourceError('too-large', `${what} ${TIMEOUT_MS / 1000} s`);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_WORKER_OUT_OF_MEMORY' ? new SourceError('too-large', `${what} ${MEMORY_MB} MiB`) : error;
};
