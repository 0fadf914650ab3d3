import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { constants } from 'node:os';
import type { KeeperEvent, ProcessState, StartRequest } from './keeper-protocol.js';
import { LogWriter } from './log-writer.js';
import { processIdentity, signalGroup } from './process-identity.js';
import { readJson, writeJson } from './state-file.js';

/** How long output may still arrive from processes that outlived their container's first process. */
const DRAIN_MS = 500;

interface Running {
  readonly child: ChildProcess;
  readonly request: StartRequest;
}

/** Starts containers' processes, writes their output and their end to their folders, and tells both. */
export class Keeper {
  readonly #running = new Map<string, Running>();
  readonly #tell: (event: KeeperEvent) => void;

  constructor(tell: (event: KeeperEvent) => void) {
    this.#tell = tell;
  }

  running(): readonly string[] {
    return [...this.#running.keys()];
  }

  /**
   * Resolves when the process runs; rejects, with the state written, when it cannot be started. A container is started
   * once: an operator that was killed after it asked, and before it knew, asks again when it is back.
   */
  async start(request: StartRequest): Promise<ProcessState> {
    const present = readJson(join(request.folder, 'state.json')) as ProcessState | undefined;
    if (present?.pid !== undefined) return present;
    const [file = '', ...args] = request.command;
    const child = spawn(file, args, {
      cwd: request.workingDir,
      env: request.env,
      detached: true,
      stdio: [request.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      ...(request.uid === undefined ? {} : { uid: request.uid }),
      ...(request.gid === undefined ? {} : { gid: request.gid }),
    });
    const startedAt = Date.now();
    const { pid } = child;
    if (pid === undefined) {
      const error = await new Promise<NodeJS.ErrnoException>((resolve) => child.once('error', resolve));
      const missing = error.code === 'ENOENT';
      const message = missing ? `exec: "${file}": executable file not found` : `exec: "${file}": ${error.message}`;
      const state = { startedAt, finishedAt: startedAt, exitCode: missing ? 127 : 126, error: message };
      writeJson(join(request.folder, 'state.json'), state);
      throw new Error(message);
    }
    const identity = processIdentity(pid);
    const state: ProcessState = { pid, startedAt, ...(identity === undefined ? {} : { identity }) };
    this.#running.set(request.containerId, { child, request });
    writeJson(join(request.folder, 'state.json'), state);
    this.#watch(child, request, state);
    return state;
  }

  signal(containerId: string, signal: NodeJS.Signals): boolean {
    const pid = this.#running.get(containerId)?.child.pid;
    return pid !== undefined && signalGroup(pid, signal);
  }

  input(containerId: string, data: Buffer | undefined, end: boolean): void {
    const running = this.#running.get(containerId);
    if (data !== undefined) running?.child.stdin?.write(data);
    if (end && running?.request.stdinOnce === true) running.child.stdin?.end();
  }

  #watch(child: ChildProcess, request: StartRequest, started: ProcessState): void {
    const { containerId } = request;
    const log = new LogWriter(request.folder, () => Date.now());
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.on('data', (chunk: Buffer) => {
        log.write(stream, chunk);
        this.#tell({ event: 'output', containerId, stream, data: chunk.toString('base64') });
      });
      child[stream]?.on('error', () => undefined);
    }
    child.stdin?.on('error', () => undefined);
    child.on('error', () => undefined);
    child.once('exit', (code, signal) => {
      // What the first process leaves behind ends with it, as in a container.
      signalGroup(child.pid ?? 0, 'SIGKILL');
      const finish = (): void => {
        clearTimeout(timer);
        child.removeListener('close', finish);
        child.stdout?.destroy();
        child.stderr?.destroy();
        log.close();
        const number = signal === null ? undefined : constants.signals[signal];
        const state: ProcessState = {
          ...started,
          finishedAt: Date.now(),
          exitCode: number === undefined ? (code ?? 255) : 128 + number,
          ...(number === undefined ? {} : { signal: number }),
        };
        writeJson(join(request.folder, 'state.json'), state);
        this.#running.delete(containerId);
        this.#tell({ event: 'exited', containerId, state });
      };
      const timer = setTimeout(finish, DRAIN_MS);
      child.once('close', finish);
    });
  }
}
