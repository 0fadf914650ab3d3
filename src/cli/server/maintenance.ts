import { schedule as scheduleCron } from 'node-cron';
import type { Logger } from 'pino';
import type { Store } from '../../cluster/store/store.js';
import type { Clock } from '../../objects/clock.js';
import type { MaintenanceReport } from '../../sync/maintenance.js';
import type { Operator } from '../../sync/operator.js';

/** Calls back whenever a cron expression says so, in local time; returns the unsubscriber. */
export type Schedule = (expression: string, name: string, run: () => Promise<void>) => () => Promise<void>;

/** node-cron: a run that is still under way is not joined by another one, and nothing keeps the process alive. */
const nodeCron =
  (log: Logger): Schedule =>
  (expression, name, run) => {
    const logger = {
      debug: (message: string | Error) => log.debug({ schedule: name }, String(message)),
      info: (message: string) => log.info({ schedule: name }, message),
      warn: (message: string) => log.warn({ schedule: name }, message),
      error: (message: string | Error, error?: Error) => log.error({ schedule: name, err: error }, String(message)),
    };
    const task = scheduleCron(expression, run, { name, noOverlap: true, unref: true, logger });
    return async () => await task.destroy();
  };

export interface MaintenanceOptions {
  /** A cron expression, or `off`. */
  readonly when: string;
  readonly operator: Pick<Operator, 'maintain'>;
  readonly store: Pick<Store, 'revision' | 'compact'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default: node-cron. */
  readonly schedule?: Schedule;
}

/** A revision that was the newest one at a time, in milliseconds since 1970. */
export interface RevisionMark {
  readonly at: number;
  readonly revision: number;
}

/** How often the store's revision is noted. */
const MARKS = '*/15 * * * *';
/** Watches that were away for less than this find every event that they have missed. */
const KEPT_EVENTS_MS = 3_600_000;

/** The newest mark that was made at `time` or before. */
export const markBefore = (marks: readonly RevisionMark[], time: number): RevisionMark | undefined =>
  marks.findLast(({ at }) => at <= time);

/** Adds a mark and lets those go that no later question can be answered with. */
export const addMark = (marks: readonly RevisionMark[], mark: RevisionMark): readonly RevisionMark[] => {
  const oldest = markBefore(marks, mark.at - KEPT_EVENTS_MS);
  return [...marks.filter(({ at }) => oldest === undefined || at >= oldest.at), mark];
};

/** Schedules the maintenance of a server. Resolves, when it is stopped, after a run that is under way has ended. */
export const startMaintenance = (options: MaintenanceOptions): (() => Promise<void>) => {
  const { when, store, clock, log, schedule = nodeCron(options.log) } = options;
  if (when === 'off') return async () => undefined;
  const stopping = new AbortController();
  let running = Promise.resolve();
  let marks: readonly RevisionMark[] = [];
  const note = (): void => {
    marks = addMark(marks, { at: clock.now(), revision: store.revision });
  };
  note();
  const compact = async (): Promise<void> => {
    const mark = markBefore(marks, clock.now() - KEPT_EVENTS_MS);
    if (mark === undefined) return;
    await store.compact(mark.revision);
    log.info({ revision: mark.revision }, 'maintenance has forgotten the events up to a revision');
  };
  /** Each part for itself: what keeps one from its work keeps no other from it. */
  const part = async (name: string, work: () => Promise<void>): Promise<void> => {
    try {
      if (!stopping.signal.aborted) await work();
    } catch (error) {
      if (!stopping.signal.aborted) log.error({ step: name, err: error }, 'a step of maintenance has failed');
    }
  };
  const run = async (): Promise<void> => {
    await part('operator', async () => logReport(log, await options.operator.maintain(stopping.signal)));
    await part('store', compact);
  };
  const guarded = (): Promise<void> => {
    running = run();
    return running;
  };
  const stops = [schedule(MARKS, 'revision marks', async () => note()), schedule(when, 'maintenance', guarded)];
  return async () => {
    stopping.abort();
    for (const stop of stops) await stop();
    await running;
  };
};

const logReport = (log: Logger, report: MaintenanceReport): void => {
  for (const step of report) {
    if ('error' in step) log.warn({ step: step.name, err: step.error }, 'a step of maintenance has failed');
    else log.info({ step: step.name, ...step.freed }, 'maintenance has freed space');
  }
};
