import type { Duplex, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { CommandStreams, RemoteCommand } from './remote-command.js';
import { TerminalSizes } from './remote-command.js';
import type { SpdyStream } from './spdy/spdy-connection.js';
import { SpdyConnection } from './spdy/spdy-connection.js';
import { timeoutSignal } from '../../../objects/timeout-signal.js';

/** Protocol versions over SPDY, newest first; from v4 on the error stream carries a Status. */
export const SPDY_COMMAND_PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
];

/** How long a client may take to open its streams. */
const OPENING_MS = 30_000;

/** The streams of a command over SPDY; resolves when the client has opened all of them. */
export const spdyStreams = async (
  transport: Duplex,
  request: RemoteCommand,
  protocol: string,
  signal: AbortSignal,
): Promise<CommandStreams> => {
  const wanted = wantedTypes(request, protocol);
  const streams = new Map<string, SpdyStream>();
  let complete: (() => void) | undefined;
  const opened = new Promise<void>((resolve) => {
    complete = resolve;
  });
  const connection = new SpdyConnection(transport, (stream) => {
    const type = stream.headers.get('streamtype') ?? '';
    if (!wanted.includes(type) || streams.has(type)) return false;
    streams.set(type, stream);
    if (streams.size === wanted.length) complete?.();
    return true;
  });
  await withTimeout(opened, transport, signal);
  const resize = streams.get('resize');
  const sizes = resize === undefined ? undefined : readSizes(resize);
  return {
    stdin: streams.get('stdin'),
    stdout: streams.get('stdout'),
    stderr: streams.get('stderr'),
    resize: sizes,
    finish: async (status) => {
      await Promise.all(['stdout', 'stderr'].map((type) => endOutput(streams.get(type))));
      const error = streams.get('error');
      if (error !== undefined) {
        error.end(errorText(status, protocol));
        await finished(error, { readable: false }).catch(() => undefined);
      }
      sizes?.end();
      connection.close();
    },
  };
};

const wantedTypes = (request: RemoteCommand, protocol: string): readonly string[] => [
  'error',
  ...(request.stdin ? ['stdin'] : []),
  ...(request.stdout ? ['stdout'] : []),
  ...(request.stderr && !request.tty ? ['stderr'] : []),
  ...(request.tty && protocol !== 'v2.channel.k8s.io' ? ['resize'] : []),
];

const errorText = (status: Readonly<Record<string, unknown>>, protocol: string): string => {
  if (protocol === 'v5.channel.k8s.io' || protocol === 'v4.channel.k8s.io') return JSON.stringify(status);
  return status['status'] === 'Success' ? '' : String(status['message']);
};

const endOutput = async (stream: SpdyStream | undefined): Promise<void> => {
  if (stream === undefined || stream.destroyed) return;
  stream.end();
  await finished(stream, { readable: false }).catch(() => undefined);
};

/** Sizes come as JSON objects one after the other. */
const readSizes = (stream: Readable): TerminalSizes => {
  const sizes = new TerminalSizes();
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString('utf8')).split('}');
    rest = (parts.pop() ?? '').slice(-1024);
    for (const part of parts) sizes.push(`${part}}`);
  });
  stream.once('close', () => sizes.end());
  return sizes;
};

const withTimeout = (opened: Promise<void>, transport: Duplex, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const limit = AbortSignal.any([signal, timeoutSignal(OPENING_MS)]);
    const fail = (): void => reject(new Error('the client did not open its streams'));
    limit.addEventListener('abort', fail, { once: true });
    transport.once('close', fail);
    opened.then(
      () => {
        limit.removeEventListener('abort', fail);
        transport.off('close', fail);
        resolve();
      },
      () => fail(),
    );
  });
