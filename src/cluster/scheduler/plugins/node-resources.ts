import type { NodeInfo, PodInfo } from '../cluster-snapshot.js';
import type { SchedulingPlugin } from '../plugin.js';

const missing = (pod: PodInfo, node: NodeInfo): string[] => {
  const reasons: string[] = [];
  if (node.pods.size + 1 > (node.allocatable.get('pods') ?? 0)) reasons.push('Too many pods');
  for (const [name, amount] of pod.requests) {
    if (amount === 0) continue;
    const free = (node.allocatable.get(name) ?? 0) - (node.requested.get(name) ?? 0);
    if (amount > free) reasons.push(`Insufficient ${name}`);
  }
  return reasons;
};

const usedFraction = (pod: PodInfo, node: NodeInfo, resource: string): number => {
  const allocatable = node.allocatable.get(resource) ?? 0;
  const used = (node.scoringRequested.get(resource) ?? 0) + (pod.scoringRequests.get(resource) ?? 0);
  return allocatable === 0 ? 1 : Math.min(used / allocatable, 1);
};

/** Requests fit into what is left of the node; emptier nodes score higher. */
export const nodeResourcesFit: SchedulingPlugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  prepare: (pod) => ({
    filter: (node) => missing(pod, node),
    score: (node) =>
      Math.floor(
        (Math.floor((1 - usedFraction(pod, node, 'cpu')) * 100) +
          Math.floor((1 - usedFraction(pod, node, 'memory')) * 100)) /
          2,
      ),
  }),
};

/** Nodes on which CPU and memory are used alike score higher. Pods that request neither have no say. */
export const nodeResourcesBalanced: SchedulingPlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  prepare: (pod) => {
    if (!pod.requests.has('cpu') && !pod.requests.has('memory')) return undefined;
    return {
      score: (node) =>
        Math.floor((1 - Math.abs(usedFraction(pod, node, 'cpu') - usedFraction(pod, node, 'memory')) / 2) * 100),
    };
  },
};
