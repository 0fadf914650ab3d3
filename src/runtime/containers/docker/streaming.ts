import { once } from 'node:events';
import type { Duplex, Writable } from 'node:stream';
import type Docker from 'dockerode';
import type { Clock } from '../../../objects/clock.js';
import type { ExecResult, StreamOptions } from '../container-runtime.js';
import { RuntimeFailure } from '../container-runtime.js';
import { demultiplex } from './demultiplex.js';
import { timeoutSignal } from '../../../objects/timeout-signal.js';

const OUTPUT_LIMIT = 16 * 1024 * 1024;
/** The engine tells an exec's exit code a moment after its streams have ended. */
const EXIT_CODE_WAIT_MS = 20;
const EXIT_CODE_TRIES = 250;

const send = async (target: Writable | undefined, data: Buffer): Promise<void> => {
  if (target === undefined || target.destroyed || target.writableEnded) return;
  if (!target.write(data)) await Promise.race([once(target, 'drain'), once(target, 'close')]);
};

const destroyOnAbort = (stream: Duplex, signal: AbortSignal): (() => void) => {
  const onAbort = (): void => {
    stream.destroy();
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  return () => signal.removeEventListener('abort', onAbort);
};

/** Passes the engine's connection to the caller's streams until the command ends or the signal fires. */
const relay = async (
  connection: Duplex,
  options: Omit<StreamOptions, 'command'>,
  signal: AbortSignal,
): Promise<void> => {
  const release = destroyOnAbort(connection, signal);
  connection.on('error', () => undefined);
  options.stdin?.pipe(connection);
  try {
    for await (const { stream, data } of demultiplex(connection, options.tty)) {
      await send(stream === 'stderr' ? options.stderr : options.stdout, data);
    }
  } catch (error) {
    // A connection that breaks ends the session like one that ends; why is not known to the caller's side.
    if (!connection.destroyed) throw error;
  } finally {
    release();
    options.stdin?.unpipe(connection);
    connection.destroy();
  }
};

const followSizes = async (
  sizes: StreamOptions['resize'],
  resize: (size: { h: number; w: number }) => Promise<unknown>,
): Promise<void> => {
  if (sizes === undefined) return;
  // A size that cannot be set (the command has just ended) is no reason to end the session.
  for await (const { width, height } of sizes) await resize({ h: height, w: width }).catch(() => undefined);
};

const exitCodeOf = async (exec: Docker.Exec, clock: Clock, signal: AbortSignal): Promise<number> => {
  for (let attempt = 0; attempt < EXIT_CODE_TRIES; attempt++) {
    const { Running: running, ExitCode: exitCode } = await exec.inspect({ abortSignal: signal });
    if (!running && exitCode !== null) return exitCode;
    await clock.sleep(EXIT_CODE_WAIT_MS, signal);
  }
  throw new RuntimeFailure('unavailable', 'the engine does not tell the exit code of the command');
};

const startExec = async (
  container: Docker.Container,
  options: Pick<StreamOptions, 'command' | 'tty'> & { readonly stdin: boolean },
  signal: AbortSignal,
): Promise<{ exec: Docker.Exec; connection: Duplex }> => {
  const exec = await container.exec({
    Cmd: [...options.command],
    AttachStdin: options.stdin,
    AttachStdout: true,
    AttachStderr: true,
    Tty: options.tty,
    abortSignal: signal,
  });
  const connection = await exec.start({ hijack: true, stdin: options.stdin, Tty: options.tty, abortSignal: signal });
  return { exec, connection };
};

/** Runs a command with connected streams; resolves with its exit code. */
export const execStreaming = async (
  container: Docker.Container,
  options: StreamOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<number> => {
  const wanted = { command: options.command, tty: options.tty, stdin: options.stdin !== undefined };
  const { exec, connection } = await startExec(container, wanted, signal);
  void followSizes(options.resize, (size) => exec.resize(size)).catch(() => undefined);
  await relay(connection, options, signal);
  signal.throwIfAborted();
  return exitCodeOf(exec, clock, signal);
};

/** Runs a command and collects its output. The engine cannot end a command that outlives `timeoutMs`: it goes on. */
export const execCollecting = async (
  container: Docker.Container,
  command: readonly string[],
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<ExecResult> => {
  const deadline = timeoutSignal(Math.max(1, timeoutMs));
  const either = AbortSignal.any([deadline, signal]);
  const collected = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const sizes = { stdout: 0, stderr: 0 };
  try {
    const { exec, connection } = await startExec(container, { command, tty: false, stdin: false }, either);
    const release = destroyOnAbort(connection, either);
    try {
      for await (const { stream, data } of demultiplex(connection, false)) {
        const room = OUTPUT_LIMIT - sizes[stream];
        if (room <= 0) continue;
        collected[stream].push(data.subarray(0, room));
        sizes[stream] += Math.min(room, data.length);
      }
    } finally {
      release();
    }
    either.throwIfAborted();
    const exitCode = await exitCodeOf(exec, clock, either);
    return { exitCode, stdout: Buffer.concat(collected.stdout), stderr: Buffer.concat(collected.stderr) };
  } catch (error) {
    signal.throwIfAborted();
    if (!deadline.aborted) throw error;
    throw new RuntimeFailure('timeout', `command ${JSON.stringify(command)} timed out after ${timeoutMs} ms`);
  }
};

/** Connects streams to those of a running container. */
export const attachStreams = async (
  container: Docker.Container,
  options: Omit<StreamOptions, 'command'>,
  signal: AbortSignal,
): Promise<void> => {
  const connection = (await container.attach({
    stream: true,
    stdin: options.stdin !== undefined,
    stdout: options.stdout !== undefined,
    stderr: options.stderr !== undefined,
    hijack: true,
    abortSignal: signal,
  })) as Duplex;
  void followSizes(options.resize, (size) => container.resize(size)).catch(() => undefined);
  await relay(connection, options, signal);
};
