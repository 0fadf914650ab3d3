import { watch } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { LogOptions } from '../container-runtime.js';
import { LOG_FILE, OLD_LOG_FILE } from './log-writer.js';

const CHUNK = 64 * 1024;
/** How often to look when the system cannot tell of changes (its limit of watches is reached). */
const LOOK_MS = 250;

interface LogRecord {
  readonly time: string;
  readonly stream: string;
  readonly partial: boolean;
  readonly text: string;
}

/** Parses one record of the CRI's log format; undefined for a line that was cut off. */
export const parseRecord = (line: string): LogRecord | undefined => {
  const first = line.indexOf(' ');
  const second = line.indexOf(' ', first + 1);
  const third = line.indexOf(' ', second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  return {
    time: line.slice(0, first),
    stream: line.slice(first + 1, second),
    partial: line.slice(second + 1, third).startsWith('P'),
    text: line.slice(third + 1),
  };
};

/**
 * The log in `folder` as text. `ended` fires when the container has ended: a followed log then ends at its end.
 */
export const readLog = (folder: string, options: LogOptions, ended: AbortSignal, signal: AbortSignal): Readable => {
  const closed = new AbortController();
  const until = AbortSignal.any([signal, closed.signal]);
  const lines = selected(folder, options, ended, until);
  const stream = Readable.from(limited(lines, options.limitBytes), { objectMode: false });
  stream.once('close', () => closed.abort());
  return stream;
};

async function* limited(lines: AsyncIterable<string>, limitBytes: number | undefined): AsyncGenerator<Buffer> {
  let left = limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const line of lines) {
    const bytes = Buffer.from(line);
    if (bytes.length >= left) {
      yield bytes.subarray(0, left);
      return;
    }
    left -= bytes.length;
    yield bytes;
  }
}

async function* selected(
  folder: string,
  options: LogOptions,
  ended: AbortSignal,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const since = options.since === undefined ? undefined : new Date(options.since).toISOString().replace('Z', '000000Z');
  const continued = { stdout: false, stderr: false };
  const shown = (record: LogRecord): string | undefined => {
    const stream = record.stream === 'stderr' ? 'stderr' : 'stdout';
    if (options.stream !== 'all' && options.stream !== stream) return undefined;
    if (since !== undefined && record.time < since) return undefined;
    const prefix = options.timestamps && !continued[stream] ? `${record.time} ` : '';
    continued[stream] = record.partial;
    return `${prefix}${record.text}${record.partial ? '' : '\n'}`;
  };
  const tail = new TailBuffer(options.tailLines);
  let live = options.tailLines === undefined;
  for await (const line of rawLines(folder, options.follow, ended, signal)) {
    if (line === END_OF_FILE) {
      live = true;
      yield* tail.drain();
      continue;
    }
    const record = parseRecord(line);
    const text = record === undefined ? undefined : shown(record);
    if (text === undefined) continue;
    if (live) yield text;
    else tail.push(text);
  }
  yield* tail.drain();
}

/** Keeps the last complete lines. */
class TailBuffer {
  readonly #limit: number;
  #lines: string[] = [];
  #open = '';

  constructor(limit: number | undefined) {
    this.#limit = limit ?? 0;
  }

  push(text: string): void {
    this.#open += text;
    if (!this.#open.endsWith('\n')) return;
    this.#lines.push(this.#open);
    this.#open = '';
    if (this.#lines.length > this.#limit) this.#lines.shift();
  }

  *drain(): Generator<string> {
    const lines = this.#open === '' ? this.#lines : [...this.#lines, this.#open].slice(-this.#limit);
    this.#lines = [];
    this.#open = '';
    if (this.#limit > 0) yield* lines;
  }
}

/** Stands between what was there at the start and what came later. */
const END_OF_FILE = Symbol('end of file');

/** Lines of the old and the current file; with `follow`, also those that are added until the container has ended. */
async function* rawLines(
  folder: string,
  follow: boolean,
  ended: AbortSignal,
  signal: AbortSignal,
): AsyncGenerator<string | typeof END_OF_FILE> {
  const changes = follow ? watchFolder(folder, AbortSignal.any([signal, ended])) : undefined;
  try {
    const old = await openIfThere(join(folder, OLD_LOG_FILE));
    if (old !== undefined) {
      yield* new LineReader(old).lines();
      await old.close();
    }
    let file = await openIfThere(join(folder, LOG_FILE));
    let reader = file === undefined ? undefined : new LineReader(file);
    let caughtUp = false;
    try {
      while (!signal.aborted) {
        // Asked before reading: what was written before the end is then surely read.
        const last = !follow || ended.aborted;
        if (reader !== undefined) yield* reader.lines();
        if (!caughtUp) yield END_OF_FILE;
        caughtUp = true;
        if (last) return;
        const next = file === undefined ? await openIfThere(join(folder, LOG_FILE)) : await replaced(folder, file);
        if (next !== undefined) {
          if (reader !== undefined) yield* reader.lines();
          await file?.close();
          file = next;
          reader = new LineReader(file);
          continue;
        }
        await changes?.next();
      }
    } finally {
      await file?.close();
    }
  } finally {
    changes?.close();
  }
}

const openIfThere = async (path: string): Promise<FileHandle | undefined> => {
  try {
    return await open(path, 'r');
  } catch {
    return undefined;
  }
};

/** The current log file when it is no longer the open one, because it was rotated. */
const replaced = async (folder: string, file: FileHandle): Promise<FileHandle | undefined> => {
  const current = await openIfThere(join(folder, LOG_FILE));
  if (current === undefined) return undefined;
  if ((await current.stat()).ino !== (await file.stat()).ino) return current;
  await current.close();
  return undefined;
};

/** Reads complete lines as a file grows. */
class LineReader {
  readonly #file: FileHandle;
  #position = 0;
  #rest = Buffer.alloc(0);

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async *lines(): AsyncGenerator<string> {
    const chunk = Buffer.alloc(CHUNK);
    for (;;) {
      const { bytesRead } = await this.#file.read(chunk, 0, CHUNK, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      let text = Buffer.concat([this.#rest, chunk.subarray(0, bytesRead)]);
      let newline = text.indexOf(10);
      while (newline >= 0) {
        yield text.toString('utf8', 0, newline);
        text = text.subarray(newline + 1);
        newline = text.indexOf(10);
      }
      this.#rest = Buffer.from(text);
    }
  }
}

interface Changes {
  /** Resolves when something in the folder has changed since the last call, or the signal has fired. */
  next(): Promise<void>;
  close(): void;
}

const watchFolder = (folder: string, signal: AbortSignal): Changes => {
  let changed = false;
  let wake: (() => void) | undefined;
  const tell = (): void => {
    changed = true;
    wake?.();
  };
  const stop = startWatching(folder, tell);
  signal.addEventListener('abort', tell, { once: true });
  return {
    next: async () => {
      if (!changed && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      changed = false;
    },
    close: () => {
      stop();
      signal.removeEventListener('abort', tell);
    },
  };
};

const startWatching = (folder: string, tell: () => void): (() => void) => {
  try {
    const watcher = watch(folder, tell);
    watcher.on('error', tell);
    return () => watcher.close();
  } catch {
    const timer = setInterval(tell, LOOK_MS);
    return () => clearInterval(timer);
  }
};
