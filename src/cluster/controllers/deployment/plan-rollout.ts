import type { Deployment, ReplicaSet } from '../../../objects/kinds/apps-v1.js';
import type { Revisions } from './revision.js';
import { byAge, desiredReplicasOf, maxReplicasOf, revisionNumber } from './revision.js';
import { isRollingUpdate, maxSurge, maxUnavailable, revisionHistoryLimit } from './rollout-limits.js';

/** A ReplicaSet and the size it should get. */
export interface Scale {
  readonly replicaSet: ReplicaSet;
  readonly replicas: number;
}

const sizeOf = (replicaSet: ReplicaSet): number => replicaSet.spec.replicas ?? 1;
const availableOf = (replicaSet: ReplicaSet): number => replicaSet.status?.availableReplicas ?? 0;
const wantedOf = (deployment: Deployment): number => deployment.spec.replicas ?? 1;
const sum = (replicaSets: readonly ReplicaSet[], value: (replicaSet: ReplicaSet) => number): number =>
  replicaSets.reduce((total, replicaSet) => total + value(replicaSet), 0);
const isActive = (replicaSet: ReplicaSet): boolean => sizeOf(replicaSet) > 0;
const all = ({ current, old }: Revisions): readonly ReplicaSet[] => (current === undefined ? old : [...old, current]);

/** The size of the current ReplicaSet when it is created or grows: no more than the surge allows in total. */
export const currentSize = (deployment: Deployment, old: readonly ReplicaSet[], size: number): number => {
  const wanted = wantedOf(deployment);
  if (!isRollingUpdate(deployment)) return wanted;
  const room = wanted + maxSurge(deployment) - sum(old, sizeOf) - size;
  return room <= 0 ? size : size + Math.min(room, wanted - size);
};

/** The next step of a rolling update: the new grows or shrinks to its size, else the old ones shrink. */
export const planRollingUpdate = (deployment: Deployment, { current, old }: Revisions): readonly Scale[] => {
  if (current === undefined) return [];
  const size = sizeOf(current);
  const wanted = wantedOf(deployment);
  const next = size > wanted ? wanted : currentSize(deployment, old, size);
  if (next !== size) return [{ replicaSet: current, replicas: next }];
  return shrinkOld(deployment, current, old);
};

/** Shrinks old ReplicaSets as far as enough pods stay available; pods that are not available go first. */
const shrinkOld = (deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): readonly Scale[] => {
  const minAvailable = wantedOf(deployment) - maxUnavailable(deployment);
  const notAvailable = sizeOf(current) - availableOf(current);
  const budget = sum(old, sizeOf) + sizeOf(current) - minAvailable - notAvailable;
  if (sum(old, sizeOf) === 0 || budget <= 0) return [];
  const oldest = old.toSorted(byAge);
  const sizes = new Map(oldest.map((replicaSet) => [replicaSet, sizeOf(replicaSet)]));
  let left = budget;
  for (const replicaSet of oldest) {
    const unhealthy = Math.min(left, Math.max(0, sizeOf(replicaSet) - availableOf(replicaSet)));
    sizes.set(replicaSet, sizeOf(replicaSet) - unhealthy);
    left -= unhealthy;
  }
  let spare = Math.max(0, sum(oldest, availableOf) + availableOf(current) - minAvailable);
  for (const [replicaSet, size] of sizes) {
    const gone = Math.min(spare, size);
    sizes.set(replicaSet, size - gone);
    spare -= gone;
  }
  return scalesOf(sizes);
};

/** Recreate: every old ReplicaSet to nothing. */
export const planScaleDownOld = ({ old }: Revisions): readonly Scale[] =>
  old.filter(isActive).map((replicaSet) => ({ replicaSet, replicas: 0 }));

/** True when the Deployment's size changed since its ReplicaSets were scaled. */
export const isScaled = (deployment: Deployment, revisions: Revisions): boolean =>
  all(revisions)
    .filter(isActive)
    .map(desiredReplicasOf)
    .some((desired) => desired !== undefined && desired !== wantedOf(deployment));

/**
 * The sizes after the Deployment's size changed, or while it is paused: without going on with a rollout. ReplicaSets
 * that keep their size are listed where their annotations must tell the new size of the Deployment.
 */
export const planScaling = (deployment: Deployment, revisions: Revisions): readonly Scale[] => {
  const wanted = wantedOf(deployment);
  const only = onlyActiveOrLatest(revisions);
  if (only !== undefined) return [{ replicaSet: only, replicas: wanted }];
  if (isSaturated(deployment, revisions.current)) return planScaleDownOld(revisions);
  return isRollingUpdate(deployment) ? planProportionally(deployment, revisions) : [];
};

/** The only ReplicaSet with pods; with none, the current one or the newest. Undefined when several have pods. */
const onlyActiveOrLatest = (revisions: Revisions): ReplicaSet | undefined => {
  const active = all(revisions).filter(isActive);
  if (active.length > 1) return undefined;
  return active[0] ?? revisions.current ?? revisions.old.toSorted(byAge).at(-1);
};

const isSaturated = (deployment: Deployment, current: ReplicaSet | undefined): boolean => {
  if (current === undefined) return false;
  const wanted = wantedOf(deployment);
  return desiredReplicasOf(current) === wanted && sizeOf(current) === wanted && availableOf(current) === wanted;
};

/** Spreads a change of size over all ReplicaSets with pods, in proportion to their sizes. */
const planProportionally = (deployment: Deployment, revisions: Revisions): readonly Scale[] => {
  const active = all(revisions).filter(isActive);
  const wanted = wantedOf(deployment);
  const allowed = wanted > 0 ? wanted + maxSurge(deployment) : 0;
  const toAdd = allowed - sum(active, sizeOf);
  // The largest first; of equal ones the newest grows first and the oldest shrinks first.
  const sorted = active.toSorted((a, b) => sizeOf(b) - sizeOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)));
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const replicaSet of sorted) {
    const share = toAdd === 0 ? 0 : shareOf(deployment, replicaSet, toAdd - added, toAdd);
    sizes.set(replicaSet, sizeOf(replicaSet) + share);
    added += share;
  }
  const largest = sorted[0];
  if (largest !== undefined) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  return [...sizes].map(([replicaSet, replicas]) => ({ replicaSet, replicas }));
};

const shareOf = (deployment: Deployment, replicaSet: ReplicaSet, left: number, toAdd: number): number => {
  if (left === 0) return 0;
  const share = fractionOf(deployment, replicaSet);
  return toAdd > 0 ? Math.min(share, left) : Math.max(share, left);
};

const fractionOf = (deployment: Deployment, replicaSet: ReplicaSet): number => {
  const size = sizeOf(replicaSet);
  const wanted = wantedOf(deployment);
  if (wanted === 0) return -size;
  const before = maxReplicasOf(replicaSet) ?? deployment.status?.replicas ?? 0;
  if (before === 0) return 0;
  return Math.round((size * (wanted + maxSurge(deployment))) / before) - size;
};

/** Old ReplicaSets beyond the history limit, oldest revisions first, that have no pods any more. */
export const planCleanup = (deployment: Deployment, { old }: Revisions): readonly ReplicaSet[] => {
  const limit = revisionHistoryLimit(deployment);
  if (limit === undefined) return [];
  const present = old.filter((replicaSet) => replicaSet.metadata.deletionTimestamp === undefined);
  return present
    .toSorted((a, b) => revisionNumber(a) - revisionNumber(b))
    .slice(0, Math.max(0, present.length - limit))
    .filter(
      (replicaSet) =>
        sizeOf(replicaSet) === 0 &&
        (replicaSet.status?.replicas ?? 0) === 0 &&
        (replicaSet.metadata.generation ?? 0) <= (replicaSet.status?.observedGeneration ?? 0),
    );
};

const scalesOf = (sizes: ReadonlyMap<ReplicaSet, number>): readonly Scale[] =>
  [...sizes]
    .filter(([replicaSet, replicas]) => sizeOf(replicaSet) !== replicas)
    .map(([replicaSet, replicas]) => ({ replicaSet, replicas }));
