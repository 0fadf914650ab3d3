import type { Application, OperationState, Quarantined, RevisionHistory } from './application.js';
import { rollsBack } from './application.js';
import type { Deployable } from './application-memory.js';

/** Revisions that are remembered as bad. */
const LIMIT = 10;

/** The newest entry of the history that is not the given state and whose manifests were kept. */
export const lastHealthy = (application: Application, exceptDigest: string): RevisionHistory | undefined =>
  (application.status?.history ?? []).findLast(
    ({ manifests }) => manifests !== undefined && manifests !== exceptDigest,
  );

/** Why a state is not deployed again; undefined when it may be. */
export const quarantineOf = (application: Application, digest: string): Quarantined | undefined =>
  (application.status?.quarantine ?? []).find(({ manifests }) => manifests === digest);

/**
 * The quarantine with a state that has failed; undefined when it does not belong there: rollback is off, there is
 * nothing healthy to return to, or it is itself what was healthy last.
 */
export const withQuarantine = (
  application: Application,
  state: OperationState,
  { revision, digest }: Deployable,
  now: string,
): readonly Quarantined[] | undefined => {
  if (!rollsBack(application.spec)) return undefined;
  if (application.status?.history?.at(-1)?.manifests === digest) return undefined;
  if (lastHealthy(application, digest) === undefined) return undefined;
  const others = (application.status?.quarantine ?? []).filter(({ manifests }) => manifests !== digest);
  const entry: Quarantined = {
    revision,
    reason: state.message ?? 'the sync failed',
    since: now,
    manifests: digest,
    deployStartedAt: state.startedAt,
  };
  return [...others, entry].slice(-LIMIT);
};

export const withoutQuarantine = (application: Application, digest: string): readonly Quarantined[] =>
  (application.status?.quarantine ?? []).filter(({ manifests }) => manifests !== digest);
