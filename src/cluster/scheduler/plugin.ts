import type { ClusterSnapshot, NodeInfo, PodInfo } from './cluster-snapshot.js';

/** What a plugin has to say about one pod. Made once a pod, then asked about many nodes. */
export interface Evaluation {
  /** Why the pod cannot run on the node, in Kubernetes' words; undefined or empty when it can. */
  readonly filter?: (node: NodeInfo) => readonly string[] | undefined;
  /** Higher is better; any scale when `normalize` brings it to 0..100. */
  readonly score?: (node: NodeInfo) => number;
  /** Brings the scores of all feasible nodes to 0..100, in place. */
  readonly normalize?: (scores: number[], nodes: readonly NodeInfo[]) => void;
}

/** One concern of placement. `prepare` returns undefined when the pod does not care. */
export interface SchedulingPlugin {
  readonly name: string;
  /** How much its score counts. */
  readonly weight: number;
  prepare(pod: PodInfo, cluster: ClusterSnapshot): Evaluation | undefined;
}

/** Scales scores so that the best has 100; with `reverse`, so that the lowest has 100. */
export const normalizeToBest = (scores: number[], reverse: boolean): void => {
  let best = 0;
  for (const score of scores) best = Math.max(best, score);
  for (const [index, score] of scores.entries()) {
    const scaled = best === 0 ? 0 : Math.floor((score * 100) / best);
    scores[index] = reverse ? 100 - scaled : scaled;
  }
};
