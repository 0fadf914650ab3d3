import type { Container, Pod } from '../../../src/objects/kinds/core-v1.js';
import type { ContainerStatus, Sandbox } from '../../../src/runtime/containers/container-runtime.js';
import type { ObservedPod } from '../../../src/runtime/kubelet/plan/observed-pod.js';
import {
  CONTAINER_HASH,
  containerHash,
  observedPod,
  RESTART_BACKOFF,
} from '../../../src/runtime/kubelet/plan/observed-pod.js';

export const NOW = Date.parse('2026-01-01T12:00:00Z');

export const container = (name: string, more: Partial<Container> = {}): Container => ({ name, image: 'i:1', ...more });

export const podOf = (spec: Partial<Pod['spec']> = {}, status?: Pod['status']): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', uid: 'u', generation: 1 },
  spec: { containers: [container('c')], ...spec },
  ...(status === undefined ? {} : { status }),
});

export const sandbox = (attempt = 0, state: Sandbox['state'] = 'ready'): Sandbox => ({
  id: `s${attempt}`,
  podName: 'p',
  podNamespace: 'ns',
  podUid: 'u',
  attempt,
  state,
  createdAt: NOW - 60_000,
  ip: '10.0.0.1',
  labels: {},
  annotations: {},
});

/** A run of a container: `run('c')` runs, `run('c', { exitCode: 1 })` has ended. */
export const run = (name: string, more: Partial<ContainerStatus> & { backoffMs?: number } = {}): ContainerStatus => {
  const { backoffMs, ...rest } = more;
  const attempt = more.attempt ?? 0;
  const ended = more.exitCode !== undefined;
  return {
    id: `${name}-${attempt}`,
    sandboxId: 's0',
    name,
    attempt,
    image: 'i:1',
    imageId: 'sha256:1',
    state: ended ? 'exited' : 'running',
    createdAt: NOW - 50_000,
    startedAt: NOW - 50_000,
    ...(ended ? { finishedAt: NOW - 1000 } : {}),
    labels: {},
    annotations: {
      [CONTAINER_HASH]: containerHash(container(name)),
      ...(backoffMs === undefined ? {} : { [RESTART_BACKOFF]: String(backoffMs) }),
    },
    ...rest,
  };
};

export const observed = (
  containers: readonly ContainerStatus[],
  sandboxes: readonly Sandbox[] = [sandbox()],
): ObservedPod => observedPod(sandboxes, containers);
