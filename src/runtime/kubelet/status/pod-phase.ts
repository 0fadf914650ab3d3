import type { ContainerStatus, Pod } from '../../../objects/kinds/core-v1.js';
import type { PodContainer } from '../plan/pod-containers.js';
import { initContainers, mainContainers } from '../plan/pod-containers.js';
import { isRestarted } from '../plan/restart.js';
import type { ContainerStatuses } from './container-statuses.js';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown';

export const isTerminalPhase = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed';

interface Counts {
  running: number;
  waiting: number;
  stopped: number;
  succeeded: number;
  /** Stopped, and will not be started again. */
  final: number;
}

/** The phase of a pod from the states of its containers. `ended`: nothing will be started any more. */
export const podPhase = (pod: Pod, statuses: ContainerStatuses, ended: boolean): PodPhase => {
  const init = initContainers(pod).map((container, index) => ({ container, status: statuses.init[index] }));
  if (init.some(({ container, status }) => hasFailedForGood(pod, container, status))) return 'Failed';
  const counts = countMain(pod, statuses.main);
  const mainStarted = counts.running + counts.stopped > 0;
  if (!mainStarted && !ended && init.some(({ container, status }) => isPending(container, status))) return 'Pending';
  if (counts.waiting > 0) return ended ? 'Failed' : 'Pending';
  const sidecarsRun = init.some(({ container, status }) => container.role === 'sidecar' && status?.state?.running);
  if (counts.running > 0 || (sidecarsRun && counts.stopped > 0 && !ended)) return 'Running';
  if (counts.stopped === 0) return ended ? 'Failed' : 'Pending';
  if (!ended && counts.final < counts.stopped) return 'Running';
  return counts.succeeded === counts.stopped ? 'Succeeded' : 'Failed';
};

const hasFailedForGood = (pod: Pod, container: PodContainer, status: ContainerStatus | undefined): boolean => {
  if (container.role !== 'init') return false;
  const exitCode = status?.state?.terminated?.exitCode;
  return exitCode !== undefined && exitCode !== 0 && !isRestarted(pod, container, exitCode);
};

const isPending = (container: PodContainer, status: ContainerStatus | undefined): boolean => {
  if (status === undefined) return true;
  if (container.role === 'sidecar') return status.started !== true;
  return status.state?.terminated?.exitCode !== 0;
};

const countMain = (pod: Pod, statuses: readonly ContainerStatus[]): Counts => {
  const counts: Counts = { running: 0, waiting: 0, stopped: 0, succeeded: 0, final: 0 };
  for (const container of mainContainers(pod)) {
    const status = statuses.find(({ name }) => name === container.spec.name);
    const terminated = status?.state?.terminated;
    if (status?.state?.running !== undefined) counts.running += 1;
    else if (terminated !== undefined) {
      counts.stopped += 1;
      if (terminated.exitCode === 0) counts.succeeded += 1;
      if (!isRestarted(pod, container, terminated.exitCode)) counts.final += 1;
    } else if (status?.lastState?.terminated !== undefined) counts.stopped += 1;
    else counts.waiting += 1;
  }
  return counts;
};
