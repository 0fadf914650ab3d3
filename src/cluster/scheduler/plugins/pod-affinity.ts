import type { PodAffinityTerm } from '../../../objects/kinds/core-v1.js';
import { matchesLabels, selectorFromObject } from '../../../objects/selectors/label-selector.js';
import type { ClusterSnapshot, NodeInfo, PodInfo } from '../cluster-snapshot.js';
import type { Evaluation, SchedulingPlugin } from '../plugin.js';

/** Domains of one topology key, with a weight or a count each. */
type Domains = Map<string, number>;

const namespacesOf = (term: PodAffinityTerm, pod: PodInfo): readonly string[] =>
  term.namespaces !== undefined && term.namespaces.length > 0 ? term.namespaces : [pod.pod.metadata.namespace ?? ''];

/** Where the pods are that a term of `pod` selects. */
const domainsOf = (term: PodAffinityTerm, pod: PodInfo, cluster: ClusterSnapshot): Domains => {
  const selector = selectorFromObject(term.labelSelector);
  const domains: Domains = new Map();
  for (const namespace of namespacesOf(term, pod)) {
    for (const other of cluster.podsIn(namespace)) {
      if (!matchesLabels(selector, other.pod.metadata.labels)) continue;
      const domain = cluster.node(cluster.nodeOf(other.key) ?? '')?.node.metadata.labels?.[term.topologyKey];
      if (domain !== undefined) domains.set(domain, (domains.get(domain) ?? 0) + 1);
    }
  }
  return domains;
};

const selects = (term: PodAffinityTerm, owner: PodInfo, other: PodInfo): boolean =>
  namespacesOf(term, owner).includes(other.pod.metadata.namespace ?? '') &&
  matchesLabels(selectorFromObject(term.labelSelector), other.pod.metadata.labels);

const has = (domains: Domains, node: NodeInfo, topologyKey: string): boolean => {
  const domain = node.node.metadata.labels?.[topologyKey];
  return domain !== undefined && domains.has(domain);
};

/** Domains that placed pods keep free of pods like this one. */
const repelledFrom = (pod: PodInfo, cluster: ClusterSnapshot): { topologyKey: string; domain: string }[] =>
  cluster.podsWithAntiAffinity().flatMap((other) =>
    (other.pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [])
      .filter((term) => selects(term, other, pod))
      .flatMap(({ topologyKey }) => {
        const domain = cluster.node(cluster.nodeOf(other.key) ?? '')?.node.metadata.labels?.[topologyKey];
        return domain === undefined ? [] : [{ topologyKey, domain }];
      }),
  );

interface Term {
  readonly topologyKey: string;
  readonly domains: Domains;
  readonly weight: number;
}

const filterOf = (pod: PodInfo, cluster: ClusterSnapshot): Evaluation['filter'] => {
  const affinity = pod.pod.spec.affinity;
  const wanted = (affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => ({
    topologyKey: term.topologyKey,
    domains: domainsOf(term, pod, cluster),
    self: selects(term, pod, pod),
  }));
  const avoided = (affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => ({
    topologyKey: term.topologyKey,
    domains: domainsOf(term, pod, cluster),
  }));
  const repelled = repelledFrom(pod, cluster);
  if (wanted.length + avoided.length + repelled.length === 0) return undefined;
  // The first pod of a group that wants to be together has nobody to join: it may start the group anywhere.
  const isFirst = wanted.length > 0 && wanted.every(({ domains, self }) => domains.size === 0 && self);
  return (node) => {
    const labels = node.node.metadata.labels ?? {};
    const joins = wanted.every(
      ({ topologyKey, domains }) => (isFirst && labels[topologyKey] !== undefined) || has(domains, node, topologyKey),
    );
    if (!joins) return ["node(s) didn't match pod affinity rules"];
    if (avoided.some(({ topologyKey, domains }) => has(domains, node, topologyKey))) {
      return ["node(s) didn't match pod anti-affinity rules"];
    }
    return repelled.some(({ topologyKey, domain }) => labels[topologyKey] === domain)
      ? ["node(s) didn't satisfy existing pods anti-affinity rules"]
      : undefined;
  };
};

const preferencesOf = (pod: PodInfo, cluster: ClusterSnapshot): Term[] => {
  const affinity = pod.pod.spec.affinity;
  const signed = [
    ...(affinity?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => ({
      term,
      sign: 1,
    })),
    ...(affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => ({
      term,
      sign: -1,
    })),
  ];
  return signed.map(({ term: { weight, podAffinityTerm: term }, sign }) => ({
    topologyKey: term.topologyKey,
    domains: domainsOf(term, pod, cluster),
    weight: sign * weight,
  }));
};

/** From the lowest to the highest score: 0 to 100. */
const stretch = (scores: number[]): void => {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const score of scores) [least, most] = [Math.min(least, score), Math.max(most, score)];
  for (const [index, score] of scores.entries()) {
    scores[index] = most === least ? 0 : Math.floor((100 * (score - least)) / (most - least));
  }
};

/** Pods that must or would be near to, or away from, other pods. */
export const podAffinity: SchedulingPlugin = {
  name: 'InterPodAffinity',
  weight: 2,
  prepare: (pod, cluster) => {
    const filter = filterOf(pod, cluster);
    const preferences = preferencesOf(pod, cluster);
    return {
      ...(filter !== undefined && { filter }),
      ...(preferences.length > 0 && {
        score: (node) =>
          preferences.reduce((total, { topologyKey, domains, weight }) => {
            const domain = node.node.metadata.labels?.[topologyKey];
            return total + weight * (domain === undefined ? 0 : (domains.get(domain) ?? 0));
          }, 0),
        normalize: stretch,
      }),
    };
  },
};
