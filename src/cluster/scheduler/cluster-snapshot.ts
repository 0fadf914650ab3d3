import type { Node, Pod } from '../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../objects/object.js';
import { keyOf, keyText } from '../../objects/object.js';
import { controllerOf } from '../../objects/owner-references.js';
import type { Amounts } from './resources.js';
import { nodeAllocatable, podRequests, podScoringRequests } from './resources.js';

/** A host port that a pod takes on its node. */
export interface HostPort {
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

/** A pod with what the plugins ask of it, computed once. */
export interface PodInfo {
  readonly key: string;
  readonly pod: Pod;
  readonly requests: Amounts;
  readonly scoringRequests: Amounts;
  readonly hostPorts: readonly HostPort[];
  /** uid of the controller; pods with the same one are replicas of each other. */
  readonly owner: string | undefined;
}

/** A node with the sum of what its pods take. */
export interface NodeInfo {
  readonly name: string;
  readonly node: Node;
  readonly allocatable: Amounts;
  readonly requested: ReadonlyMap<string, number>;
  readonly scoringRequested: ReadonlyMap<string, number>;
  readonly pods: ReadonlyMap<string, PodInfo>;
}

export const podInfo = (pod: Pod): PodInfo => ({
  key: keyText(keyOf(pod)),
  pod,
  requests: podRequests(pod),
  scoringRequests: podScoringRequests(pod),
  hostPorts: hostPortsOf(pod),
  owner: controllerOf(pod)?.uid,
});

const hostPortsOf = (pod: Pod): HostPort[] =>
  [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => (port.hostPort ?? 0) > 0)
      .map((port) => ({
        ip: port.hostIP === undefined || port.hostIP === '' ? '0.0.0.0' : port.hostIP,
        protocol: port.protocol ?? 'TCP',
        port: port.hostPort ?? 0,
      })),
  );

interface MutableNode extends NodeInfo {
  readonly requested: Map<string, number>;
  readonly scoringRequested: Map<string, number>;
  readonly pods: Map<string, PodInfo>;
}

export const isFinished = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/**
 * The nodes and what is placed on them, kept up to date by events instead of being summed up for every pod. A pod that
 * was just placed counts from `assume` on, before its binding is written.
 */
export class ClusterSnapshot {
  readonly #nodes = new Map<string, MutableNode>();
  /** Pods on nodes that are not known (yet), and where each pod is. */
  readonly #places = new Map<string, { readonly node: string; readonly info: PodInfo }>();
  readonly #byOwner = new Map<string, Map<string, number>>();
  readonly #byNamespace = new Map<string, Map<string, PodInfo>>();
  readonly #antiAffine = new Map<string, PodInfo>();
  #list: readonly NodeInfo[] | undefined;

  /** All nodes in name order. The array is the same until a node comes or goes. */
  get nodes(): readonly NodeInfo[] {
    this.#list ??= [...this.#nodes.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
    return this.#list;
  }

  node(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  /** How many pods of a controller each node has. */
  replicasByNode(owner: string): ReadonlyMap<string, number> {
    return this.#byOwner.get(owner) ?? new Map();
  }

  /** Placed pods of a namespace. */
  podsIn(namespace: string): Iterable<PodInfo> {
    return this.#byNamespace.get(namespace)?.values() ?? [];
  }

  /** Placed pods that must not share a domain with others: few, so they are kept apart. */
  podsWithAntiAffinity(): readonly PodInfo[] {
    return [...this.#antiAffine.values()];
  }

  nodeOf(podKey: string): string | undefined {
    return this.#places.get(podKey)?.node;
  }

  setNode(node: Node): void {
    const { name } = node.metadata;
    const known = this.#nodes.get(name);
    const next: MutableNode = {
      name,
      node,
      allocatable: nodeAllocatable(node),
      requested: known?.requested ?? new Map<string, number>(),
      scoringRequested: known?.scoringRequested ?? new Map<string, number>(),
      pods: known?.pods ?? new Map<string, PodInfo>(),
    };
    this.#nodes.set(name, next);
    this.#list = undefined;
    if (known !== undefined) return;
    for (const place of this.#places.values()) if (place.node === name) count(next, place.info, 1);
  }

  removeNode(name: string): void {
    this.#nodes.delete(name);
    this.#list = undefined;
  }

  /** Takes the pod as it is now: placed, finished, gone. */
  setPod(pod: Pod): void {
    const key = keyText(keyOf(pod));
    const nodeName = pod.spec.nodeName ?? '';
    if (nodeName === '' || isFinished(pod)) {
      // An assumed pod that the informer still shows without its node keeps its place.
      if (nodeName !== '') this.removePod(pod);
      return;
    }
    const known = this.#places.get(key);
    if (
      known?.node === nodeName &&
      known.info.pod.spec === pod.spec &&
      known.info.pod.metadata.labels === pod.metadata.labels
    )
      return;
    this.removePod(pod);
    this.#place(podInfo(pod), nodeName);
  }

  removePod(pod: KubeObject): void {
    const key = keyText(keyOf(pod));
    const place = this.#places.get(key);
    if (place === undefined) return;
    this.#places.delete(key);
    this.#antiAffine.delete(key);
    this.#byNamespace.get(pod.metadata.namespace ?? '')?.delete(key);
    const node = this.#nodes.get(place.node);
    if (node !== undefined) count(node, place.info, -1);
    this.#countReplica(place.info, place.node, -1);
  }

  /** Counts the pod on the node although its binding is not written yet. */
  assume(info: PodInfo, nodeName: string): void {
    this.#place(info, nodeName);
  }

  #place(info: PodInfo, nodeName: string): void {
    this.#places.set(info.key, { node: nodeName, info });
    const namespace = info.pod.metadata.namespace ?? '';
    const pods = this.#byNamespace.get(namespace) ?? new Map<string, PodInfo>();
    this.#byNamespace.set(namespace, pods.set(info.key, info));
    if (info.pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution !== undefined) {
      this.#antiAffine.set(info.key, info);
    }
    const node = this.#nodes.get(nodeName);
    if (node !== undefined) count(node, info, 1);
    this.#countReplica(info, nodeName, 1);
  }

  #countReplica({ owner }: PodInfo, nodeName: string, change: 1 | -1): void {
    if (owner === undefined) return;
    const counts = this.#byOwner.get(owner) ?? new Map<string, number>();
    const next = (counts.get(nodeName) ?? 0) + change;
    if (next > 0) counts.set(nodeName, next);
    else counts.delete(nodeName);
    if (counts.size > 0) this.#byOwner.set(owner, counts);
    else this.#byOwner.delete(owner);
  }
}

const count = (node: MutableNode, info: PodInfo, sign: 1 | -1): void => {
  if (sign === 1) node.pods.set(info.key, info);
  else node.pods.delete(info.key);
  sum(node.requested, info.requests, sign);
  sum(node.scoringRequested, info.scoringRequests, sign);
};

const sum = (total: Map<string, number>, amounts: Amounts, sign: 1 | -1): void => {
  for (const [name, amount] of amounts) total.set(name, (total.get(name) ?? 0) + sign * amount);
};
