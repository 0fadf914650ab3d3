import type { Pod } from '../../../objects/kinds/core-v1.js';
import { isPodFinished, timeOf } from '../pods/pod-state.js';

/** Finished pods that are kept in the whole cluster. */
export const FINISHED_LIMIT = 12_500;
/** How long a node must be gone before its pods are. */
export const NODE_GONE_MS = 40_000;

export interface PodGcPlan {
  /** The oldest finished pods beyond the limit. */
  readonly surplus: readonly Pod[];
  /** Pods on nodes that are not there. */
  readonly orphaned: readonly Pod[];
  /** Pods that were deleted before they had a node: no kubelet will end them. */
  readonly unscheduled: readonly Pod[];
}

export const planPodGc = (
  pods: readonly Pod[],
  isNode: (name: string) => boolean,
  limit: number = FINISHED_LIMIT,
): PodGcPlan => {
  const finished = pods.filter(isPodFinished);
  return {
    surplus: finished
      .toSorted((a, b) => createdAt(a) - createdAt(b) || (a.metadata.name < b.metadata.name ? -1 : 1))
      .slice(0, Math.max(0, finished.length - limit)),
    orphaned: pods.filter((pod) => nodeOf(pod) !== '' && !isNode(nodeOf(pod))),
    unscheduled: pods.filter((pod) => nodeOf(pod) === '' && pod.metadata.deletionTimestamp !== undefined),
  };
};

const nodeOf = (pod: Pod): string => pod.spec.nodeName ?? '';
const createdAt = (pod: Pod): number => timeOf(pod.metadata.creationTimestamp) ?? 0;
