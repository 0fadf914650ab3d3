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
  const keeper = await connectKeeper(socketPath, (event) => {
    if (event.event !== 'output' || event.containerId !== containerId) return;
    const target = event.stream === 'stderr' && !options.tty ? options.stderr : options.stdout;
    target?.write(Buffer.from(event.data, 'base64'));
  });
  if (keeper === undefined) throw new RuntimeFailure('unavailable', 'the keeper of the containers does not answer');
  const onAbort = (): void => keeper.close();
  try {
    await keeper.ask({ op: 'attach', containerId });
    if (signal.aborted) return;
    signal.addEventListener('abort', onAbort, { once: true });
    if (options.stdin !== undefined) {
      void sendInput(options.stdin, (data) => keeper.ask({ op: 'stdin', containerId, ...data })).catch(() => undefined);
    }
    await keeper.closed;
  } finally {
    signal.removeEventListener('abort', onAbort);
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
