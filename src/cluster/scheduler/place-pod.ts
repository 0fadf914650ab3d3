import type { ClusterSnapshot, NodeInfo, PodInfo } from './cluster-snapshot.js';
import type { Evaluation, SchedulingPlugin } from './plugin.js';

/** Where a pod goes, or how many nodes refuse it for which reason. */
export type Placement =
  | { readonly node: string; readonly asked: number }
  | {
      readonly node: undefined;
      readonly asked: number;
      readonly reasons: ReadonlyMap<string, number>;
      readonly message: string;
    };

/**
 * How many feasible nodes are enough to choose from: all of fewer than 100; of more, a share that falls from 50 % to 5 %
 * with the size of the cluster, but at least 100. As the default scheduler of Kubernetes has it.
 */
const enoughNodes = (nodes: number): number => {
  if (nodes < 100) return nodes;
  const percentage = Math.max(50 - Math.floor(nodes / 125), 5);
  return Math.max(Math.floor((nodes * percentage) / 100), 100);
};

/**
 * Chooses a node. Pure. `start` is where the walk over the nodes begins; passing the sum of the `asked` of earlier
 * placements gives every node its turn in large clusters.
 */
export const placePod = (
  pod: PodInfo,
  cluster: ClusterSnapshot,
  plugins: readonly SchedulingPlugin[],
  start: number,
): Placement => {
  const { nodes } = cluster;
  const reasons = new Map<string, number>();
  if (nodes.length === 0) return { node: undefined, asked: 0, reasons, message: 'no nodes available to schedule pods' };
  const evaluations = plugins.flatMap((plugin) => {
    const evaluation = plugin.prepare(pod, cluster);
    return evaluation === undefined ? [] : [{ ...evaluation, weight: plugin.weight }];
  });
  const filters = evaluations.flatMap(({ filter }) => (filter === undefined ? [] : [filter]));
  const enough = enoughNodes(nodes.length);
  const feasible: NodeInfo[] = [];
  let asked = 0;
  for (; asked < nodes.length && feasible.length < enough; asked += 1) {
    const node = nodes[(start + asked) % nodes.length] as NodeInfo;
    const refused = refusal(filters, node);
    if (refused === undefined) feasible.push(node);
    else for (const reason of refused) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const best = bestOf(feasible, evaluations);
  if (best === undefined) return { node: undefined, asked, reasons, message: refusalText(nodes.length, reasons) };
  return { node: best.name, asked };
};

const refusal = (
  filters: readonly NonNullable<Evaluation['filter']>[],
  node: NodeInfo,
): readonly string[] | undefined => {
  for (const filter of filters) {
    const reasons = filter(node);
    if (reasons !== undefined && reasons.length > 0) return reasons;
  }
  return undefined;
};

const bestOf = (
  nodes: readonly NodeInfo[],
  evaluations: readonly (Evaluation & { readonly weight: number })[],
): NodeInfo | undefined => {
  if (nodes.length <= 1) return nodes[0];
  const totals = nodes.map(() => 0);
  for (const { score, normalize, weight } of evaluations) {
    if (score === undefined) continue;
    const scores = nodes.map(score);
    normalize?.(scores, nodes);
    for (const [index, value] of scores.entries()) totals[index] = (totals[index] ?? 0) + weight * value;
  }
  let best = 0;
  for (const [index, total] of totals.entries()) if (total > (totals[best] ?? 0)) best = index;
  return nodes[best];
};

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.` */
const refusalText = (nodes: number, reasons: ReadonlyMap<string, number>): string => {
  const parts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodes} nodes are available: ${parts.join(', ')}.`;
};
