import { versionOf } from '../../objects/kind.js';
import type { KubeObject } from '../../objects/object.js';
import type { OperationPhase, ResourceResult } from '../applications/application.js';
import { groupKindName } from '../compare/resource-id.js';
import type { Health } from '../health/health.js';
import type { SyncTask } from './plan.js';
import { stepsOf } from './plan.js';

/** Results of a sync's tasks by their keys: what is kept in `status.operationState.syncResult`. */
export type TaskResults = ReadonlyMap<string, ResourceResult>;

/** What a sync does next. */
export type NextStep =
  | { readonly type: 'run'; readonly tasks: readonly SyncTask[] }
  | { readonly type: 'wait'; readonly message: string }
  /** Nothing happens, for however long, until a person approves deletions. */
  | { readonly type: 'approval'; readonly message: string }
  | { readonly type: 'failed'; readonly message: string; readonly failure: FailureKind }
  | { readonly type: 'done' };

/** Whether trying the same again may help: a refused write or a failed hook may, a container that does not start not. */
export type FailureKind = 'apply' | 'hook' | 'health' | 'prune';

/** The message of an apply that changed nothing. */
export const UNCHANGED = 'unchanged';

/** What a sync can see of a task's object now. */
export interface TaskState {
  readonly live: KubeObject | undefined;
  readonly health: Health | undefined;
}

export const resultKey = ({ syncPhase, group, kind, namespace, name }: ResourceResult): string =>
  `${syncPhase ?? 'Sync'} ${group}/${kind}:${namespace}/${name}`;

export const resultsOf = (results: readonly ResourceResult[]): Map<string, ResourceResult> =>
  new Map(results.map((result) => [resultKey(result), result]));

/** A result for a task as it goes into the status. */
export const resultFor = (
  task: SyncTask,
  result: Pick<ResourceResult, 'status' | 'message' | 'hookPhase'>,
): ResourceResult => {
  const { group, kind, namespace, name } = task.id;
  const object = task.target?.object ?? task.live;
  return {
    group,
    version: object === undefined ? '' : versionOf(object.apiVersion),
    kind,
    namespace,
    name,
    syncPhase: task.phase,
    ...(task.hook ? { hookType: task.phase } : {}),
    ...result,
  };
};

/**
 * Brings the results of running tasks up to date with what their objects have become. `isLast` says whether nothing
 * comes after a task: there, an object that is suspended on purpose and a child application, which looks after itself,
 * hold nothing up.
 */
export const updateRunning = (
  tasks: readonly SyncTask[],
  results: TaskResults,
  stateOf: (task: SyncTask) => TaskState,
): Map<string, ResourceResult> => {
  const updated = new Map(results);
  const last = stepsOf(tasks.filter(({ phase }) => phase !== 'SyncFail')).at(-1) ?? [];
  for (const task of tasks) {
    const result = results.get(task.key);
    if (result?.hookPhase !== 'Running') continue;
    const next = runningResult(task, result, stateOf(task), last.includes(task));
    if (next !== result) updated.set(task.key, next);
  }
  return updated;
};

const runningResult = (task: SyncTask, result: ResourceResult, state: TaskState, isLast: boolean): ResourceResult => {
  const phase = (hookPhase: OperationPhase, message: string | undefined): ResourceResult => ({
    ...result,
    hookPhase,
    ...(message === undefined ? {} : { message }),
  });
  if (task.target === undefined) return state.live === undefined ? phase('Succeeded', 'pruned') : result;
  if (state.live === undefined) return phase('Error', 'is missing; it might have been deleted while the sync ran');
  const { health } = state;
  if (health === undefined || health.status === 'Healthy')
    return phase('Succeeded', task.hook ? health?.message : undefined);
  if (task.hook) {
    const failed = health.status === 'Degraded' || health.status === 'Unknown';
    return failed ? phase('Failed', health.message ?? health.status) : result;
  }
  const isChild = task.id.kind === 'Application' && task.id.group === 'argoproj.io';
  if (isLast && (isChild || health.status === 'Suspended')) return phase('Succeeded', undefined);
  // What was degraded before, and was not touched, gets the whole time to recover.
  if (health.status === 'Degraded' && !isChild && result.message !== UNCHANGED) return phase('Failed', health.message);
  return result;
};

/**
 * Decides what comes next, from the plan and what became of its tasks. Pure: the same state gives the same answer.
 * `approved`: a person has approved the deletions that need it; without, their whole step is held back.
 */
export const nextStep = (tasks: readonly SyncTask[], results: TaskResults, approved = false): NextStep => {
  const main = tasks.filter(({ phase }) => phase !== 'SyncFail');
  for (const step of stepsOf(main)) {
    const failed = step.filter((task) => hasFailed(results.get(task.key)));
    const pending = step.filter((task) => results.get(task.key) === undefined);
    const running = step.filter((task) => results.get(task.key)?.hookPhase === 'Running');
    // Tasks of one step run together, and one that fails does not stop the others; it stops what comes after.
    const held = approved ? [] : pending.filter(needsApproval);
    if (held.length > 0 && failed.length === 0) return { type: 'approval', message: approvalMessage(held) };
    if (pending.length > 0 && held.length === 0) return { type: 'run', tasks: pending };
    if (failed.length > 0)
      return { type: 'failed', message: failureMessage(failed, results), failure: failureKind(failed, results) };
    if (running.length > 0) return { type: 'wait', message: waitMessage(running) };
  }
  return { type: 'done' };
};

/** The tasks of the SyncFail phase that still have to run, after a failure. */
export const nextFailStep = (tasks: readonly SyncTask[], results: TaskResults): NextStep => {
  for (const step of stepsOf(tasks.filter(({ phase }) => phase === 'SyncFail'))) {
    const pending = step.filter((task) => results.get(task.key) === undefined);
    if (pending.length > 0) return { type: 'run', tasks: pending };
    const running = step.filter((task) => results.get(task.key)?.hookPhase === 'Running');
    if (running.length > 0) return { type: 'wait', message: waitMessage(running) };
  }
  return { type: 'done' };
};

const hasFailed = (result: ResourceResult | undefined): boolean =>
  result?.hookPhase === 'Failed' || result?.hookPhase === 'Error' || result?.status === 'SyncFailed';

const failureKind = (failed: readonly SyncTask[], results: TaskResults): FailureKind => {
  if (failed.some((task) => results.get(task.key)?.status === 'SyncFailed')) return 'apply';
  return failed.some(({ hook }) => hook) ? 'hook' : 'health';
};

const failureMessage = (failed: readonly SyncTask[], results: TaskResults): string => {
  const [first] = failed;
  if (first === undefined) return '';
  const why = results.get(first.key)?.message ?? 'failed';
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : '';
  return `${first.hook ? 'hook ' : ''}${groupKindName(first.id)}: ${why}${more}`;
};

/** Whether a task deletes an object that wants a person's approval for it. */
export const needsApproval = ({ needsApproval: needs, skip }: SyncTask): boolean =>
  needs === true && skip === undefined;

const approvalMessage = (held: readonly SyncTask[]): string => {
  const [first] = held;
  if (first === undefined) return '';
  const { group, kind, name } = first.id;
  const more = held.length > 1 ? ` and ${held.length - 1} more resources` : '';
  return `waiting for pruning confirmation of ${group}/${kind}/${name}${more}`;
};

const waitMessage = (running: readonly SyncTask[]): string => {
  const [first] = running;
  if (first === undefined) return '';
  const more = running.length > 1 ? ` and ${running.length - 1} more resources` : '';
  const what = first.target === undefined ? 'deletion' : first.hook ? 'completion of hook' : 'healthy state';
  return `waiting for ${what} of ${groupKindName(first.id)}${more}`;
};
