import type { Client } from '../../cluster/client/client.js';
import { sameValue } from '../compare/field-paths.js';
import type { LiveObjects } from '../compare/live-objects.js';
import type { Compared } from '../compare/compare.js';
import { isApiError } from '../../objects/api-error.js';
import { keyOf } from '../../objects/object.js';
import { Application, instanceName, REFRESH_ANNOTATION, sourcesOf } from './application.js';
import type { ApplicationStatus, OperationState, Quarantined, SyncStatus } from './application.js';
import type { ApplicationMemory } from './application-memory.js';
import { attemptOf } from './automation.js';
import type { Finding } from './conditions.js';
import { conditionsOf } from './conditions.js';
import type { DesiredState } from './source-parts.js';
import { mergePatchBetween } from './merge-patch.js';
import { withoutHooks } from './operation-step.js';
import { imagesOf, itemsOf, summarize, timed, uncomparedItems } from './resource-statuses.js';

/** One reconcile of one application: what it began with and what it found out. The status is made of it at the end. */
export interface Round {
  readonly application: Application;
  findings: Finding[];
  /** Set while an older revision takes the place of a quarantined one. */
  quarantined?: Quarantined;
  operationState?: OperationState;
  /** The requested operation is over. */
  clearOperation?: boolean;
  quarantine?: readonly Quarantined[];
}

export interface StatusInput {
  readonly desired: DesiredState | undefined;
  readonly compared: readonly Compared[] | undefined;
  readonly live: LiveObjects;
  /** RFC 3339, whole seconds. */
  readonly now: string;
}

/** The status that follows from a round: pure, but for the live objects that it reads. */
export const finalStatus = (round: Round, input: StatusInput): ApplicationStatus => {
  const { application } = round;
  const before = application.status ?? {};
  const { desired, compared, live, now } = input;
  const managed = withoutHooks(live.managed(instanceName(application.metadata))).values();
  const items = compared === undefined ? uncomparedItems(managed) : itemsOf(compared);
  const { resources, health } = summarize(items, before.resources ?? [], now, application.spec.syncPolicy?.syncOptions);
  const state = round.operationState ?? before.operationState;
  const quarantine = round.quarantine ?? before.quarantine;
  const isNothingKnown = compared === undefined && items.length === 0;
  const findings = [...round.findings, ...operationFindings(round, state, desired)];
  const objects = items.map(({ object }) => object);
  const images = imagesOf(objects);
  return {
    ...before,
    resources,
    sync: syncStatus(round, input, before.sync),
    health: timed(isNothingKnown ? { status: 'Unknown' } : health, before.health, now),
    conditions: conditionsOf(findings, before.conditions ?? [], now),
    summary: {
      ...(images.length === 0 ? {} : { images }),
      ...(objects.some(({ kind, apiVersion }) => kind === 'Application' && apiVersion.startsWith('argoproj.io/'))
        ? { isAppOfApps: true }
        : {}),
    },
    controllerNamespace: application.metadata.namespace ?? '',
    ...(state === undefined ? {} : { operationState: state }),
    ...(quarantine === undefined || quarantine.length === 0 ? { quarantine: [] } : { quarantine }),
  };
};

const syncStatus = (round: Round, { desired, compared }: StatusInput, before: SyncStatus | undefined): SyncStatus => {
  const { spec } = round.application;
  const sources = sourcesOf(spec);
  const [source] = sources;
  const isOne = sources.length === 1;
  const revision = desired?.revisions[0] ?? before?.revision;
  const revisions = desired?.revisions ?? before?.revisions;
  const outOfSync = round.quarantined !== undefined || (compared ?? []).some(({ status }) => status === 'OutOfSync');
  const ignore = spec.ignoreDifferences ?? [];
  return {
    status: compared === undefined || desired === undefined ? 'Unknown' : outOfSync ? 'OutOfSync' : 'Synced',
    ...(isOne && revision !== undefined ? { revision } : {}),
    ...(isOne || revisions === undefined ? {} : { revisions }),
    comparedTo: {
      destination: spec.destination,
      ...(isOne ? { source } : { sources }),
      ...(ignore.length === 0 ? {} : { ignoreDifferences: ignore }),
    },
  };
};

/** The last sync of what is wanted failed: that stays visible until something else is tried. */
const operationFindings = (
  round: Round,
  state: OperationState | undefined,
  desired: DesiredState | undefined,
): readonly Finding[] => {
  if (state === undefined || (state.phase !== 'Failed' && state.phase !== 'Error')) return [];
  if (round.quarantined !== undefined || round.findings.some(({ reason }) => reason === 'SyncFailed')) return [];
  const attempted = attemptOf(state);
  if (attempted !== undefined && desired !== undefined && attempted !== desired.digest) return [];
  return [{ reason: 'SyncFailed', message: `the last sync failed: ${state.message ?? ''}` }];
};

/** Times that the end of an operation is written again when somebody wrote in between. */
const MAX_CONFLICTS = 10;

/**
 * Writes what changed in one patch; nothing when nothing did. Every field that is not ours is left alone: of a requested
 * operation only the one that ended is taken away, never one that somebody put in its place meanwhile.
 */
export const writeApplication = async (
  round: Round,
  status: ApplicationStatus,
  memory: ApplicationMemory,
  { client }: { readonly client: Client },
): Promise<void> => {
  const current = memory.written ?? round.application;
  let application =
    Number(current.metadata.resourceVersion) > Number(round.application.metadata.resourceVersion)
      ? current
      : round.application;
  for (let conflicts = 0; ; conflicts += 1) {
    const body = patchOf(round, status, application);
    if (body === undefined) return;
    try {
      memory.written = await client.patch(Application, keyOf(application), { type: 'merge', body });
      return;
    } catch (error) {
      if (conflicts === MAX_CONFLICTS || !isApiError(error, 'Conflict')) throw error;
      const newest = await client.get(Application, keyOf(application));
      if (newest === undefined || newest.metadata.uid !== application.metadata.uid) throw error;
      application = newest;
    }
  }
};

const patchOf = (
  round: Round,
  status: ApplicationStatus,
  application: Application,
): Readonly<Record<string, unknown>> | undefined => {
  const next = round.operationState === undefined ? status : { ...status, operationState: round.operationState };
  const change = mergePatchBetween(
    (application.status ?? {}) as Readonly<Record<string, unknown>>,
    next as Readonly<Record<string, unknown>>,
  );
  const refreshed = application.metadata.annotations?.[REFRESH_ANNOTATION] !== undefined;
  const { operation } = application;
  const ends =
    round.clearOperation === true && operation !== undefined && sameValue(operation, round.operationState?.operation);
  if (change === undefined && !ends && !refreshed) return undefined;
  const metadata = {
    // Between what was read and what is written another operation may have been requested.
    ...(ends ? { resourceVersion: application.metadata.resourceVersion } : {}),
    ...(refreshed ? { annotations: { [REFRESH_ANNOTATION]: null } } : {}),
  };
  return {
    ...(change === undefined ? {} : { status: change }),
    ...(ends ? { operation: null } : {}),
    ...(ends || refreshed ? { metadata } : {}),
  };
};
