import { scaledValue } from '../../../objects/int-or-string.js';
import type { StatefulSet } from '../../../objects/kinds/apps-v1.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import { isPodAvailable, isPodFinished, isPodReady, nextAvailableInMs } from '../pods/pod-state.js';
import { ordinalOf, revisionOf, withIdentity } from './stateful-pod.js';

export type StatefulStep =
  | { readonly type: 'create'; readonly ordinal: number; readonly revision: string }
  /** Claims that a waiting pod misses. */
  | { readonly type: 'claims'; readonly ordinal: number }
  /** Labels that tell a pod's place in the set. */
  | { readonly type: 'label'; readonly pod: Pod }
  | { readonly type: 'delete'; readonly pod: Pod };

export interface StatefulPlan {
  readonly steps: readonly StatefulStep[];
  /** When a pod that is ready becomes available, so that the next step can be taken. */
  readonly requeueAfterMs: number | undefined;
}

/** The names of the revisions that pods are of: the one before a rollout, and the one of the template. */
export interface RevisionNames {
  readonly current: string;
  readonly update: string;
}

const replicasOf = (set: StatefulSet): number => set.spec.replicas ?? 1;
const startOf = (set: StatefulSet): number => set.spec.ordinals?.start ?? 0;
const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;

/** The pods that should be there, by ordinal, and those that should not, highest ordinal first. */
export const sortPods = (set: StatefulSet, pods: readonly Pod[]) => {
  const start = startOf(set);
  const end = start + replicasOf(set);
  const wanted = new Map<number, Pod>();
  const condemned: Pod[] = [];
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod);
    if (ordinal === undefined) continue;
    if (ordinal >= start && ordinal < end) wanted.set(ordinal, pod);
    else condemned.push(pod);
  }
  condemned.sort((a, b) => (ordinalOf(set, b) ?? 0) - (ordinalOf(set, a) ?? 0));
  return { wanted, condemned, ordinals: Array.from({ length: replicasOf(set) }, (_, index) => start + index) };
};

/** The revision that a new pod of the ordinal gets: during a rollout the ordinals below the partition keep theirs. */
export const revisionFor = (set: StatefulSet, ordinal: number, names: RevisionNames): string => {
  const { type = 'RollingUpdate', rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return names.update;
  const keptBelow = rollingUpdate?.partition ?? 0;
  const notRolledYet = set.status?.currentReplicas ?? 0;
  const limit = startOf(set) + (keptBelow > 0 ? keptBelow : notRolledYet);
  return ordinal < limit ? names.current : names.update;
};

/**
 * The next steps. OrderedReady takes one at a time, in order, and waits for every pod before; Parallel creates and
 * deletes at once. A rollout replaces pods from the highest ordinal down.
 */
export const planStatefulSet = (
  set: StatefulSet,
  pods: readonly Pod[],
  names: RevisionNames,
  hasClaims: (ordinal: number) => boolean,
  now: number,
): StatefulPlan => {
  const isOrdered = set.spec.podManagementPolicy !== 'Parallel';
  const minReady = set.spec.minReadySeconds ?? 0;
  const isHealthy = (pod: Pod): boolean => !isTerminating(pod) && isPodAvailable(pod, minReady, now);
  const requeueAfterMs = nextAvailableInMs(pods, minReady, now);
  const plan = (steps: readonly StatefulStep[]): StatefulPlan => ({ steps, requeueAfterMs });
  const { wanted, condemned, ordinals } = sortPods(set, pods);
  const steps: StatefulStep[] = [];
  for (const ordinal of ordinals) {
    const pod = wanted.get(ordinal);
    const step = stepFor(set, ordinal, pod, names, hasClaims);
    if (step !== undefined) steps.push(step);
    const mayGoOn = pod !== undefined && isHealthy(pod);
    if (isOrdered && !mayGoOn) return plan(steps);
    if (pod === undefined || step !== undefined || isTerminating(pod)) continue;
    const placed = withIdentity(set, pod);
    if (placed !== pod) steps.push({ type: 'label', pod: placed });
  }
  for (const pod of condemned) {
    if (!isTerminating(pod)) steps.push({ type: 'delete', pod });
    if (isOrdered) return plan(steps);
  }
  if (steps.length > 0) return plan(steps);
  return plan(rolloutSteps(set, wanted, names, isHealthy));
};

/** What the pod of an ordinal needs: to be created, to be replaced because it has ended, or its claims. */
const stepFor = (
  set: StatefulSet,
  ordinal: number,
  pod: Pod | undefined,
  names: RevisionNames,
  hasClaims: (ordinal: number) => boolean,
): StatefulStep | undefined => {
  if (pod === undefined) return { type: 'create', ordinal, revision: revisionFor(set, ordinal, names) };
  if (isTerminating(pod)) return undefined;
  if (isPodFinished(pod)) return { type: 'delete', pod };
  const isWaiting = (pod.status?.phase ?? 'Pending') === 'Pending';
  return isWaiting && !hasClaims(ordinal) ? { type: 'claims', ordinal } : undefined;
};

const rolloutSteps = (
  set: StatefulSet,
  wanted: ReadonlyMap<number, Pod>,
  names: RevisionNames,
  isHealthy: (pod: Pod) => boolean,
): readonly StatefulStep[] => {
  const { type = 'RollingUpdate', rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return [];
  const replicas = replicasOf(set);
  const allowed = Math.max(1, scaledValue(rollingUpdate?.maxUnavailable ?? 1, replicas, 'up') ?? 1);
  const lowest = startOf(set) + (rollingUpdate?.partition ?? 0);
  let unavailable = [...wanted.values()].filter((pod) => !isHealthy(pod)).length;
  const steps: StatefulStep[] = [];
  for (let ordinal = startOf(set) + replicas - 1; ordinal >= lowest; ordinal--) {
    const pod = wanted.get(ordinal);
    if (pod === undefined || isTerminating(pod) || revisionOf(pod) === names.update) continue;
    // A pod that is not available already is replaced without making one more unavailable.
    if (isHealthy(pod)) {
      if (unavailable >= allowed) break;
      unavailable += 1;
    }
    steps.push({ type: 'delete', pod });
    if (allowed === 1) break;
  }
  return steps;
};

export const isRunningAndReady = (pod: Pod): boolean => pod.status?.phase === 'Running' && isPodReady(pod);
