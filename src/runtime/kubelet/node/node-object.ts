import { timestamp } from '../../../objects/conditions.js';
import type { Node, NodeCondition, NodeStatus } from '../../../objects/kinds/core-v1.js';

import { canonicalQuantity } from '../../../objects/quantity.js';
import type { Image } from '../../containers/container-runtime.js';
import type { DiskUsage, Machine } from './machine.js';

/** The Kubernetes version whose kubelet this one stands in for. */
export const KUBELET_VERSION = 'v1.35.2';

const PODS = 110;
/** Names of images are listed for at most this many, the largest first. */
const MOST_IMAGES = 50;
const LEAST_FREE_DISK = 0.1;
const LEAST_FREE_INODES = 0.05;

export interface NodeInput {
  readonly nodeName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly machine: Machine;
  readonly maxPods?: number;
  readonly kubeletPort?: number;
  readonly runtime: { readonly runtime: string; readonly version: string };
}

export interface NodeState {
  readonly disk: DiskUsage | undefined;
  readonly images: readonly Image[];
  readonly runtimeHealthy: boolean;
  readonly now: number;
}

/** In the form in which the API keeps it, so that it does not seem to change. */
const kibibytes = (bytes: number): string => canonicalQuantity(`${Math.floor(bytes / 1024)}Ki`);

export const capacityOf = (input: NodeInput, disk: DiskUsage | undefined): Record<string, string> => ({
  cpu: String(input.machine.cpus),
  memory: kibibytes(input.machine.memoryBytes),
  pods: String(input.maxPods ?? PODS),
  ...(disk === undefined ? {} : { 'ephemeral-storage': kibibytes(disk.totalBytes) }),
});

export const isDiskFull = (disk: DiskUsage | undefined): boolean => {
  if (disk === undefined || disk.totalBytes === 0) return false;
  const noInodes = disk.totalInodes > 0 && disk.freeInodes < disk.totalInodes * LEAST_FREE_INODES;
  return disk.freeBytes < disk.totalBytes * LEAST_FREE_DISK || noInodes;
};

/** The Node as it is registered; its status is written by `nodeStatus`. */
export const newNode = (input: NodeInput): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: input.nodeName,
    labels: nodeLabels(input),
    annotations: {
      'node.alpha.kubernetes.io/ttl': '0',
      'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
    },
  },
  spec: {},
});

export const nodeLabels = ({ nodeName, machine, labels }: NodeInput): Record<string, string> => ({
  'beta.kubernetes.io/arch': machine.architecture,
  'beta.kubernetes.io/os': machine.os,
  'kubernetes.io/arch': machine.architecture,
  'kubernetes.io/hostname': nodeName,
  'kubernetes.io/os': machine.os,
  ...labels,
});

interface Verdict {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

const verdicts = (state: NodeState): readonly Verdict[] => [
  {
    type: 'MemoryPressure',
    status: 'False',
    reason: 'KubeletHasSufficientMemory',
    message: 'kubelet has sufficient memory available',
  },
  isDiskFull(state.disk)
    ? { type: 'DiskPressure', status: 'True', reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure' }
    : {
        type: 'DiskPressure',
        status: 'False',
        reason: 'KubeletHasNoDiskPressure',
        message: 'kubelet has no disk pressure',
      },
  {
    type: 'PIDPressure',
    status: 'False',
    reason: 'KubeletHasSufficientPID',
    message: 'kubelet has sufficient PID available',
  },
  state.runtimeHealthy
    ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
    : { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'container runtime is down' },
];

const conditions = (state: NodeState, before: readonly NodeCondition[]): readonly NodeCondition[] => {
  const now = timestamp(state.now);
  const own = verdicts(state).map((verdict): NodeCondition => {
    const known = before.find(({ type }) => type === verdict.type);
    const since = known?.status === verdict.status ? known.lastTransitionTime : undefined;
    const { type, status, reason, message } = verdict;
    return { type, status, lastHeartbeatTime: now, lastTransitionTime: since ?? now, reason, message };
  });
  return [...before.filter(({ type }) => !own.some((condition) => condition.type === type)), ...own];
};

export const nodeStatus = (input: NodeInput, state: NodeState, before: NodeStatus | undefined): NodeStatus => {
  const { machine } = input;
  const capacity = capacityOf(input, state.disk);
  const storage: Record<string, string> =
    state.disk === undefined ? {} : { 'ephemeral-storage': canonicalQuantity(Math.floor(state.disk.totalBytes * 0.9)) };
  return {
    ...(before?.volumesInUse === undefined ? {} : { volumesInUse: before.volumesInUse }),
    ...(before?.volumesAttached === undefined ? {} : { volumesAttached: before.volumesAttached }),
    capacity: { ...extended(before?.capacity), ...capacity },
    allocatable: { ...extended(before?.allocatable), ...capacity, ...storage },
    conditions: conditions(state, before?.conditions ?? []),
    addresses: [
      ...machine.addresses.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: input.nodeName },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: input.kubeletPort ?? 0 } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.machineId,
      bootID: machine.bootId,
      kernelVersion: machine.kernel,
      osImage: machine.osImage,
      containerRuntimeVersion: `${input.runtime.runtime}://${input.runtime.version}`,
      kubeletVersion: KUBELET_VERSION,
      kubeProxyVersion: '',
      operatingSystem: machine.os,
      architecture: machine.architecture,
    },
    images: imagesOf(state.images),
  };
};

/** Resources that others added to the node (`example.com/gpu`) stay. */
const extended = (
  resources: Readonly<Record<string, string | number>> | undefined,
): Readonly<Record<string, string | number>> =>
  Object.fromEntries(Object.entries(resources ?? {}).filter(([name]) => name.includes('/')));

const imagesOf = (images: readonly Image[]): NodeStatus['images'] =>
  [...images]
    .filter(({ tags, digests }) => tags.length + digests.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes || (a.id < b.id ? -1 : 1))
    .slice(0, MOST_IMAGES)
    .map(({ tags, digests, sizeBytes }) => ({ names: [...digests, ...tags].slice(0, 5), sizeBytes }));
