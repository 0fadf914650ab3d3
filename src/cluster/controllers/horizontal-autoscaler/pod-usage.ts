import type { Pod } from '../../../objects/kinds/core-v1.js';
import { findCondition } from '../../../objects/conditions.js';
import { milliValue, parseQuantity } from '../../../objects/quantity.js';
import { isPodReady, timeOf } from '../pods/pod-state.js';

/** A CPU value in the first minutes of a pod counts only when the pod was ready all the while. */
const CPU_INITIALIZATION_MS = 300_000;
const INITIAL_READINESS_MS = 30_000;

/** What was measured of a pod, in thousandths of the resource's unit, over `windowMs` until `at`. */
export interface Measured {
  readonly milli: number;
  readonly at: number;
  readonly windowMs: number;
}

/** Pods by what is known of them; pods that are ending count for nothing. */
export interface GroupedPods {
  readonly ready: readonly Pod[];
  /** Not ready yet: they use nothing that says how many are needed. */
  readonly unready: readonly Pod[];
  /** Without a value. */
  readonly missing: readonly Pod[];
}

export const groupPods = (
  pods: readonly Pod[],
  measured: ReadonlyMap<string, Measured>,
  resource: string,
  now: number,
): GroupedPods => {
  const groups: { ready: Pod[]; unready: Pod[]; missing: Pod[] } = { ready: [], unready: [], missing: [] };
  for (const pod of pods) {
    if (pod.metadata.deletionTimestamp !== undefined || pod.status?.phase === 'Failed') continue;
    const value = measured.get(pod.metadata.name);
    if ((pod.status?.phase ?? 'Pending') === 'Pending') groups.unready.push(pod);
    else if (value === undefined) groups.missing.push(pod);
    else if (resource === 'cpu' && isStarting(pod, value, now)) groups.unready.push(pod);
    else groups.ready.push(pod);
  }
  return groups;
};

const isStarting = (pod: Pod, measured: Measured, now: number): boolean => {
  const startedAt = timeOf(pod.status?.startTime);
  const condition = findCondition(pod.status?.conditions, 'Ready');
  if (condition === undefined || startedAt === undefined) return true;
  const changedAt = timeOf(condition.lastTransitionTime) ?? 0;
  if (startedAt + CPU_INITIALIZATION_MS > now) {
    return !isPodReady(pod) || measured.at < changedAt + measured.windowMs;
  }
  return !isPodReady(pod) && startedAt + INITIAL_READINESS_MS > changedAt;
};

/** What a pod (or one container of it) requests, in thousandths; a text names what has no request. */
export const requestOf = (pod: Pod, resource: string, container: string | undefined): number | string => {
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const wanted = [...pod.spec.containers, ...sidecars].filter(
    ({ name }) => container === undefined || name === container,
  );
  let sum = 0;
  for (const { name, resources } of wanted) {
    const request = resources?.requests?.[resource];
    if (request === undefined)
      return `missing request for ${resource} in container ${name} of Pod ${pod.metadata.name}`;
    sum += milliValue(parseQuantity(request));
  }
  return sum;
};
