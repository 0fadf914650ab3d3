import type { StreamOptions } from '../container-runtime.js';
import { RuntimeFailure } from '../container-runtime.js';
import { connectKeeper } from './keeper-client.js';

/** Connects streams to those of a running container, over a connection to the keeper of its own. */
export const attachToKeeper = async (
  socketPath: string,
  containerId: string,
  options: Omit<StreamOptions, 'command'>,
  signal: AbortSignal,
): Promise<void> => {
  // Its end is told on this connection, behind its last output.
  const ended = new AbortController();
  const keeper = await connectKeeper(socketPath, (event) => {
    if (event.containerId !== containerId) return;
    if (event.event === 'exited') {
      ended.abort();
      return;
    }
    const target = event.stream === 'stderr' && !options.tty ? options.stderr : options.stdout;
    target?.write(Buffer.from(event.data, 'base64'));
  });
  if (keeper === undefined) throw new RuntimeFailure('unavailable', 'the keeper of the containers does not answer');
  const either = AbortSignal.any([signal, ended.signal]);
  const onAbort = (): void => keeper.close();
  try {
    await keeper.ask({ op: 'attach', containerId });
    const running = (await keeper.ask({ op: 'running' })) as readonly string[];
    if (either.aborted || !running.includes(containerId)) return;
    either.addEventListener('abort', onAbort, { once: true });
    if (options.stdin !== undefined) {
      void sendInput(options.stdin, (data) => keeper.ask({ op: 'stdin', containerId, ...data })).catch(() => undefined);
    }
    await keeper.closed;
  } finally {
    either.removeEventListener('abort', onAbort);
    keeper.close();
  }
};

const sendInput = async (
  stdin: AsyncIterable<Buffer | string>,
  send: (part: { data?: string; end?: boolean }) => Promise<unknown>,
): Promise<void> => {
  for await (const chunk of stdin) await send({ data: Buffer.from(chunk).toString('base64') });
  await send({ end: true });
};
