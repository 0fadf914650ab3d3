import { constants } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { ContainerRuntime, ContainerStatus as Run } from '../../containers/container-runtime.js';
import { TERMINATION_MESSAGE_POLICY } from '../plan/observed-pod.js';

const MOST_BYTES = 4096;
const MOST_POD_BYTES = 12 * 1024;
const LOG_LINES = 80;
const LOG_BYTES = 2048;

/** Where the containers of one pod leave their last words. */
export class TerminationMessages {
  readonly #folder: string;
  readonly #read = new Map<string, string>();

  constructor(
    rootFolder: string,
    podUid: string,
    private readonly runtime: ContainerRuntime,
  ) {
    this.#folder = join(rootFolder, 'pods', podUid, 'containers');
  }

  /** The empty file that is mounted into a run of a container. */
  async prepare(name: string, attempt: number): Promise<string> {
    if (this.#unused) return join(this.#folder, name, String(attempt));
    await mkdir(join(this.#folder, name), { recursive: true });
    const path = join(this.#folder, name, String(attempt));
    const file = await open(path, 'w', 0o666);
    // Whatever user the container runs as may write.
    await file.chmod(0o666);
    await file.close();
    return path;
  }

  /** Simulated containers write nothing. */
  get #unused(): boolean {
    return this.runtime.name === 'simulated';
  }

  of(run: Run): string | undefined {
    return this.#read.get(run.id);
  }

  /** Reads what ended runs have left, each once. */
  async collect(pod: Pod, runs: readonly Run[], signal: AbortSignal): Promise<void> {
    const count = (pod.spec.initContainers ?? []).length + pod.spec.containers.length;
    const limit = Math.min(MOST_BYTES, Math.floor(MOST_POD_BYTES / Math.max(1, count)));
    for (const run of runs) {
      if (run.state !== 'exited' || this.#unused || this.#read.has(run.id)) continue;
      this.#read.set(run.id, await this.#message(run, limit, signal));
    }
  }

  /** A run was removed. */
  async forget(run: Run): Promise<void> {
    this.#read.delete(run.id);
    if (!this.#unused) await rm(join(this.#folder, run.name, String(run.attempt)), { force: true });
  }

  async remove(): Promise<void> {
    if (this.#unused) return;
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #message(run: Run, limit: number, signal: AbortSignal): Promise<string> {
    const written = await readStart(join(this.#folder, run.name, String(run.attempt)), limit);
    const policy = run.annotations[TERMINATION_MESSAGE_POLICY];
    if (written !== '' || policy !== 'FallbackToLogsOnError' || run.exitCode === 0) return written;
    try {
      return await this.#endOfLog(run, Math.min(limit, LOG_BYTES), signal);
    } catch {
      // The log went with the container: there is nothing to say.
      return '';
    }
  }

  async #endOfLog(run: Run, limit: number, signal: AbortSignal): Promise<string> {
    const options = { follow: false, timestamps: false, tailLines: LOG_LINES, stream: 'all' } as const;
    const log = await this.runtime.logs(run.id, options, signal);
    let end = Buffer.alloc(0);
    for await (const chunk of log) {
      end = Buffer.concat([end, Buffer.from(chunk as Uint8Array)]);
      if (end.length > limit) end = end.subarray(end.length - limit);
    }
    return end.toString('utf8');
  }
}

/** The file may be anything that the container put there: never follow a link, never wait for a pipe. */
const readStart = async (path: string, limit: number): Promise<string> => {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) return '';
      const { buffer, bytesRead } = await file.read(Buffer.alloc(limit), 0, limit, 0);
      return buffer.subarray(0, bytesRead).toString('utf8');
    } finally {
      await file.close();
    }
  } catch {
    return '';
  }
};
