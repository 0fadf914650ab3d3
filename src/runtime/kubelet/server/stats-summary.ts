import { timestamp } from '../../../objects/conditions.js';
import type { Kubelet } from '../kubelet.js';
import type { NodeUsage } from './node-usage.js';
import type { ContainerUsage, PodUsage } from './usage.js';

const cpuOf = (time: string, nanocores: number, nanoseconds: number): Readonly<Record<string, unknown>> => ({
  time,
  usageNanoCores: nanocores,
  usageCoreNanoSeconds: nanoseconds,
});

const memoryOf = (time: string, bytes: number): Readonly<Record<string, unknown>> => ({
  time,
  usageBytes: bytes,
  workingSetBytes: bytes,
});

const sum = (containers: readonly ContainerUsage[], of: (usage: ContainerUsage) => number): number =>
  containers.reduce((total, usage) => total + of(usage), 0);

const containerSummary = (usage: ContainerUsage): Readonly<Record<string, unknown>> => {
  const time = timestamp(usage.sampledAt);
  return {
    name: usage.name,
    startTime: timestamp(usage.startedAt),
    cpu: cpuOf(time, usage.cpuNanocores, usage.cpuNanoseconds),
    memory: memoryOf(time, usage.memoryBytes),
  };
};

const podSummary = ({ pod, containers }: PodUsage): Readonly<Record<string, unknown>> => {
  const time = timestamp(Math.max(...containers.map(({ sampledAt }) => sampledAt)));
  const { name, namespace, uid } = pod.metadata;
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime ?? pod.metadata.creationTimestamp,
    containers: containers.map(containerSummary),
    cpu: cpuOf(
      time,
      sum(containers, ({ cpuNanocores }) => cpuNanocores),
      sum(containers, ({ cpuNanoseconds }) => cpuNanoseconds),
    ),
    memory: memoryOf(
      time,
      sum(containers, ({ memoryBytes }) => memoryBytes),
    ),
  };
};

/** The answer of `/stats/summary`. */
export const statsSummary = (
  kubelet: Kubelet,
  node: NodeUsage,
  pods: readonly PodUsage[],
): Readonly<Record<string, unknown>> => {
  const time = timestamp(node.at);
  return {
    node: {
      nodeName: kubelet.nodeName,
      startTime: timestamp(node.startedAt),
      cpu: cpuOf(time, node.cpuNanocores, node.cpuNanoseconds),
      memory: { ...memoryOf(time, node.memoryBytes), availableBytes: node.availableBytes },
    },
    pods: pods.filter(({ containers }) => containers.length > 0).map(podSummary),
  };
};
