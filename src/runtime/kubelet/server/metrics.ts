import type { Kubelet } from '../kubelet.js';
import { KUBELET_VERSION } from '../node/node-object.js';
import type { NodeUsage } from './node-usage.js';
import type { PodUsage } from './usage.js';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const escape = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const family = (name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string => {
  const lines = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escape(text)}"`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
  });
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n');
};

type Value = (usage: PodUsage['containers'][number]) => number;

const containerSamples = (pods: readonly PodUsage[], value: Value): readonly Sample[] =>
  pods.flatMap(({ pod, containers }) =>
    containers.map((usage) => ({
      labels: { container: usage.name, namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name },
      value: value(usage),
    })),
  );

const podSamples = (pods: readonly PodUsage[], value: Value): readonly Sample[] =>
  pods
    .filter(({ containers }) => containers.length > 0)
    .map(({ pod, containers }) => ({
      labels: { namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name },
      value: containers.reduce((sum, usage) => sum + value(usage), 0),
    }));

const seconds: Value = ({ cpuNanoseconds }) => cpuNanoseconds / 1e9;
const memory: Value = ({ memoryBytes }) => memoryBytes;

/** `/metrics/resource`: what metrics pipelines read. */
export const resourceMetrics = (node: NodeUsage, pods: readonly PodUsage[]): string =>
  [
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      'CPU time of the container',
      containerSamples(pods, seconds),
    ),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Working set of the container',
      containerSamples(pods, memory),
    ),
    family(
      'container_start_time_seconds',
      'gauge',
      'Start of the container since 1970',
      containerSamples(pods, ({ startedAt }) => startedAt / 1000),
    ),
    family('node_cpu_usage_seconds_total', 'counter', 'CPU time of the node', [
      { labels: {}, value: node.cpuNanoseconds / 1e9 },
    ]),
    family('node_memory_working_set_bytes', 'gauge', 'Working set of the node', [
      { labels: {}, value: node.memoryBytes },
    ]),
    family('pod_cpu_usage_seconds_total', 'counter', 'CPU time of the pod', podSamples(pods, seconds)),
    family('pod_memory_working_set_bytes', 'gauge', 'Working set of the pod', podSamples(pods, memory)),
    family('resource_scrape_error', 'gauge', '1 if reading failed', [{ labels: {}, value: 0 }]),
  ].join('');

/** `/metrics/cadvisor`: the same amounts under the names that dashboards know. */
export const cadvisorMetrics = (pods: readonly PodUsage[]): string =>
  [
    family(
      'container_cpu_usage_seconds_total',
      'counter',
      'CPU time of the container',
      containerSamples(pods, seconds),
    ),
    family('container_memory_usage_bytes', 'gauge', 'Memory of the container', containerSamples(pods, memory)),
    family(
      'container_memory_working_set_bytes',
      'gauge',
      'Working set of the container',
      containerSamples(pods, memory),
    ),
  ].join('');

/** `/metrics`: the kubelet itself. */
export const kubeletMetrics = (kubelet: Kubelet): string => {
  const pods = kubelet.pods();
  const running = pods.filter(({ status }) => status?.phase === 'Running').length;
  const states = { running: 0, waiting: 0, terminated: 0 };
  for (const { status } of pods) {
    for (const { state } of status?.containerStatuses ?? []) {
      if (state?.running !== undefined) states.running += 1;
      else if (state?.terminated !== undefined) states.terminated += 1;
      else states.waiting += 1;
    }
  }
  return [
    family('kubernetes_build_info', 'gauge', 'Version', [{ labels: { git_version: KUBELET_VERSION }, value: 1 }]),
    family('kubelet_node_name', 'gauge', 'Name of the node', [{ labels: { node: kubelet.nodeName }, value: 1 }]),
    family('kubelet_desired_pods', 'gauge', 'Pods assigned to the node', [{ labels: {}, value: pods.length }]),
    family('kubelet_running_pods', 'gauge', 'Pods in phase Running', [{ labels: {}, value: running }]),
    family(
      'kubelet_running_containers',
      'gauge',
      'Containers by state',
      Object.entries(states).map(([state, value]) => ({ labels: { container_state: state }, value })),
    ),
    family('process_resident_memory_bytes', 'gauge', 'Memory of the process', [
      { labels: {}, value: process.memoryUsage.rss() },
    ]),
    family('process_cpu_seconds_total', 'counter', 'CPU time of the process', [
      { labels: {}, value: (process.cpuUsage().user + process.cpuUsage().system) / 1e6 },
    ]),
  ].join('');
};
