import type Docker from 'dockerode';
import type { Clock } from '../../../objects/clock.js';
import type { ContainerStats } from '../container-runtime.js';
import { statusCodeOf } from './engine-errors.js';

/** How many containers are asked for at once. */
const CONCURRENCY = 8;

/** Memory that cannot be had back without harm: usage less the file pages that were not used lately. */
export const workingSet = (memory: Docker.MemoryStats): number => {
  const details = memory.stats as { inactive_file?: number; total_inactive_file?: number } | undefined;
  // Version 1 of control groups counts the whole hierarchy in `total_inactive_file`; version 2 always does.
  const inactive = details?.total_inactive_file ?? details?.inactive_file ?? 0;
  return Math.max(0, (memory.usage ?? 0) - inactive);
};

/** Usage of the given containers; those that have ended meanwhile are left out. */
export const statsOf = async (
  docker: Docker,
  ids: readonly string[],
  clock: Clock,
): Promise<readonly ContainerStats[]> => {
  const found: ContainerStats[] = [];
  const waiting = [...ids];
  const work = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const stats = await docker
        .getContainer(id)
        .stats({ stream: false, 'one-shot': true })
        .catch((error: unknown) => {
          if (statusCodeOf(error) === undefined) throw error;
          return undefined;
        });
      if (stats === undefined || stats.memory_stats?.usage === undefined) continue;
      found.push({
        containerId: id,
        timestamp: clock.now(),
        cpuUsageNanoseconds: stats.cpu_stats.cpu_usage.total_usage,
        memoryWorkingSetBytes: workingSet(stats.memory_stats),
      });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return found;
};
