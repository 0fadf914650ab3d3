import { randomUUID } from 'node:crypto';
import type { Clock } from '../../objects/clock.js';
import type { Client } from '../../cluster/client/client.js';
import type { Compared } from '../compare/compare.js';
import type { LiveObjects } from '../compare/live-objects.js';
import type { ResourceId } from '../compare/resource-id.js';
import type { Target } from '../compare/targets.js';
import { isHook } from '../execute/annotations.js';
import { approvedAt, isApproved } from '../execute/confirmation.js';
import type { SyncTask } from '../execute/plan.js';
import { planSync } from '../execute/plan.js';
import type { FailureKind, TaskResults } from '../execute/progress.js';
import { resultsOf } from '../execute/progress.js';
import type { SyncRun } from '../execute/run-operation.js';
import { advanceSync, nameHooks, retryDelayMs, stopHooks, timeText } from '../execute/run-operation.js';
import type {
  Application,
  Operation,
  OperationState,
  ResourceResult,
  SyncOperationResource,
  SyncResult,
} from './application.js';
import { isAutomated, rollsBack, sourcesOf } from './application.js';
import type { ApplicationMemory, Deployable } from './application-memory.js';
import { explainUnhealthy } from './rollout-verdict.js';
import { durationMs } from './validate-spec.js';

export const DEFAULT_HEALTH_TIMEOUT_MS = 300_000;

/** Everything one step of an operation needs to know. */
export interface OperationInput {
  readonly application: Application;
  readonly state: OperationState;
  readonly deployable: Deployable;
  readonly targets: readonly Target[];
  readonly compared: readonly Compared[];
  readonly memory: ApplicationMemory;
  readonly instance: string;
  /** Objects made since then by a revision that is being rolled back; they are pruned in any case. */
  readonly pruneSince: string | undefined;
  readonly persist: (state: OperationState) => Promise<void>;
}

export interface OperationDeps {
  readonly client: Client;
  readonly live: LiveObjects;
  readonly clock: Clock;
  /** Milliseconds on a clock that never jumps. */
  readonly elapsed: () => number;
}

export interface OperationOutcome {
  readonly state: OperationState;
  /** Set when the operation has failed for good. */
  readonly failure?: FailureKind | 'terminated';
  /** All that is missing is health: a newer revision may take its place. */
  readonly isHealthWait: boolean;
  readonly requeueAfterMs?: number;
}

/** The state of an operation that begins now. */
export const beginOperation = (
  application: Application,
  operation: Operation,
  deployable: Deployable,
  clock: Clock,
): OperationState => ({
  id: randomUUID().slice(0, 8),
  operation,
  phase: 'Running',
  message: 'the sync has begun',
  startedAt: timeText(clock),
  syncResult: syncResultOf(application, operation, deployable),
});

const syncResultOf = (
  application: Application,
  operation: Operation,
  { revision, revisions, digest }: Deployable,
): SyncResult => {
  const sources = sourcesOf(application.spec);
  const [source] = sources;
  const healing = operation.sync?.autoHealAttemptsCount !== undefined;
  const isWhole = operation.sync?.resources === undefined || healing;
  return {
    revision,
    ...(revisions === undefined ? {} : { revisions }),
    ...(sources.length > 1 ? { sources } : source === undefined ? {} : { source }),
    resources: [],
    // What only a part of the objects got does not count as an attempt of the whole.
    ...(isWhole && operation.sync?.dryRun !== true ? { manifests: digest } : {}),
  };
};

/** Names one attempt of one operation. */
export const attemptId = ({ id, startedAt, retryCount }: OperationState): string =>
  `${id ?? startedAt}/${retryCount ?? 0}`;

/** Takes the running operation as far as it goes. */
export const stepOperation = async (
  input: OperationInput,
  deps: OperationDeps,
  signal: AbortSignal,
): Promise<OperationOutcome> => {
  const { state } = input;
  const waitMs = retryWaitMs(state, deps.clock);
  if (state.phase === 'Terminating') return await terminate(input, deps);
  if (waitMs > 0) return { state, isHealthWait: true, requeueAfterMs: waitMs };
  const current = state.finishedAt === undefined ? state : nextAttempt(state);
  const run = runOf({ ...input, state: current }, deps);
  const advance = await advanceSync(run, current.syncResult?.resources ?? [], signal);
  const resources = [...advance.results.values()];
  switch (advance.type) {
    case 'waiting':
      return {
        state: withResources({ ...current, message: advance.message }, resources),
        isHealthWait: advance.isHealthWait,
        ...(advance.isApprovalWait === true ? {} : { requeueAfterMs: Math.max(run.remainingMs(), 1000) }),
      };
    case 'succeeded': {
      const message = run.dryRun ? 'successfully synced (dry run)' : 'successfully synced (all objects are healthy)';
      return { state: finished(current, 'Succeeded', message, resources, deps.clock), isHealthWait: false };
    }
    default:
      return failedAttempt(current, advance.message, advance.failure, resources, deps.clock);
  }
};

const failedAttempt = (
  state: OperationState,
  message: string,
  failure: FailureKind,
  resources: readonly ResourceResult[],
  clock: Clock,
): OperationOutcome => {
  const retries = failure === 'apply' || failure === 'hook';
  const retryCount = state.retryCount ?? 0;
  const delayMs = retries ? retryDelayMs(state.operation.retry, retryCount) : undefined;
  if (delayMs === undefined) {
    return { state: finished(state, 'Failed', message, resources, clock), failure, isHealthWait: false };
  }
  const at = new Date(clock.now() + delayMs).toISOString().replace(/\.\d+Z$/, 'Z');
  const text = `${message}. Retrying attempt #${retryCount + 1} at ${at}`;
  const next = { ...finished(state, 'Running', text, resources, clock), retryCount: retryCount + 1 };
  return { state: next, isHealthWait: true, requeueAfterMs: delayMs };
};

/** How long a failed attempt still waits for the next one. */
const retryWaitMs = (state: OperationState, clock: Clock): number => {
  if (state.phase !== 'Running' || state.finishedAt === undefined) return 0;
  const delayMs = retryDelayMs(state.operation.retry, (state.retryCount ?? 1) - 1) ?? 0;
  // A clock that was set back must not make it wait longer than it ever would.
  return Math.min(Date.parse(state.finishedAt) + delayMs - clock.now(), delayMs);
};

const nextAttempt = ({ finishedAt: _finishedAt, ...state }: OperationState): OperationState =>
  withResources({ ...state, message: `attempt #${state.retryCount ?? 0} of a retry has begun` }, []);

const withResources = (state: OperationState, resources: readonly ResourceResult[]): OperationState => ({
  ...state,
  ...(state.syncResult === undefined ? {} : { syncResult: { ...state.syncResult, resources } }),
});

const finished = (
  state: OperationState,
  phase: OperationState['phase'],
  message: string,
  resources: readonly ResourceResult[],
  clock: Clock,
): OperationState => ({ ...withResources(state, resources), phase, message, finishedAt: timeText(clock) });

const terminate = async (input: OperationInput, deps: OperationDeps): Promise<OperationOutcome> => {
  await stopHooks(runOf(input, deps), input.state);
  const resources = input.state.syncResult?.resources ?? [];
  const state = finished(input.state, 'Failed', 'the operation was terminated', resources, deps.clock);
  return { state, failure: 'terminated', isHealthWait: false };
};

const runOf = (input: OperationInput, deps: OperationDeps): SyncRun => {
  const { application, state, deployable, memory, instance } = input;
  const { spec } = application;
  const operationId = attemptId(state);
  const syncOptions = [...(spec.syncPolicy?.syncOptions ?? []), ...(state.operation.sync?.syncOptions ?? [])];
  const results = resultsOf(state.syncResult?.resources ?? []);
  const timeoutMs = durationMs(spec.syncPolicy?.rollback?.healthTimeout) ?? DEFAULT_HEALTH_TIMEOUT_MS;
  const approved = isApproved(application, state.startedAt);
  // The time that a person took to approve a deletion does not count.
  const approval = approved ? approvedAt(application) : undefined;
  if (memory.attempt?.id !== operationId || memory.attempt.approval !== approval) {
    const begun = state.retryCount === undefined ? Date.parse(state.startedAt) : deps.clock.now();
    const past = deps.clock.now() - Math.max(begun, approval ?? 0);
    // After a restart, the time before it counts as far as the clock can be believed.
    const since = deps.elapsed() - Math.min(Math.max(past, 0), timeoutMs);
    memory.attempt = { id: operationId, deployable, since, ...(approval === undefined ? {} : { approval }) };
  }
  const { since } = memory.attempt;
  const strategy = state.operation.sync?.syncStrategy;
  return {
    tasks: tasksOf(input, syncOptions, results),
    approved,
    compared: input.compared,
    memory: memory.comparison,
    namespace: spec.destination.namespace,
    namespaceMetadata: spec.syncPolicy?.managedNamespaceMetadata,
    dryRun: state.operation.sync?.dryRun === true,
    remainingMs: () => since + timeoutMs - deps.elapsed(),
    persist: async (resources) => {
      await input.persist(withResources(state, resources));
    },
    explain: async (object) => await explainUnhealthy(deps.client, object),
    context: {
      client: deps.client,
      live: deps.live,
      instance,
      operationId,
      syncOptions,
      ignoreDifferences: spec.ignoreDifferences ?? [],
      force: strategy?.apply?.force === true || strategy?.hook?.force === true,
    },
  };
};

const tasksOf = (input: OperationInput, syncOptions: readonly string[], results: TaskResults): readonly SyncTask[] => {
  const { state, targets, deployable, compared, application, pruneSince } = input;
  const { sync } = state.operation;
  const hooks = nameHooks(
    targets.filter(({ hooks }) => hooks.length > 0),
    deployable.revision,
    state.startedAt,
  );
  const automated = isAutomated(application.spec) && application.spec.syncPolicy?.automated?.prune === true;
  const prune = pruneSince === undefined ? sync?.prune === true : automated;
  const applyOnly = sync?.syncStrategy?.apply !== undefined;
  const tasks = planSync({
    compared,
    hooks: applyOnly ? [] : hooks,
    options: {
      prune: prune || pruneSince !== undefined,
      syncOptions,
      pruneWhenHealthy: rollsBack(application.spec),
      begun: new Set(results.keys()),
      ...(sync?.resources === undefined ? {} : { selected: selects(sync.resources) }),
    },
  });
  if (pruneSince === undefined || prune) return tasks;
  // A rollback takes away what the bad revision has brought, and nothing that was there before it.
  return tasks.map((task) =>
    task.target === undefined && (task.live?.metadata.creationTimestamp ?? '') < pruneSince && task.skip === undefined
      ? { ...task, skip: 'ignored (requires pruning)' }
      : task,
  );
};

const selects =
  (resources: readonly SyncOperationResource[]) =>
  (id: ResourceId): boolean =>
    resources.some(
      ({ group = '', kind, name, namespace }) =>
        group === id.group && kind === id.kind && name === id.name && (namespace ?? id.namespace) === id.namespace,
    );

/** Objects that take part in a comparison: everything but hooks. */
export const plainTargets = (targets: readonly Target[]): readonly Target[] =>
  targets.filter(({ hooks }) => hooks.length === 0);

/** What the application has deployed, without its hooks, which come and go by themselves. */
export const withoutHooks = <T extends { readonly metadata: unknown }>(
  managed: ReadonlyMap<string, T>,
): Map<string, T> => new Map([...managed].filter(([, object]) => !isHook(object as never)));
