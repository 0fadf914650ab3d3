import { connect } from 'node:net';
import { networkError } from './http-probe.js';
import type { ProbeResult } from './probe-handler.js';
import { failure, success } from './probe-handler.js';
import { timeoutSignal } from '../../../objects/timeout-signal.js';

/** Opens a connection and closes it. */
export const probeTcp = (host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<ProbeResult> =>
  new Promise((resolve, reject) => {
    const limited = AbortSignal.any([signal, timeoutSignal(timeoutMs)]);
    const socket = connect({ host, port });
    const end = (result: ProbeResult): void => {
      limited.removeEventListener('abort', abort);
      socket.destroy();
      resolve(result);
    };
    const abort = (): void => {
      socket.destroy();
      if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      else end(failure(`dial tcp ${host}:${port}: i/o timeout`));
    };
    limited.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => end(success('')));
    socket.once('error', (error) => end(failure(networkError(error))));
  });
