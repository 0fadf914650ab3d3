import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { ExecResult, StreamOptions } from '../container-runtime.js';
import { RuntimeFailure } from '../container-runtime.js';
import { signalGroup } from './process-identity.js';
import type { ProcessSpec } from './process-spec.js';
import { timeoutSignal } from '../../../objects/timeout-signal.js';

const OUTPUT_LIMIT = 16 * 1024 * 1024;

interface ProcessUser {
  readonly uid?: number;
  readonly gid?: number;
}

const start = (spec: ProcessSpec, user: ProcessUser, stdin: boolean): ChildProcess => {
  const [file = '', ...args] = spec.command;
  return spawn(file, args, {
    cwd: spec.workingDir,
    env: spec.env,
    detached: true,
    stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    ...user,
  });
};

/** The exit code as a shell tells it; 127 for a program that is not there, as container engines answer. */
const exitCodeOf = (child: ChildProcess, onError: (message: string) => void): Promise<number> =>
  new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      onError(`exec: ${error.message}\n`);
      resolve(error.code === 'ENOENT' ? 127 : 126);
    });
    child.once('close', (code, signal) => {
      resolve(signal === null ? (code ?? 255) : 128 + constants.signals[signal]);
    });
  });

const killGroup = (child: ChildProcess): void => {
  if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
};

/** Runs a command to its end and collects its output. */
export const runToEnd = async (
  spec: ProcessSpec,
  user: ProcessUser,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ExecResult> => {
  signal.throwIfAborted();
  const child = start(spec, user, false);
  const collected = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const sizes = { stdout: 0, stderr: 0 };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (chunk: Buffer) => {
      const room = OUTPUT_LIMIT - sizes[stream];
      if (room <= 0) return;
      collected[stream].push(chunk.subarray(0, room));
      sizes[stream] += Math.min(room, chunk.length);
    });
  }
  const deadline = timeoutSignal(Math.max(1, timeoutMs));
  const ends = AbortSignal.any([deadline, signal]);
  const onEnd = (): void => killGroup(child);
  ends.addEventListener('abort', onEnd, { once: true });
  const exitCode = await exitCodeOf(child, (message) => collected.stderr.push(Buffer.from(message)));
  ends.removeEventListener('abort', onEnd);
  signal.throwIfAborted();
  if (deadline.aborted) {
    throw new RuntimeFailure('timeout', `command ${JSON.stringify(spec.command)} timed out after ${timeoutMs} ms`);
  }
  return { exitCode, stdout: Buffer.concat(collected.stdout), stderr: Buffer.concat(collected.stderr) };
};

/** Runs a command with connected streams. There is no terminal: with `tty`, both outputs go to stdout. */
export const runStreaming = async (
  spec: ProcessSpec,
  user: ProcessUser,
  options: StreamOptions,
  signal: AbortSignal,
): Promise<number> => {
  signal.throwIfAborted();
  const child = start(spec, user, options.stdin !== undefined);
  const errors = options.tty ? options.stdout : options.stderr;
  if (options.stdout === undefined) child.stdout?.resume();
  else child.stdout?.pipe(options.stdout, { end: false });
  if (errors === undefined) child.stderr?.resume();
  else child.stderr?.pipe(errors, { end: false });
  if (child.stdin !== null) {
    // The program may end before it has read everything.
    child.stdin.on('error', () => undefined);
    options.stdin?.pipe(child.stdin);
  }
  const onAbort = (): void => killGroup(child);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await exitCodeOf(child, (message) => errors?.write(message));
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (child.stdin !== null) options.stdin?.unpipe(child.stdin);
  }
};
