import type { Compared } from '../compare/compare.js';
import { resourceIdOf } from '../compare/resource-id.js';
import { trackedBy } from '../compare/tracking.js';
import type { Application, Operation, OperationState, Quarantined, SyncOperation } from './application.js';
import { isAutomated, rollsBack } from './application.js';
import type { Finding } from './conditions.js';

/** What an application does by itself, now that it was compared. */
export type Automation =
  | { readonly type: 'none'; readonly findings?: readonly Finding[]; readonly requeueAfterMs?: number }
  | { readonly type: 'sync'; readonly reason: string; readonly operation: Operation };

export interface AutomationInput {
  readonly application: Application;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What is to be deployed: that of the sources, or of the last healthy revision while theirs is quarantined. */
  readonly revision: string;
  /** One a source, where there are several. */
  readonly revisions?: readonly string[];
  readonly digest: string;
  readonly compared: readonly Compared[];
  readonly hasHooks: boolean;
  /** Set while the sources' revision is quarantined and an older one takes its place. */
  readonly quarantined: Quarantined | undefined;
  readonly instance: string;
}

const BY_ITSELF = { automated: true } as const;
/** Retries of an automated sync whose application says nothing of them. */
const DEFAULT_RETRY = { limit: 5 } as const;
/** So many corrections in a row are made at once; after them, something seems to fight back. */
const PROMPT_CORRECTIONS = 3;
/** After so long without a correction, counting starts again. */
const CORRECTION_MEMORY_MS = 330_000;
const LONGEST_CORRECTION_DELAY_MS = 300_000;

/**
 * Decides whether to sync: a new state once; the last healthy state again when a revision was quarantined; what drifted
 * when self-heal is on. Never when it would remove everything, nor what was tried and failed.
 */
export const decideAutomation = (input: AutomationInput): Automation => {
  const { application, compared, quarantined } = input;
  const { spec, status } = application;
  const mayRollBack = quarantined !== undefined && rollsBack(spec);
  if (!isAutomated(spec) && !mayRollBack) return { type: 'none' };
  const last = status?.operationState;
  const attempted = last?.syncResult !== undefined && attemptOf(last) === input.digest;
  const outOfSync = compared.filter(({ status }) => status === 'OutOfSync');
  if (outOfSync.length === 0) return { type: 'none' };
  if (attempted && last.phase !== 'Succeeded') return { type: 'none' };
  const prune = spec.syncPolicy?.automated?.prune === true;
  const changed = outOfSync.filter(({ requiresPruning }) => !requiresPruning);
  if (changed.length === 0 && !prune && !mayRollBack) return { type: 'none' };
  if (removesEverything(compared) && spec.syncPolicy?.automated?.allowEmpty !== true) {
    const message = 'a sync would remove everything that is deployed; set syncPolicy.automated.allowEmpty to permit it';
    return { type: 'none', findings: [{ reason: 'WouldRemoveEverything', message }] };
  }
  if (mayRollBack && !attempted) return rollBack(input, quarantined);
  if (!attempted) return fullSync(input, prune);
  return correct(input, last, prune ? outOfSync : changed);
};

/** The digest of the manifests that an operation deployed. */
export const attemptOf = (state: OperationState): string | undefined => state.syncResult?.manifests;

const removesEverything = (compared: readonly Compared[]): boolean =>
  compared.length > 0 && compared.every(({ requiresPruning }) => requiresPruning);

const fullSync = ({ application, revision, revisions }: AutomationInput, prune: boolean): Automation => {
  const { syncPolicy } = application.spec;
  const sync: SyncOperation = {
    revision,
    ...(revisions === undefined ? {} : { revisions }),
    ...(prune ? { prune } : {}),
    ...(syncPolicy?.syncOptions === undefined ? {} : { syncOptions: syncPolicy.syncOptions }),
  };
  const operation = { sync, initiatedBy: BY_ITSELF, retry: syncPolicy?.retry ?? DEFAULT_RETRY };
  return { type: 'sync', reason: `sync to ${revision}`, operation };
};

const rollBack = (input: AutomationInput, quarantined: Quarantined): Automation => {
  const { syncPolicy } = input.application.spec;
  const reason = `rollback from ${quarantined.revision}: ${quarantined.reason}`;
  const sync: SyncOperation = {
    revision: input.revision,
    prune: true,
    ...(syncPolicy?.syncOptions === undefined ? {} : { syncOptions: syncPolicy.syncOptions }),
  };
  const info = [{ name: 'Reason', value: reason }];
  return {
    type: 'sync',
    reason,
    operation: { sync, info, initiatedBy: BY_ITSELF, retry: syncPolicy?.retry ?? DEFAULT_RETRY },
  };
};

/** Self-heal: only what drifted, and more slowly when it keeps drifting. */
const correct = (input: AutomationInput, last: OperationState, drifted: readonly Compared[]): Automation => {
  const { application, now, instance } = input;
  const { syncPolicy } = application.spec;
  const heals = syncPolicy?.automated?.selfHeal === true || input.quarantined !== undefined;
  const own = drifted.filter(({ live, target }) => {
    // Two applications that both want an object would take it from each other for ever.
    const owner = live === undefined || target === undefined ? undefined : trackedBy(live);
    return owner === undefined || owner === instance;
  });
  if (!heals || own.length === 0) return { type: 'none' };
  const finished = Date.parse(last.finishedAt ?? last.startedAt);
  const isRecent = now - finished < CORRECTION_MEMORY_MS;
  const count = isRecent ? (last.operation.sync?.autoHealAttemptsCount ?? 0) : 0;
  const delay = correctionDelayMs(count);
  // A clock that was set back must not make it wait longer than it ever would.
  const wait = Math.min(finished + delay - now, delay);
  if (wait > 0) return { type: 'none', requeueAfterMs: wait };
  const resources = own.map(({ live, target }) => {
    const object = target?.object ?? live;
    if (object === undefined) throw new Error('a compared object is neither wanted nor there');
    return resourceIdOf(object);
  });
  const sync: SyncOperation = {
    revision: input.revision,
    resources,
    autoHealAttemptsCount: count + 1,
    ...(syncPolicy?.automated?.prune === true ? { prune: true } : {}),
    ...(syncPolicy?.syncOptions === undefined ? {} : { syncOptions: syncPolicy.syncOptions }),
  };
  const names = resources.map(({ kind, name }) => `${kind}/${name}`).join(', ');
  const operation = { sync, initiatedBy: BY_ITSELF, retry: syncPolicy?.retry ?? DEFAULT_RETRY };
  return { type: 'sync', reason: `self-heal of ${names}`, operation };
};

/** How long to wait after a correction before the next: nothing for the first few, then 2 s, 6 s, 18 s, ... */
export const correctionDelayMs = (count: number): number =>
  count < PROMPT_CORRECTIONS
    ? 0
    : Math.min(2000 * 3 ** Math.min(count - PROMPT_CORRECTIONS, 20), LONGEST_CORRECTION_DELAY_MS);
