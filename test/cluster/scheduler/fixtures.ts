import { ClusterSnapshot, podInfo } from '../../../src/cluster/scheduler/cluster-snapshot.js';
import type { Placement } from '../../../src/cluster/scheduler/place-pod.js';
import { placePod } from '../../../src/cluster/scheduler/place-pod.js';
import { defaultPlugins } from '../../../src/cluster/scheduler/plugins/default-plugins.js';
import type { Node, NodeSpec, Pod, PodSpec } from '../../../src/objects/kinds/core-v1.js';

export const node = (
  name: string,
  { cpu = '4', memory = '8Gi', pods = '110', labels = {} as Record<string, string>, spec = {} as NodeSpec } = {},
): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  spec,
  status: { allocatable: { cpu, memory, pods } },
});

export const pod = (name: string, spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', ...metadata },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});

export const requesting = (cpu: string, memory = '0'): Partial<PodSpec> => ({
  containers: [{ name: 'c', image: 'i', resources: { requests: { cpu, memory } } }],
});

/** A cluster with the nodes, and each pod placed on the node that its spec names. */
export const cluster = (nodes: readonly Node[], pods: readonly Pod[] = []): ClusterSnapshot => {
  const snapshot = new ClusterSnapshot();
  for (const one of nodes) snapshot.setNode(one);
  for (const one of pods) snapshot.setPod(one);
  return snapshot;
};

export const place = (one: Pod, snapshot: ClusterSnapshot): Placement =>
  placePod(podInfo(one), snapshot, defaultPlugins, 0);
