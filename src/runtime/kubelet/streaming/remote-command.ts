import type { Readable, Writable } from 'node:stream';
import type { ContainerRuntime } from '../../containers/container-runtime.js';
import { exitStatus, failureStatus } from './status-message.js';

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** The client's ends of the streams, whatever the protocol underneath. */
export interface CommandStreams {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  readonly resize: AsyncIterable<TerminalSize> | undefined;
  /** Sends how it ended, after all output has been sent, and closes the connection. */
  finish(status: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface RemoteCommand {
  readonly containerId: string;
  /** Absent: attach to the container's own process. */
  readonly command?: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** What the client expects: no stderr, but sizes. */
  readonly tty: boolean;
  /** Attach only: the container's process has a terminal, whatever the client expects. */
  readonly containerTty?: boolean;
}

/** Runs or attaches, and tells the client how it ended. */
export const serveCommand = async (
  runtime: ContainerRuntime,
  request: RemoteCommand,
  streams: CommandStreams,
  signal: AbortSignal,
): Promise<void> => {
  const { containerId, command } = request;
  const tty = request.containerTty ?? request.tty;
  const options = {
    tty,
    ...(streams.stdin === undefined ? {} : { stdin: streams.stdin }),
    ...(streams.stdout === undefined ? {} : { stdout: streams.stdout }),
    ...(streams.stderr === undefined || tty ? {} : { stderr: streams.stderr }),
    ...(streams.resize === undefined ? {} : { resize: streams.resize }),
  };
  let status: Readonly<Record<string, unknown>>;
  try {
    if (command === undefined) {
      await runtime.attach(containerId, options, signal);
      status = exitStatus([], 0);
    } else {
      status = exitStatus(command, await runtime.exec(containerId, { ...options, command }, signal));
    }
  } catch (error) {
    status = failureStatus(error);
  }
  await streams.finish(status);
};

/** A queue of terminal sizes: only the newest matters. */
export class TerminalSizes implements AsyncIterable<TerminalSize> {
  #newest: TerminalSize | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  push(text: string): void {
    const size = parseSize(text);
    if (size === undefined) return;
    this.#newest = size;
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TerminalSize> {
    for (;;) {
      const size = this.#newest;
      this.#newest = undefined;
      if (size !== undefined) yield size;
      else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

const parseSize = (text: string): TerminalSize | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { Width: width, Height: height } = value as { Width?: unknown; Height?: unknown };
    return typeof width === 'number' && typeof height === 'number' ? { width, height } : undefined;
  } catch {
    return undefined;
  }
};
