import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import type { LogOptions } from '../container-runtime.js';
import { demultiplex } from './demultiplex.js';

/** The engine's log of a container as text. */
export const engineLogs = async (
  container: Docker.Container,
  options: LogOptions,
  signal: AbortSignal,
): Promise<Readable> => {
  const tty = (await container.inspect({ abortSignal: signal })).Config.Tty;
  const closed = new AbortController();
  const query = {
    stdout: options.stream !== 'stderr',
    stderr: options.stream !== 'stdout',
    timestamps: options.timestamps,
    ...(options.tailLines === undefined ? {} : { tail: options.tailLines }),
    ...(options.since === undefined ? {} : { since: sinceText(options.since) }),
    abortSignal: AbortSignal.any([signal, closed.signal]),
  };
  const source = options.follow
    ? await container.logs({ ...query, follow: true })
    : Readable.from([await container.logs({ ...query, follow: false })]);
  const text = Readable.from(output(Readable.from(source), tty, options.limitBytes, signal), { objectMode: false });
  text.once('close', () => {
    closed.abort();
    if (source instanceof Readable) source.destroy();
  });
  return text;
};

/** Seconds and nanoseconds, as the engine wants them. */
const sinceText = (milliseconds: number): string =>
  `${Math.floor(milliseconds / 1000)}.${String(Math.floor(milliseconds % 1000)).padStart(3, '0')}000000`;

async function* output(
  source: AsyncIterable<Buffer | string>,
  tty: boolean,
  limitBytes: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let left = limitBytes ?? Number.POSITIVE_INFINITY;
  try {
    for await (const { data } of demultiplex(source, tty)) {
      if (data.length >= left) {
        yield data.subarray(0, left);
        return;
      }
      left -= data.length;
      yield data;
    }
  } catch (error) {
    // A follower who leaves ends the stream; that is no failure.
    if (!signal.aborted) throw error;
  }
}
