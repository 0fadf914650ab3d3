import type { Pod } from '../../../objects/kinds/core-v1.js';

/** How names are resolved on the node and in the cluster. */
export interface ClusterDns {
  /** Addresses of the cluster's DNS server, reachable from pods; empty when there is none. */
  readonly servers: readonly string[];
  /** `cluster.local`. */
  readonly domain: string;
  /** What the host uses; pods with dnsPolicy Default get it. */
  readonly host: Dns;
}

export interface Dns {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

const MOST_SERVERS = 3;
const MOST_SEARCHES = 32;

const unique = (values: readonly string[]): readonly string[] => [...new Set(values)];

const nameOf = (option: string): string => option.split(':', 1)[0] ?? option;

/** The resolver configuration of a pod by its dnsPolicy and dnsConfig. */
export const podDns = (pod: Pod, cluster: ClusterDns): Dns => {
  const base = byPolicy(pod, cluster);
  const extra = pod.spec.dnsConfig ?? {};
  const added = (extra.options ?? []).map(({ name = '', value }) =>
    value === undefined || value === '' ? name : `${name}:${value}`,
  );
  const replaced = new Set(added.map(nameOf));
  return {
    servers: unique([...base.servers, ...(extra.nameservers ?? [])]).slice(0, MOST_SERVERS),
    searches: unique([...base.searches, ...(extra.searches ?? [])]).slice(0, MOST_SEARCHES),
    options: [...base.options.filter((option) => !replaced.has(nameOf(option))), ...added],
  };
};

const byPolicy = (pod: Pod, cluster: ClusterDns): Dns => {
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst';
  if (policy === 'None') return { servers: [], searches: [], options: [] };
  const onHost = policy === 'ClusterFirst' && pod.spec.hostNetwork === true;
  if (policy === 'Default' || onHost || cluster.servers.length === 0) return cluster.host;
  const { domain } = cluster;
  return {
    servers: cluster.servers,
    searches: [`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain, ...cluster.host.searches],
    options: ['ndots:5'],
  };
};
