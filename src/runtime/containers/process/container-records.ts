import type { Clock } from '../../../objects/clock.js';
import type { ContainerStatus } from '../container-runtime.js';
import type { KeeperConnection } from './keeper-client.js';
import type { ProcessState } from './keeper-protocol.js';
import { processIdentity, signalGroup } from './process-identity.js';
import type { StateFolder, StoredContainer } from './stored-state.js';

/** A container as this process knows it. `ended` fires once, when it has ended. */
export interface ContainerRecord {
  readonly stored: StoredContainer;
  state: ProcessState | undefined;
  readonly ended: AbortController;
}

export const isRunning = (record: ContainerRecord): boolean =>
  record.state !== undefined && record.state.finishedAt === undefined;

/** Resolves when the container has ended; rejects when the signal fires before. */
export const untilEnded = (record: ContainerRecord, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const { signal: ended } = record.ended;
    const onEnded = (): void => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    const onAbort = (): void => {
      ended.removeEventListener('abort', onEnded);
      reject(signal.reason as Error);
    };
    if (ended.aborted) resolve();
    else if (signal.aborted) reject(signal.reason as Error);
    else {
      ended.addEventListener('abort', onEnded, { once: true });
      signal.addEventListener('abort', onAbort, { once: true });
    }
  });

export const statusOf = ({ stored, state }: ContainerRecord): ContainerStatus => {
  const container = {
    id: stored.id,
    sandboxId: stored.sandboxId,
    name: stored.config.name,
    attempt: stored.config.attempt,
    image: stored.config.image,
    imageId: stored.config.imageId,
    createdAt: stored.createdAt,
    labels: stored.config.labels,
    annotations: stored.config.annotations,
  };
  if (state === undefined) return { ...container, state: 'created' };
  if (state.finishedAt === undefined) return { ...container, state: 'running', startedAt: state.startedAt };
  const exitCode = state.exitCode ?? 255;
  return {
    ...container,
    state: 'exited',
    startedAt: state.startedAt,
    finishedAt: state.finishedAt,
    exitCode,
    ...(state.signal === undefined ? {} : { signal: state.signal }),
    reason: state.pid === undefined ? 'ContainerCannotRun' : exitCode === 0 ? 'Completed' : 'Error',
    ...(state.error === undefined ? {} : { message: state.error }),
  };
};

/**
 * What became of a container that was running when this process last looked: it runs still under the keeper, its end
 * was written down, or the keeper has died too. Then nobody reads its output and its exit code is lost: it is killed,
 * but only when the process with its pid is the one that was started.
 */
export const reconcileRecord = async (
  record: ContainerRecord,
  keeper: KeeperConnection | undefined,
  folder: StateFolder,
  clock: Clock,
): Promise<ProcessState | undefined> => {
  const running = keeper === undefined ? [] : ((await keeper.ask({ op: 'running' })) as readonly string[]);
  if (running.includes(record.stored.id)) return folder.loadState(record.stored.id) ?? record.state;
  const state = folder.loadState(record.stored.id) ?? record.state;
  if (state === undefined || state.finishedAt !== undefined) return state;
  if (state.pid !== undefined && state.identity !== undefined && processIdentity(state.pid) === state.identity) {
    signalGroup(state.pid, 'SIGKILL');
  }
  const lost: ProcessState = {
    ...state,
    finishedAt: clock.now(),
    exitCode: 137,
    error: 'The keeper of this container ended (was the machine restarted?), so its exit code is not known.',
  };
  folder.saveState(record.stored.id, lost);
  return lost;
};
