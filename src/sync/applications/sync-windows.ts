import { ScheduleError, parseSchedule } from '../../objects/cron-schedule.js';
import type { Schedule } from '../../objects/cron-schedule.js';
import { DurationError, parseDurationMs } from '../../objects/duration.js';
import type { AppProjectSpec, Application, SyncWindow } from './application.js';
import { IN_CLUSTER_NAME, IN_CLUSTER_SERVER } from './application.js';
import { matchesGlob } from './project-rules.js';

/** Whether the windows of a project let an application be synced. */
export interface WindowVerdict {
  readonly mayStart: boolean;
  /** Which window is in the way. */
  readonly reason?: string;
  /** When a window opens or closes next, in milliseconds since 1970. */
  readonly changesAt?: number;
}

interface OpenWindow {
  readonly window: SyncWindow;
  readonly isActive: boolean;
  /** When it closes, or opens next. */
  readonly changesAt: number | undefined;
}

/**
 * Argo CD's rules: an active window that denies forbids, one that allows permits; while only inactive ones that allow
 * are left, syncing is forbidden. What a person starts passes windows that all have `manualSync`. Windows that cannot
 * be read forbid.
 */
export const judgeWindows = (
  project: AppProjectSpec | undefined,
  application: Application,
  now: number,
  isManual: boolean,
): WindowVerdict => {
  const matching = (project?.syncWindows ?? []).filter((window) => concerns(window, application));
  if (matching.length === 0) return { mayStart: true };
  let windows: readonly OpenWindow[];
  try {
    windows = matching.map((window) => openWindow(window, now));
  } catch (error) {
    if (!(error instanceof ScheduleError) && !(error instanceof DurationError)) throw error;
    return { mayStart: false, reason: `invalid sync windows: ${error.message}` };
  }
  const times = windows.flatMap(({ changesAt }) => changesAt ?? []);
  const changesAt = times.length === 0 ? {} : { changesAt: Math.min(...times) };
  const inTheWay = blocking(windows);
  if (inTheWay.length === 0 || (isManual && inTheWay.every(({ window }) => window.manualSync === true))) {
    return { mayStart: true, ...changesAt };
  }
  return { mayStart: false, reason: inTheWay.map(describeWindow).join(', '), ...changesAt };
};

const blocking = (windows: readonly OpenWindow[]): readonly OpenWindow[] => {
  const denying = windows.filter(({ window, isActive }) => isActive && window.kind === 'deny');
  if (denying.length > 0) return denying;
  const allowing = windows.filter(({ window }) => window.kind === 'allow');
  return allowing.some(({ isActive }) => isActive) ? [] : allowing;
};

const describeWindow = ({ window, isActive, changesAt }: OpenWindow): string => {
  const what = `${window.kind} window "${window.schedule}" for ${window.duration}`;
  const until = changesAt === undefined ? '' : ` until ${new Date(changesAt).toISOString().replace(/\.\d+Z$/, 'Z')}`;
  return `${what} is ${isActive ? 'active' : 'closed'}${until}`;
};

const openWindow = (window: SyncWindow, now: number): OpenWindow => {
  const schedule = scheduleOf(window);
  const duration = parseDurationMs(window.duration);
  const start = schedule.next(now - duration);
  const isActive = start !== undefined && start <= now;
  return { window, isActive, changesAt: isActive ? lastEnd(schedule, start, duration) : schedule.next(now) };
};

/** Windows of one schedule may overlap: the last of them ends it. Where many do, it is looked at again on the way. */
const lastEnd = (schedule: Schedule, start: number, duration: number): number => {
  let last = start;
  for (let turn = 0; turn < MAX_OVERLAPS; turn++) {
    const next = schedule.next(last);
    if (next === undefined || next > last + duration) break;
    last = next;
  }
  return last + duration;
};

const MAX_OVERLAPS = 20;

/** As in Argo CD, a time zone that is not known counts as UTC. */
const scheduleOf = ({ schedule, timeZone }: SyncWindow): Schedule =>
  parseSchedule(schedule, timeZone !== undefined && isTimeZone(timeZone) ? timeZone : 'UTC');

const isTimeZone = (timeZone: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
};

const concerns = (window: SyncWindow, { metadata, spec }: Application): boolean => {
  const { server, name, namespace = '' } = spec.destination;
  const servers = [server ?? (name === IN_CLUSTER_NAME ? IN_CLUSTER_SERVER : undefined)];
  const names = [name ?? (server === IN_CLUSTER_SERVER ? IN_CLUSTER_NAME : undefined)];
  const clusters = [...servers, ...names].filter((text) => text !== undefined);
  const checks = [
    { patterns: window.applications ?? [], texts: [metadata.name] },
    { patterns: window.clusters ?? [], texts: clusters },
    { patterns: window.namespaces ?? [], texts: [namespace] },
  ].filter(({ patterns }) => patterns.length > 0);
  const isMatch = ({ patterns, texts }: (typeof checks)[number]): boolean =>
    patterns.some((pattern) => texts.some((text) => matchesGlob(pattern, text)));
  return checks.length > 0 && (window.andOperator === true ? checks.every(isMatch) : checks.some(isMatch));
};
