import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A log grows to this size twice: the current file and the one before it. */
const ROTATE_BYTES = 10 * 1024 * 1024;
/** Longer lines are written in parts, as container engines do. */
const LINE_BYTES = 16 * 1024;

export const LOG_FILE = 'log';
export const OLD_LOG_FILE = 'log.1';

/**
 * Writes output in the log format of the CRI: `<RFC 3339 time> <stdout|stderr> <F|P> <text>`, where P marks a part of
 * a line that goes on in the next record. Writes synchronously, so that what a container said is on its way to the disk
 * before its end is told.
 */
export class LogWriter {
  readonly #folder: string;
  readonly #now: () => number;
  readonly #open: Record<'stdout' | 'stderr', Buffer> = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  #file: number;
  #size: number;

  constructor(folder: string, now: () => number) {
    this.#folder = folder;
    this.#now = now;
    this.#file = openSync(join(folder, LOG_FILE), 'a', 0o600);
    this.#size = statSync(join(folder, LOG_FILE)).size;
  }

  write(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    let text = this.#open[stream].length === 0 ? chunk : Buffer.concat([this.#open[stream], chunk]);
    const records: Buffer[] = [];
    for (;;) {
      const newline = text.indexOf(10);
      if (newline >= 0 && newline <= LINE_BYTES) {
        records.push(this.#record(stream, 'F', text.subarray(0, newline)));
        text = text.subarray(newline + 1);
      } else if (text.length > LINE_BYTES) {
        records.push(this.#record(stream, 'P', text.subarray(0, LINE_BYTES)));
        text = text.subarray(LINE_BYTES);
      } else break;
    }
    this.#open[stream] = text;
    if (records.length > 0) this.#append(Buffer.concat(records));
  }

  /** Writes what has no line end yet. */
  close(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#open[stream].length > 0) this.#append(this.#record(stream, 'F', this.#open[stream]));
    }
    closeSync(this.#file);
  }

  #record(stream: string, tag: 'F' | 'P', text: Buffer): Buffer {
    const time = new Date(this.#now()).toISOString().replace('Z', '000000Z');
    return Buffer.concat([Buffer.from(`${time} ${stream} ${tag} `), text, Buffer.from('\n')]);
  }

  #append(records: Buffer): void {
    if (this.#size > 0 && this.#size + records.length > ROTATE_BYTES) {
      closeSync(this.#file);
      renameSync(join(this.#folder, LOG_FILE), join(this.#folder, OLD_LOG_FILE));
      this.#file = openSync(join(this.#folder, LOG_FILE), 'a', 0o600);
      this.#size = 0;
    }
    writeSync(this.#file, records);
    this.#size += records.length;
  }
}
