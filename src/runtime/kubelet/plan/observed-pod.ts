import { createHash } from 'node:crypto';
import type { Container } from '../../../objects/kinds/core-v1.js';
import type { ContainerStatus, Sandbox } from '../../containers/container-runtime.js';

/** Annotations on containers: what must survive a restart of the kubelet. */
export const CONTAINER_HASH = 'io.kubernetes.container.hash';
export const TERMINATION_MESSAGE_POLICY = 'io.kubernetes.container.terminationMessagePolicy';
/** Milliseconds that the next restart of this container has to wait after its end. */
export const RESTART_BACKOFF = 'fairlead.dev/restart-backoff-ms';

/** What the runtime has of one pod; both lists newest first. */
export interface ObservedPod {
  readonly sandboxes: readonly Sandbox[];
  readonly containers: readonly ContainerStatus[];
}

const newestFirst = (
  a: { readonly attempt: number; readonly createdAt: number },
  b: { readonly attempt: number; readonly createdAt: number },
): number => b.attempt - a.attempt || b.createdAt - a.createdAt;

export const observedPod = (sandboxes: readonly Sandbox[], containers: readonly ContainerStatus[]): ObservedPod => ({
  sandboxes: [...sandboxes].sort(newestFirst),
  containers: [...containers].sort(newestFirst),
});

/** The sandbox that the pod lives in, if one is up. */
export const readySandbox = (observed: ObservedPod): Sandbox | undefined => {
  const newest = observed.sandboxes[0];
  return newest?.state === 'ready' ? newest : undefined;
};

/** The newest run of a container. */
export const latestRun = (observed: ObservedPod, name: string): ContainerStatus | undefined =>
  observed.containers.find((container) => container.name === name);

/** The newest run of a container in a certain sandbox. */
export const latestRunIn = (observed: ObservedPod, name: string, sandboxId: string): ContainerStatus | undefined =>
  observed.containers.find((container) => container.name === name && container.sandboxId === sandboxId);

/**
 * What a running container must agree with: when it differs, the container is started anew. Name and image only, as
 * everything else of a container is immutable.
 */
export const containerHash = (container: Container): string =>
  createHash('sha256')
    .update(JSON.stringify([container.name, container.image]))
    .digest('hex')
    .slice(0, 8);

export const backoffOf = (run: ContainerStatus): number => Number(run.annotations[RESTART_BACKOFF] ?? 0) || 0;
