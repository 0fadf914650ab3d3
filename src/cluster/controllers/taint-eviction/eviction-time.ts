import type { Pod, Taint } from '../../../objects/kinds/core-v1.js';
import { tolerates } from '../../scheduler/plugins/taint-toleration.js';
import { timeOf } from '../pods/pod-state.js';

/**
 * When a pod has to leave a node with these taints (ms since 1970): the shortest time that it tolerates one of them,
 * from when that was added. Undefined: it may stay.
 */
export const evictionTime = (pod: Pod, taints: readonly Taint[], now: number): number | undefined => {
  const times = taints
    .filter(({ effect }) => effect === 'NoExecute')
    .map((taint) => {
      const matching = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
      if (matching.length === 0) return Number.NEGATIVE_INFINITY;
      const seconds = Math.min(...matching.map((each) => each.tolerationSeconds ?? Number.POSITIVE_INFINITY));
      return (timeOf(taint.timeAdded) ?? now) + Math.max(0, seconds) * 1000;
    });
  const first = Math.min(...times);
  return times.length === 0 || first === Number.POSITIVE_INFINITY ? undefined : Math.max(first, 0);
};
