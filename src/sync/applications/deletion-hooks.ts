import type { Clock } from '../../objects/clock.js';
import type { Client } from '../../cluster/client/client.js';
import type { KubeObject } from '../../objects/object.js';
import type { LiveObjects } from '../compare/live-objects.js';
import { groupKindName } from '../compare/resource-id.js';
import type { Target } from '../compare/targets.js';
import type { HookType } from '../execute/annotations.js';
import { hookTypes, statedDeletePolicies } from '../execute/annotations.js';
import type { TaskContext } from '../execute/apply-task.js';
import { applyTask, deleteObject, OPERATION_ANNOTATION } from '../execute/apply-task.js';
import type { SyncTask } from '../execute/plan.js';
import { stepsOf } from '../execute/plan.js';
import { nameHooks } from '../execute/run-operation.js';
import { healthOf } from '../health/health.js';
import type { Application } from './application.js';
import type { Finding } from './conditions.js';

export type DeletionHook = HookType & ('PreDelete' | 'PostDelete');

/** Argo CD's finalizers: hooks of the type are still to run, and after that, to be cleaned up. */
export const HOOK_FINALIZERS = {
  PreDelete: {
    run: 'pre-delete-finalizer.argocd.argoproj.io',
    cleanUp: 'pre-delete-finalizer.argocd.argoproj.io/cleanup',
  },
  PostDelete: {
    run: 'post-delete-finalizer.argocd.argoproj.io',
    cleanUp: 'post-delete-finalizer.argocd.argoproj.io/cleanup',
  },
} as const;

/** How long a hook that failed stays to be looked at before it is run again. */
export const HOOK_RETRY_MS = 10_000;

/** The finalizers that an application should have with these targets; undefined when it has them. */
export const wantedFinalizers = (
  { metadata }: Application,
  targets: readonly Pick<Target, 'hooks'>[],
): readonly string[] | undefined => {
  const before = metadata.finalizers ?? [];
  let after = before;
  for (const type of ['PreDelete', 'PostDelete'] as const) {
    const { run, cleanUp } = HOOK_FINALIZERS[type];
    const rest = after.filter((finalizer) => finalizer !== run && finalizer !== cleanUp);
    if (!targets.some(({ hooks }) => hooks.includes(type))) after = rest;
    else if (!after.includes(run) || !after.includes(cleanUp)) after = [...rest, run, cleanUp];
  }
  return after.length === before.length && after.every((finalizer) => before.includes(finalizer)) ? undefined : after;
};

export interface HookDeps {
  readonly client: Client;
  readonly live: LiveObjects;
  readonly clock: Clock;
}

/** What became of the hooks of a type in one look. */
export type HookProgress =
  | { readonly type: 'done' }
  | { readonly type: 'waiting' }
  | { readonly type: 'failed'; readonly finding: Finding; readonly requeueAfterMs: number };

const deletionId = ({ metadata }: Application): string => `deletion ${metadata.uid ?? metadata.name}`;

const isOf =
  (application: Application) =>
  (object: KubeObject | undefined): object is KubeObject =>
    object?.metadata.annotations?.[OPERATION_ANNOTATION] === deletionId(application);

/** Runs the hooks of a type, wave after wave, and once: a crash finds those that it has made again. */
export const runDeletionHooks = async (
  application: Application,
  type: DeletionHook,
  targets: readonly Target[],
  instance: string,
  deps: HookDeps,
): Promise<HookProgress> => {
  const { spec, metadata } = application;
  const context: TaskContext = {
    client: deps.client,
    live: deps.live,
    instance,
    operationId: deletionId(application),
    syncOptions: spec.syncPolicy?.syncOptions ?? [],
    ignoreDifferences: [],
    force: false,
  };
  const named = nameHooks(targets, '', metadata.deletionTimestamp ?? '').filter(({ hooks }) => hooks.includes(type));
  const tasks = named.map((target): SyncTask => {
    // To what applies it, a hook of a deletion is like one that runs before a sync.
    return { key: target.key, id: target.id, phase: 'PreSync', wave: target.wave, hook: true, target };
  });
  for (const step of stepsOf(tasks.sort((left, right) => left.wave - right.wave))) {
    const progress = await runStep(step, application, context, deps);
    if (progress.type !== 'done') return progress;
  }
  return { type: 'done' };
};

const runStep = async (
  step: readonly SyncTask[],
  application: Application,
  context: TaskContext,
  deps: HookDeps,
): Promise<HookProgress> => {
  let isDone = true;
  for (const task of step) {
    const live = deps.live.get(task.id);
    const last = deps.live.lastSeen(task.id);
    // One that has succeeded may be gone already, by its time to live.
    if (live === undefined && isOf(application)(last) && isHealthy(last)) continue;
    if (!isOf(application)(live)) {
      isDone = false;
      const result = await applyTask(task, context);
      if (result?.status === 'SyncFailed') return failed(task, result.message ?? '');
      continue;
    }
    const health = live.metadata.deletionTimestamp === undefined ? healthOf(live) : { status: 'Progressing' as const };
    if (health === undefined || health.status === 'Healthy') continue;
    isDone = false;
    if (health.status !== 'Degraded' && health.status !== 'Unknown') continue;
    if (!isRetryDue(application, deps.clock)) return failed(task, health.message ?? health.status);
    await deleteObject(live, deps, 'Background');
  }
  return isDone ? { type: 'done' } : { type: 'waiting' };
};

const isHealthy = (object: KubeObject): boolean => {
  const { deletionTimestamp: _gone, ...metadata } = object.metadata;
  return (healthOf({ ...object, metadata })?.status ?? 'Healthy') === 'Healthy';
};

const failed = (task: SyncTask, why: string): HookProgress => ({
  type: 'failed',
  finding: { reason: 'DeletionFailed', message: `hook ${groupKindName(task.id)}: ${why}` },
  requeueAfterMs: HOOK_RETRY_MS,
});

/** The failure was visible for long enough. */
const isRetryDue = ({ status }: Application, clock: Clock): boolean => {
  const told = status?.conditions?.find(({ reason }) => reason === 'DeletionFailed')?.lastTransitionTime;
  return told !== undefined && clock.now() - Date.parse(told) >= HOOK_RETRY_MS;
};

/** Deletes the hooks of a type that have run: those that state no policy, or `HookSucceeded`. Done when they are gone. */
export const cleanUpDeletionHooks = async (
  application: Application,
  type: DeletionHook,
  instance: string,
  deps: HookDeps,
): Promise<HookProgress> => {
  const hooks = [...deps.live.managed(instance).values()].filter((object) => {
    const policies = statedDeletePolicies(object);
    const goes = policies.length === 0 || policies.includes('HookSucceeded');
    return goes && hookTypes(object).includes(type) && isOf(application)(object);
  });
  for (const hook of hooks) {
    if (hook.metadata.deletionTimestamp === undefined) await deleteObject(hook, deps, 'Background');
  }
  return { type: hooks.length === 0 ? 'done' : 'waiting' };
};
