import { findCondition, isConditionTrue } from '../../../objects/conditions.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';

/** Neither finished nor being deleted. */
export const isPodActive = (pod: Pod): boolean => !isPodFinished(pod) && pod.metadata.deletionTimestamp === undefined;

export const isPodFinished = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** Being deleted but still there. */
export const isPodTerminating = (pod: Pod): boolean =>
  !isPodFinished(pod) && pod.metadata.deletionTimestamp !== undefined;

export const isPodReady = (pod: Pod): boolean => isConditionTrue(pod.status?.conditions, 'Ready');

/** When the pod became ready, in ms; undefined while it is not. */
export const readySince = (pod: Pod): number | undefined => {
  const condition = findCondition(pod.status?.conditions, 'Ready');
  if (condition?.status !== 'True') return undefined;
  return timeOf(condition.lastTransitionTime) ?? 0;
};

/** Ready for at least `minReadySeconds`. */
export const isPodAvailable = (pod: Pod, minReadySeconds: number, now: number): boolean => {
  const since = readySince(pod);
  return since !== undefined && (minReadySeconds === 0 || since + minReadySeconds * 1000 <= now);
};

/** Milliseconds until the next ready pod becomes available; undefined when none is on the way. */
export const nextAvailableInMs = (pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined => {
  const waits = pods
    .filter((pod) => isPodReady(pod) && !isPodAvailable(pod, minReadySeconds, now))
    .map((pod) => (readySince(pod) ?? now) + minReadySeconds * 1000 - now);
  return waits.length === 0 ? undefined : Math.max(1, Math.min(...waits));
};

/** Restarts of the container that restarted most. */
export const maxRestarts = (pod: Pod): number =>
  Math.max(0, ...(pod.status?.containerStatuses ?? []).map((status) => status.restartCount));

/** An RFC 3339 time in ms. */
export const timeOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
};

/** For conditions: of which generation of the pod they speak. */
export const observedGeneration = ({ metadata }: Pod): { readonly observedGeneration?: number } =>
  metadata.generation === undefined ? {} : { observedGeneration: metadata.generation };
