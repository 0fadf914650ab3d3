import type { IncomingMessage } from 'node:http';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import { ApiError } from '../../../objects/api-error.js';
import type { Kubelet } from '../kubelet.js';
import type { ObservedPod } from '../plan/observed-pod.js';
import { podContainers } from '../plan/pod-containers.js';

/** A pod, and the kubelet that runs it. */
export interface FoundPod {
  readonly kubelet: Kubelet;
  readonly pod: Pod;
}

export const findPod = (kubelets: readonly Kubelet[], namespace: string, name: string, uid?: string): FoundPod => {
  for (const kubelet of kubelets) {
    const pod = kubelet
      .pods()
      .find(
        ({ metadata }) =>
          metadata.name === name && metadata.namespace === namespace && (uid ?? metadata.uid) === metadata.uid,
      );
    if (pod !== undefined) return { kubelet, pod };
  }
  throw new ApiError('NotFound', `pod "${namespace}/${name}" not found`, { kind: 'pods', name });
};

export const observe = ({ kubelet, pod }: FoundPod, signal: AbortSignal): Promise<ObservedPod> =>
  kubelet.context.view.observe(pod.metadata.uid ?? '', signal);

export const checkContainer = (pod: Pod, container: string): void => {
  if (podContainers(pod).some(({ spec }) => spec.name === container)) return;
  throw new ApiError('BadRequest', `container ${container} is not valid for pod ${pod.metadata.name}`);
};

/** The id of a container that runs. */
export const runningContainer = async (found: FoundPod, container: string, signal: AbortSignal): Promise<string> => {
  checkContainer(found.pod, container);
  const observed = await observe(found, signal);
  const run = observed.containers.find(({ name, state }) => name === container && state === 'running');
  if (run !== undefined) return run.id;
  throw new ApiError('NotFound', `container not found ("${container}")`, {
    kind: 'pods',
    name: found.pod.metadata.name,
  });
};

/** True for the ways in which clients of kubelets write yes: `1`, `t`, `true`. */
export const isTrue = (value: string | null): boolean => value !== null && /^(1|t|true)$/i.test(value);

/** The path and query of a request. Throws a TypeError for what is none. */
export const urlOf = (request: IncomingMessage): URL => new URL(`https://kubelet${request.url ?? '/'}`);
