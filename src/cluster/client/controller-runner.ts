import type { Logger } from 'pino';
import type { Clock } from '../../objects/clock.js';
import type { ObjectKey } from '../../objects/object.js';
import { keyText } from '../../objects/object.js';
import { isApiError } from '../../objects/api-error.js';
import type { Controller, Outcome } from './controller.js';
import { TerminalError } from './controller.js';
import type { InformerSet } from './informer.js';
import { WorkQueue } from './work-queue.js';

export interface RunDeps {
  readonly informers: InformerSet;
  readonly clock: Clock;
  readonly log: Logger;
}

type Result =
  | { readonly type: 'outcome'; readonly outcome: Outcome }
  | { readonly type: 'terminal'; readonly error: TerminalError }
  | { readonly type: 'failed'; readonly error: unknown };

/**
 * Runs controllers until the signal fires, then waits for the reconciles under way and resolves. Starts the informers.
 */
export const runControllers = async (
  controllers: readonly Controller[],
  deps: RunDeps,
  signal: AbortSignal,
): Promise<void> => {
  for (const controller of controllers) {
    for (const watch of controller.watches) deps.informers.informer(watch.kind);
  }
  await deps.informers.start(signal);
  if (signal.aborted) return;
  await Promise.all(controllers.map((controller) => runController(controller, deps, signal)));
};

const runController = async (controller: Controller, deps: RunDeps, signal: AbortSignal): Promise<void> => {
  const log = deps.log.child({ controller: controller.name });
  const queue = new WorkQueue({ clock: deps.clock });
  const stop = onAbort(signal, () => queue.close());
  let overflowed = false;
  const enqueue = (key: ObjectKey): void => {
    overflowed = !queue.add(key) || overflowed;
  };
  const subscribe = (): (() => void)[] =>
    controller.watches.map((watch) =>
      deps.informers.informer(watch.kind).onEvent((event) => {
        for (const key of watch.keys(event.object, event.previous)) enqueue(key);
      }),
    );
  let unsubscribers = subscribe();
  /** Keys were refused by a full queue: every object is told again once the queue is empty. */
  const catchUp = (): void => {
    if (!overflowed || queue.length > 0) return;
    overflowed = false;
    log.warn('the queue was full; all objects are reconciled again');
    for (const unsubscribe of unsubscribers) unsubscribe();
    unsubscribers = subscribe();
  };
  const work = async (): Promise<void> => {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
      const result = await attempt(controller, key, signal);
      settle(queue, key, result, log, signal);
      queue.done(key);
      catchUp();
    }
  };
  const source = controller.source?.(enqueue, signal) ?? Promise.resolve();
  try {
    await Promise.all([source, ...Array.from({ length: controller.concurrency ?? 16 }, work)]);
  } finally {
    for (const unsubscribe of unsubscribers) unsubscribe();
    await stop();
  }
};

/** Calls `close` when the signal fires; the returned function makes sure that it has happened. */
const onAbort = (signal: AbortSignal, close: () => Promise<void>): (() => Promise<void>) => {
  let closing: Promise<void> | undefined;
  const closeOnce = (): void => {
    closing ??= close();
  };
  signal.addEventListener('abort', closeOnce, { once: true });
  return async () => {
    signal.removeEventListener('abort', closeOnce);
    closeOnce();
    await closing;
  };
};

const attempt = async (controller: Controller, key: ObjectKey, signal: AbortSignal): Promise<Result> => {
  try {
    return { type: 'outcome', outcome: await controller.reconcile(key, signal) };
  } catch (error) {
    return error instanceof TerminalError ? { type: 'terminal', error } : { type: 'failed', error };
  }
};

const settle = (queue: WorkQueue, key: ObjectKey, result: Result, log: Logger, signal: AbortSignal): void => {
  switch (result.type) {
    case 'outcome':
      queue.forget(key);
      if ('requeueAfterMs' in result.outcome) queue.addAfter(key, result.outcome.requeueAfterMs);
      return;
    case 'terminal':
      queue.forget(key);
      log.warn({ key: keyText(key), err: result.error }, 'not tried again before something changes');
      return;
    case 'failed': {
      const retryInMs = queue.addRateLimited(key);
      // Two writers met, and the next attempt sees the newer state; or all of this is being stopped. Not worth a warning.
      const level = signal.aborted || isApiError(result.error, 'Conflict') ? 'debug' : 'warn';
      log[level]({ key: keyText(key), err: result.error, retryInMs }, 'reconcile failed');
    }
  }
};
