import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { ContainerStats } from '../../containers/container-runtime.js';
import type { Kubelet } from '../kubelet.js';
import { latestRun } from '../plan/observed-pod.js';
import { podContainers } from '../plan/pod-containers.js';

export interface ContainerUsage {
  readonly name: string;
  readonly startedAt: number;
  readonly sampledAt: number;
  readonly cpuNanoseconds: number;
  /** Nanoseconds of CPU in each second, over the time since the sample before. */
  readonly cpuNanocores: number;
  readonly memoryBytes: number;
}

export interface PodUsage {
  readonly pod: Pod;
  readonly containers: readonly ContainerUsage[];
}

/** Samples closer together than this tell nothing about a rate. */
const SHORTEST_MS = 1000;

interface Sample {
  readonly at: number;
  readonly cpuNanoseconds: number;
  readonly cpuNanocores: number;
}

/** What the containers of a kubelet use. Remembers samples, to tell rates. */
export class UsageSampler {
  #samples = new Map<string, Sample>();

  async read(kubelet: Kubelet, signal: AbortSignal): Promise<readonly PodUsage[]> {
    const { runtime, view } = kubelet.context;
    const stats = new Map((await runtime.containerStats(signal)).map((entry) => [entry.containerId, entry]));
    for (const id of this.#samples.keys()) if (!stats.has(id)) this.#samples.delete(id);
    return Promise.all(
      kubelet.pods().map(async (pod): Promise<PodUsage> => {
        const ids = view.containerIds(pod.metadata.uid ?? '');
        if (!ids.some((id) => stats.has(id))) return { pod, containers: [] };
        const observed = await view.observe(pod.metadata.uid ?? '', signal);
        const containers = podContainers(pod).flatMap(({ spec }): ContainerUsage[] => {
          const run = latestRun(observed, spec.name);
          const entry = run?.state === 'running' ? stats.get(run.id) : undefined;
          return run === undefined || entry === undefined
            ? []
            : [this.#usage(spec.name, run.startedAt ?? run.createdAt, entry)];
        });
        return { pod, containers };
      }),
    );
  }

  #usage(name: string, startedAt: number, stats: ContainerStats): ContainerUsage {
    const { containerId, timestamp, cpuUsageNanoseconds } = stats;
    const before = this.#samples.get(containerId) ?? { at: startedAt, cpuNanoseconds: 0, cpuNanocores: 0 };
    const elapsed = timestamp - before.at;
    const spent = cpuUsageNanoseconds - before.cpuNanoseconds;
    const usable = elapsed >= SHORTEST_MS && spent >= 0;
    const cpuNanocores = usable ? Math.round((spent * 1000) / elapsed) : before.cpuNanocores;
    if (usable || !this.#samples.has(containerId)) {
      this.#samples.set(containerId, { at: timestamp, cpuNanoseconds: cpuUsageNanoseconds, cpuNanocores });
    }
    return {
      name,
      startedAt,
      sampledAt: timestamp,
      cpuNanoseconds: cpuUsageNanoseconds,
      cpuNanocores,
      memoryBytes: stats.memoryWorkingSetBytes,
    };
  }
}
