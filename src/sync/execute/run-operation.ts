import type { Clock } from '../../objects/clock.js';
import type { KubeObject } from '../../objects/object.js';
import type { OperationState, ResourceResult, RetryStrategy, SyncPolicy } from '../applications/application.js';
import { durationMs } from '../applications/validate-spec.js';
import type { Compared, ComparisonMemory } from '../compare/compare.js';
import { rememberApplied } from '../compare/compare.js';
import type { Target } from '../compare/targets.js';
import { isDefinition } from '../compare/served-kinds.js';
import { healthOf } from '../health/health.js';
import { trueCondition } from '../health/conditions.js';
import { deletePolicies, hasSyncOption, syncOption } from './annotations.js';
import type { TaskContext } from './apply-task.js';
import { applyTask, deleteObject, dryRunTask, OPERATION_ANNOTATION, pruneTask } from './apply-task.js';
import { ensureNamespace } from './ensure-namespace.js';
import type { SyncTask } from './plan.js';
import { kindGroups } from './plan.js';
import type { FailureKind, TaskResults, TaskState } from './progress.js';
import { nextFailStep, nextStep, resultsOf, updateRunning } from './progress.js';

/** Everything that one attempt of a sync works with. */
export interface SyncRun {
  readonly tasks: readonly SyncTask[];
  readonly compared: readonly Compared[];
  readonly context: TaskContext;
  readonly memory: ComparisonMemory;
  /** The destination's namespace, made before anything else when `CreateNamespace=true`. */
  readonly namespace: string | undefined;
  readonly namespaceMetadata: SyncPolicy['managedNamespaceMetadata'];
  readonly dryRun: boolean;
  /** A person has approved the deletions that need it. */
  readonly approved: boolean;
  /** Milliseconds left until the sync must be healthy. */
  readonly remainingMs: () => number;
  /** Makes results durable before the next step begins. */
  readonly persist: (results: readonly ResourceResult[]) => Promise<void>;
  /** What else is known about why an object is not healthy. */
  readonly explain: (object: KubeObject) => Promise<string | undefined>;
}

/** How far a sync got in one reconcile. */
export type Advance =
  | {
      readonly type: 'waiting';
      readonly message: string;
      readonly results: TaskResults;
      readonly isHealthWait: boolean;
      /** It waits for a person, who may take any time. */
      readonly isApprovalWait?: boolean;
    }
  | { readonly type: 'succeeded'; readonly results: TaskResults }
  | {
      readonly type: 'failed';
      readonly message: string;
      readonly failure: FailureKind;
      readonly results: TaskResults;
    };

const NOT_VALID = 'one or more objects failed to apply (dry run)';

/** Takes a sync as far as it goes without waiting. May be called again at any time, also after a crash. */
export const advanceSync = async (
  run: SyncRun,
  before: readonly ResourceResult[],
  signal: AbortSignal,
): Promise<Advance> => {
  let results: TaskResults = resultsOf(before);
  if (results.size === 0) {
    const refused = await prepare(run, signal);
    if (refused.size > 0) {
      const [first] = refused.values();
      const message = `${NOT_VALID}: ${first?.message ?? ''}`;
      return { type: 'failed', failure: 'apply', message, results: refused };
    }
    if (run.dryRun) return { type: 'succeeded', results };
  }
  for (;;) {
    results = updateRunning(run.tasks, results, (task) => stateOf(task, run.context));
    await finishHooks(run, results);
    const next = nextStep(run.tasks, results, run.approved);
    if (next.type === 'done') return { type: 'succeeded', results };
    if (next.type === 'failed') {
      const why = next.failure === 'apply' ? undefined : await explainFailure(run, results);
      const message = why === undefined ? next.message : `${next.message}: ${why}`;
      return await fail(run, results, message, next.failure, signal);
    }
    if (next.type === 'approval') {
      return { type: 'waiting', message: next.message, results, isHealthWait: true, isApprovalWait: true };
    }
    if (next.type === 'wait') {
      if (run.remainingMs() > 0) return waiting(run, results, next.message);
      return await timeOut(run, results, next.message, signal);
    }
    const ran = await runStep(next.tasks, run, results, signal);
    if (ran.size === results.size) return waiting(run, results, 'waiting for earlier objects to be removed');
    results = ran;
    await run.persist([...results.values()]);
  }
};

const waiting = (run: SyncRun, results: TaskResults, message: string): Advance => {
  const running = run.tasks.filter((task) => results.get(task.key)?.hookPhase === 'Running');
  const isHealthWait = running.length > 0 && running.every((task) => !task.hook && task.target !== undefined);
  return { type: 'waiting', message, results, isHealthWait };
};

const stateOf = (task: SyncTask, { live, operationId }: TaskContext): TaskState => {
  const object = live.get(task.id);
  if (object !== undefined || !task.hook)
    return { live: object, health: object === undefined ? undefined : healthOf(object) };
  // A hook may be removed, by its time to live, before anybody looked: what it was last still counts.
  const last = live.lastSeen(task.id);
  if (last?.metadata.annotations?.[OPERATION_ANNOTATION] !== operationId) return { live: undefined, health: undefined };
  const { deletionTimestamp: _gone, ...metadata } = last.metadata;
  return { live: last, health: healthOf({ ...last, metadata }) };
};

/** Makes the namespace and asks the server about every object. What it refuses. */
const prepare = async (run: SyncRun, signal: AbortSignal): Promise<TaskResults> => {
  const { context, namespace, tasks } = run;
  if (
    namespace !== undefined &&
    syncOption('CreateNamespace', undefined, context.syncOptions) === 'true' &&
    !run.dryRun
  ) {
    await ensureNamespace(context, namespace, run.namespaceMetadata, signal);
  }
  const made = new Set(tasks.filter(({ id }) => id.kind === 'Namespace').map(({ id }) => id.name));
  const compared = new Map(run.compared.map((item) => [item.key, item]));
  const asked = tasks.filter((task) => {
    const { target, id } = task;
    if (target === undefined || target.awaitsKind || hasSyncOption(target.object, 'SkipDryRunOnMissingResource=true'))
      return false;
    if (target.object.metadata.name === undefined) return false;
    // The comparison has asked already, unless it was refused: then the refusal counts.
    const item = compared.get(target.key);
    if (item?.live !== undefined && item.refusal === undefined) return false;
    const missing = id.namespace !== '' && context.live.get(namespaceId(id.namespace)) === undefined;
    return !(missing && (made.has(id.namespace) || id.namespace === namespace));
  });
  const refused = new Map<string, ResourceResult>();
  await inParallel(asked, DRY_RUNS, async (task) => {
    const refusal = await dryRunTask(task, context);
    if (refusal !== undefined) refused.set(task.key, refusal);
  });
  return refused;
};

const namespaceId = (name: string) => ({ group: '', kind: 'Namespace', namespace: '', name });

const DRY_RUNS = 8;
const APPLIES = 16;
/** How long the objects of a new kind wait for it. */
const ESTABLISH_MS = 3000;

/** Deletions first, then groups of one kind after another. A failure stops nothing of the same step. */
const runStep = async (
  tasks: readonly SyncTask[],
  run: SyncRun,
  before: TaskResults,
  signal: AbortSignal,
): Promise<TaskResults> => {
  const results = new Map(before);
  const { context } = run;
  const prunes = tasks.filter(({ target }) => target === undefined);
  await inParallel(prunes, APPLIES, async (task) => {
    results.set(task.key, await pruneTask(task, context));
  });
  for (const group of kindGroups(tasks.filter(({ target }) => target !== undefined))) {
    let blocked = false;
    await inParallel(group, APPLIES, async (task) => {
      const result = await applyTask(task, context);
      if (result === undefined) blocked = true;
      else results.set(task.key, result);
      const written = context.live.get(task.id);
      if (!task.hook && result?.status === 'Synced' && task.target !== undefined && written !== undefined) {
        rememberApplied(run.memory, task.target, written);
      }
    });
    // What comes after may need what could not be made yet.
    if (blocked) break;
    await awaitDefinitions(group, run, signal);
  }
  return results;
};

const awaitDefinitions = async (
  group: readonly SyncTask[],
  { context }: SyncRun,
  signal: AbortSignal,
): Promise<void> => {
  const definitions = group.filter(({ target }) => target !== undefined && isDefinition(target.object));
  if (definitions.length === 0) return;
  const established = (): boolean =>
    definitions.every(({ id }) => {
      const live = context.live.get(id);
      return live !== undefined && trueCondition(live, 'Established') !== undefined;
    });
  await context.live.until(established, ESTABLISH_MS, signal);
  await context.live.refreshKinds();
};

const inParallel = async <T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> => {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, rest.length) }, worker));
};

/** Deletes hooks that have run, as their policies say. */
const finishHooks = async ({ tasks, context }: SyncRun, results: TaskResults): Promise<void> => {
  for (const task of tasks) {
    if (!task.hook || task.target === undefined) continue;
    const phase = results.get(task.key)?.hookPhase;
    const policies = deletePolicies(task.target.object);
    const ended =
      (phase === 'Succeeded' && policies.includes('HookSucceeded')) ||
      ((phase === 'Failed' || phase === 'Error') && policies.includes('HookFailed'));
    const live = ended ? context.live.get(task.id) : undefined;
    if (live === undefined || live.metadata.deletionTimestamp !== undefined) continue;
    await deleteObject(live, context, 'Background');
  }
};

const fail = async (
  run: SyncRun,
  before: TaskResults,
  message: string,
  failure: FailureKind,
  signal: AbortSignal,
): Promise<Advance> => {
  let results = before;
  for (;;) {
    const next = nextFailStep(run.tasks, results);
    const mayWait = run.remainingMs() > -GRACE_FOR_FAIL_HOOKS_MS;
    if (next.type === 'wait' && mayWait) return waiting(run, results, next.message);
    if (next.type !== 'run') break;
    const ran = await runStep(next.tasks, run, results, signal);
    if (ran.size === results.size) {
      if (mayWait) return waiting(run, results, 'waiting for earlier hooks to be removed');
      break;
    }
    results = updateRunning(run.tasks, ran, (task) => stateOf(task, run.context));
    await run.persist([...results.values()]);
  }
  return { type: 'failed', message, failure, results };
};

/** Hooks of the SyncFail phase may run this much longer than the sync. */
const GRACE_FOR_FAIL_HOOKS_MS = 60_000;

/** What is known of the first object that failed, besides what its own status says. */
const explainFailure = async (
  { tasks, context, explain }: SyncRun,
  results: TaskResults,
): Promise<string | undefined> => {
  const failed = tasks.find(({ key }) => results.get(key)?.hookPhase === 'Failed');
  const live = failed === undefined ? undefined : context.live.get(failed.id);
  return live === undefined ? undefined : await explain(live);
};

/** The time is over: what is still running has failed, for a reason that is looked up. */
const timeOut = async (run: SyncRun, before: TaskResults, message: string, signal: AbortSignal): Promise<Advance> => {
  const results = new Map(before);
  let why: string | undefined;
  let onlyDeletions = true;
  for (const task of run.tasks) {
    const result = results.get(task.key);
    if (result?.hookPhase !== 'Running') continue;
    if (task.target !== undefined) onlyDeletions = false;
    const live = run.context.live.get(task.id);
    const health = live === undefined ? undefined : healthOf(live)?.message;
    const known = live === undefined ? undefined : await run.explain(live);
    const reason = known ?? health ?? 'not healthy in time';
    why ??= reason;
    results.set(task.key, { ...result, hookPhase: 'Failed', message: reason });
  }
  const text = `not healthy in time: ${message}${why === undefined ? '' : `: ${why}`}`;
  return await fail(run, results, text, onlyDeletions ? 'prune' : 'health', signal);
};

/** When a failed attempt is tried again, in milliseconds after it ended; undefined when it is not. */
export const retryDelayMs = (retry: RetryStrategy | undefined, retryCount: number): number | undefined => {
  const limit = retry?.limit ?? 0;
  if (limit >= 0 && retryCount >= limit) return undefined;
  const first = durationMs(retry?.backoff?.duration) ?? 5000;
  const factor = retry?.backoff?.factor ?? 2;
  const longest = durationMs(retry?.backoff?.maxDuration) ?? 180_000;
  return Math.min(longest, first * factor ** Math.min(retryCount, 50));
};

/** The targets of hooks that Kubernetes would name get a name that is the same after a crash. */
export const nameHooks = (targets: readonly Target[], revision: string, startedAt: string): readonly Target[] =>
  targets.flatMap((target) => {
    const { generateName } = target.object.metadata;
    const { name } = target.object.metadata as { readonly name?: string };
    if ((name !== undefined && name !== '') || generateName === undefined) return [target];
    const seconds = Math.floor(Date.parse(startedAt) / 1000);
    return target.hooks.map((hook) => {
      const made = `${generateName}${revision.slice(0, 7)}-${hook.toLowerCase()}-${seconds}`;
      const id = { ...target.id, name: made };
      const { generateName: _generated, ...metadata } = target.object.metadata;
      return {
        ...target,
        id,
        key: `${id.group}/${id.kind}:${id.namespace}/${made}`,
        hooks: [hook],
        object: { ...target.object, metadata: { ...metadata, name: made } },
      };
    });
  });

/** Deletes the hooks that a terminated operation leaves running. */
export const stopHooks = async (run: Pick<SyncRun, 'tasks' | 'context'>, state: OperationState): Promise<void> => {
  const results = resultsOf(state.syncResult?.resources ?? []);
  for (const task of run.tasks) {
    if (!task.hook || results.get(task.key)?.hookPhase !== 'Running') continue;
    const live = run.context.live.get(task.id);
    if (live !== undefined) await deleteObject(live, run.context, 'Background');
  }
};

/** Times in a status have whole seconds. */
export const timeText = (clock: Clock): string => new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
