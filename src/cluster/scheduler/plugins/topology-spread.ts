import type { Pod, TopologySpreadConstraint } from '../../../objects/kinds/core-v1.js';
import { matchesLabels, selectorFromObject } from '../../../objects/selectors/label-selector.js';
import type { ClusterSnapshot, NodeInfo, PodInfo } from '../cluster-snapshot.js';
import type { Evaluation, SchedulingPlugin } from '../plugin.js';
import { matchesNodeSelection } from './node-affinity.js';
import { tolerates } from './taint-toleration.js';

/** Matching pods in each domain, for one constraint. */
interface Spread {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly hard: boolean;
  readonly counts: ReadonlyMap<string, number>;
  readonly least: number;
  readonly selfMatch: number;
}

/** The cluster's defaults for replicas of a controller that state no constraint: zones first, then nodes; both soft. */
const DEFAULTS = [
  { topologyKey: 'kubernetes.io/hostname', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
];

const domainOf = (node: NodeInfo, topologyKey: string): string | undefined => node.node.metadata.labels?.[topologyKey];

/** Nodes that a constraint counts: by default those that the pod's node selection allows, tainted or not. */
const isCounted = (constraint: TopologySpreadConstraint, pod: Pod, { node }: NodeInfo): boolean => {
  if (constraint.nodeAffinityPolicy !== 'Ignore' && !matchesNodeSelection(pod, node)) return false;
  if (constraint.nodeTaintsPolicy !== 'Honor') return true;
  return (node.spec?.taints ?? []).every(
    (taint) =>
      taint.effect === 'PreferNoSchedule' ||
      (pod.spec.tolerations ?? []).some((toleration) => tolerates(toleration, taint)),
  );
};

const spreadOf = (constraint: TopologySpreadConstraint, info: PodInfo, cluster: ClusterSnapshot): Spread => {
  const { pod } = info;
  const { topologyKey, maxSkew } = constraint;
  const selector = selectorFromObject(withMatchLabelKeys(constraint, pod));
  const counts = new Map<string, number>();
  for (const node of cluster.nodes) {
    const domain = domainOf(node, topologyKey);
    if (domain !== undefined && isCounted(constraint, pod, node)) counts.set(domain, 0);
  }
  for (const other of cluster.podsIn(pod.metadata.namespace ?? '')) {
    if (other.pod.metadata.deletionTimestamp !== undefined || !matchesLabels(selector, other.pod.metadata.labels))
      continue;
    const node = cluster.node(cluster.nodeOf(other.key) ?? '');
    const domain = node === undefined ? undefined : domainOf(node, topologyKey);
    const known = domain === undefined ? undefined : counts.get(domain);
    if (domain !== undefined && known !== undefined) counts.set(domain, known + 1);
  }
  const least = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values());
  const selfMatch = matchesLabels(selector, pod.metadata.labels) ? 1 : 0;
  return { topologyKey, maxSkew, hard: constraint.whenUnsatisfiable === 'DoNotSchedule', counts, least, selfMatch };
};

const withMatchLabelKeys = (constraint: TopologySpreadConstraint, pod: Pod) => ({
  ...constraint.labelSelector,
  matchLabels: {
    ...constraint.labelSelector?.matchLabels,
    ...Object.fromEntries(
      (constraint.matchLabelKeys ?? []).flatMap((key) => {
        const value = pod.metadata.labels?.[key];
        return value === undefined ? [] : [[key, value]];
      }),
    ),
  },
});

/** Replicas of the pod's controller in each domain. */
const replicaSpread = (owner: string, topologyKey: string, maxSkew: number, cluster: ClusterSnapshot): Spread => {
  const counts = new Map<string, number>();
  for (const [nodeName, replicas] of cluster.replicasByNode(owner)) {
    const node = cluster.node(nodeName);
    const domain = node === undefined ? undefined : domainOf(node, topologyKey);
    if (domain !== undefined) counts.set(domain, (counts.get(domain) ?? 0) + replicas);
  }
  return { topologyKey, maxSkew, hard: false, counts, least: 0, selfMatch: 1 };
};

const refusals = (spreads: readonly Spread[], node: NodeInfo): string[] | undefined => {
  for (const { topologyKey, counts, least, maxSkew, selfMatch } of spreads) {
    const domain = domainOf(node, topologyKey);
    if (domain === undefined) return ["node(s) didn't match pod topology spread constraints (missing required label)"];
    if ((counts.get(domain) ?? 0) + selfMatch - least > maxSkew) {
      return ["node(s) didn't match pod topology spread constraints"];
    }
  }
  return undefined;
};

const NOT_IN_TOPOLOGY = -1;

const penalty = (spreads: readonly Spread[], node: NodeInfo): number => {
  let total = 0;
  for (const { topologyKey, counts, maxSkew } of spreads) {
    const domain = domainOf(node, topologyKey);
    if (domain === undefined) return NOT_IN_TOPOLOGY;
    total += (counts.get(domain) ?? 0) * Math.log(counts.size + 2) + (maxSkew - 1);
  }
  return Math.round(total);
};

/** Few matching pods is good: 100 for the emptiest domain, less the more there are, 0 for nodes outside the topology. */
const normalizePenalties = (scores: number[]): void => {
  const known = scores.filter((score) => score !== NOT_IN_TOPOLOGY);
  let [most, least] = [0, Number.POSITIVE_INFINITY];
  for (const score of known) [most, least] = [Math.max(most, score), Math.min(least, score)];
  for (const [index, score] of scores.entries()) {
    if (score === NOT_IN_TOPOLOGY) scores[index] = 0;
    else scores[index] = most === 0 ? 100 : Math.floor((100 * (most + least - score)) / most);
  }
};

const evaluationOf = (spreads: readonly Spread[]): Evaluation => {
  const hard = spreads.filter((spread) => spread.hard);
  const soft = spreads.filter((spread) => !spread.hard);
  return {
    ...(hard.length > 0 && { filter: (node) => refusals(hard, node) }),
    ...(soft.length > 0 && { score: (node) => penalty(soft, node), normalize: normalizePenalties }),
  };
};

/** Topology spread constraints of the pod, or the cluster's defaults for replicas. */
export const topologySpread: SchedulingPlugin = {
  name: 'PodTopologySpread',
  weight: 2,
  prepare: (info, cluster) => {
    const constraints = info.pod.spec.topologySpreadConstraints ?? [];
    if (constraints.length > 0) {
      return evaluationOf(constraints.map((constraint) => spreadOf(constraint, info, cluster)));
    }
    const { owner } = info;
    if (owner === undefined) return undefined;
    const keys = DEFAULTS.filter(({ topologyKey }) =>
      cluster.nodes.some((node) => domainOf(node, topologyKey) !== undefined),
    );
    return evaluationOf(keys.map(({ topologyKey, maxSkew }) => replicaSpread(owner, topologyKey, maxSkew, cluster)));
  },
};
