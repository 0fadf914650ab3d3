import type { Pod, PodStatus } from '../../../objects/kinds/core-v1.js';
import type { ContainerStatus as Run } from '../../containers/container-runtime.js';
import type { KubeletContext } from '../kubelet-context.js';
import type { ObservedPod } from '../plan/observed-pod.js';
import { readySandbox } from '../plan/observed-pod.js';
import { findContainer } from '../plan/pod-containers.js';
import type { ProbedContainer } from '../probes/prober.js';
import type { Waiting } from '../status/container-statuses.js';
import { podStatus } from '../status/pod-status.js';
import type { PodMemory } from './pod-memory.js';

export interface Circumstances {
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** Nothing will be started any more. */
  readonly ended: boolean;
  readonly failure?: { readonly reason: string; readonly message: string };
}

/** The status of the pod by what is known now. */
export const currentStatus = (
  context: KubeletContext,
  pod: Pod,
  observed: ObservedPod,
  memory: PodMemory,
  circumstances: Circumstances,
): PodStatus => {
  const probed = (run: Run, check: 'isStarted' | 'isReady'): boolean => {
    const container = findContainer(pod, run.name);
    return container === undefined || context.prober[check](container, run);
  };
  return podStatus({
    pod,
    observed,
    runtimeName: context.runtime.name,
    ...circumstances,
    isStarted: (run) => probed(run, 'isStarted'),
    isReady: (run) => probed(run, 'isReady'),
    terminationMessage: (run) => memory.messages.of(run),
    hostIps: context.node.hostIps,
    now: context.clock.now(),
  });
};

/** The runs of a pod that are to be probed: the newest of each container in the sandbox, while it runs. */
export const probedContainers = (context: KubeletContext, pod: Pod, observed: ObservedPod): ProbedContainer[] => {
  const sandbox = readySandbox(observed);
  const known = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return observed.containers.flatMap((run): ProbedContainer[] => {
    const container = findContainer(pod, run.name);
    if (run.state !== 'running' || container === undefined || run.sandboxId !== sandbox?.id) return [];
    if (container.role !== 'main' && container.role !== 'sidecar') return [];
    const id = `${context.runtime.name}://${run.id}`;
    return [{ container, run, known: known.find(({ containerID }) => containerID === id) }];
  });
};
