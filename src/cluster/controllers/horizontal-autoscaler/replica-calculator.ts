import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { GroupedPods, Measured } from './pod-usage.js';

/** A change of the ratio within a tenth is no reason to scale. */
export const DEFAULT_TOLERANCE = 0.1;

export interface Tolerances {
  readonly up: number;
  readonly down: number;
}

/** What a metric is compared with: a share of what each pod requests, or an average. */
export type Target =
  | { readonly type: 'utilization'; readonly percent: number; readonly requestOf: (pod: Pod) => number }
  | { readonly type: 'average'; readonly milli: number };

const isTolerated = (ratio: number, { up, down }: Tolerances): boolean => ratio >= 1 - down && ratio <= 1 + up;

/**
 * The number of replicas at which the metric would meet its target. Pods without a value are taken for idle when the
 * others ask for more, for busy when they ask for less; pods that are not ready for idle when more are asked for: so
 * that nothing unknown makes the change larger.
 */
export const neededReplicas = (
  current: number,
  groups: GroupedPods,
  measured: ReadonlyMap<string, Measured>,
  target: Target,
  tolerances: Tolerances,
): number => {
  const values = new Map<Pod, number>();
  for (const pod of groups.ready) values.set(pod, measured.get(pod.metadata.name)?.milli ?? 0);
  const ratio = ratioOf(values, target);
  const ignoresUnready = ratio <= 1 || groups.unready.length === 0;
  if (ignoresUnready && groups.missing.length === 0) {
    return isTolerated(ratio, tolerances) ? current : Math.ceil(ratio * groups.ready.length);
  }
  for (const pod of groups.missing) if (ratio !== 1) values.set(pod, ratio < 1 ? busy(pod, target) : 0);
  if (ratio > 1) for (const pod of groups.unready) values.set(pod, 0);
  const adjusted = ratioOf(values, target);
  const hasTurned = (ratio < 1 && adjusted > 1) || (ratio > 1 && adjusted < 1);
  if (isTolerated(adjusted, tolerances) || hasTurned) return current;
  const needed = Math.ceil(adjusted * values.size);
  const isBackwards = (adjusted < 1 && needed > current) || (adjusted > 1 && needed < current);
  return isBackwards ? current : needed;
};

const busy = (pod: Pod, target: Target): number =>
  target.type === 'average' ? target.milli : (target.requestOf(pod) * Math.max(100, target.percent)) / 100;

const ratioOf = (values: ReadonlyMap<Pod, number>, target: Target): number => {
  const total = [...values.values()].reduce((sum, value) => sum + value, 0);
  if (target.type === 'average') return values.size === 0 ? 1 : total / values.size / target.milli;
  const requested = [...values.keys()].reduce((sum, pod) => sum + target.requestOf(pod), 0);
  return requested === 0 ? 1 : Math.trunc((total * 100) / requested) / target.percent;
};
