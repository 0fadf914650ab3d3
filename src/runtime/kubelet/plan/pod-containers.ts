import type { Container, Pod } from '../../../objects/kinds/core-v1.js';

/** `sidecar`: an init container with restartPolicy Always. */
export type ContainerRole = 'init' | 'sidecar' | 'main' | 'ephemeral';

export interface PodContainer {
  readonly role: ContainerRole;
  readonly spec: Container;
  /** Ephemeral containers only: the container whose processes it looks at. */
  readonly targetContainerName?: string;
}

export const initContainers = (pod: Pod): readonly PodContainer[] =>
  (pod.spec.initContainers ?? []).map((spec) => ({ role: spec.restartPolicy === 'Always' ? 'sidecar' : 'init', spec }));

export const mainContainers = (pod: Pod): readonly PodContainer[] =>
  pod.spec.containers.map((spec) => ({ role: 'main', spec }));

export const ephemeralContainers = (pod: Pod): readonly PodContainer[] =>
  (pod.spec.ephemeralContainers ?? []).map((spec) => ({
    role: 'ephemeral',
    spec,
    ...(spec.targetContainerName === undefined ? {} : { targetContainerName: spec.targetContainerName }),
  }));

/** Every container of the pod: init containers and sidecars in their order, then main, then ephemeral ones. */
export const podContainers = (pod: Pod): readonly PodContainer[] => [
  ...initContainers(pod),
  ...mainContainers(pod),
  ...ephemeralContainers(pod),
];

export const findContainer = (pod: Pod, name: string): PodContainer | undefined =>
  podContainers(pod).find((container) => container.spec.name === name);

/** Path of the container in the pod, as events have it in `involvedObject.fieldPath`. */
export const containerFieldPath = (container: PodContainer): string => {
  const list =
    container.role === 'main'
      ? 'containers'
      : container.role === 'ephemeral'
        ? 'ephemeralContainers'
        : 'initContainers';
  return `spec.${list}{${container.spec.name}}`;
};

/** Whether the container is expected to end by itself. */
export const runsToCompletion = (pod: Pod, container: PodContainer): boolean => {
  if (container.role === 'sidecar') return false;
  return container.role === 'init' || (pod.spec.restartPolicy ?? 'Always') !== 'Always';
};
