import type { ContainerStatus, Pod } from '../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../objects/object.js';
import { isHook } from '../execute/annotations.js';
import { trueCondition } from './conditions.js';
import type { Health } from './health.js';

const IGNORE_RESTART_POLICY = 'argocd.argoproj.io/ignore-restart-policy';

const isFailure = (reason: string): boolean =>
  reason.startsWith('Err') || reason.endsWith('Error') || reason.endsWith('BackOff');

/** Why a failed pod failed: its own message, else the first container that says so. */
const failureMessage = (pod: Pod, containers: readonly ContainerStatus[]): string => {
  if (pod.status?.message !== undefined && pod.status.message !== '') return pod.status.message;
  for (const { name, state } of containers) {
    const ended = state?.terminated;
    if (ended === undefined) continue;
    if (ended.message !== undefined && ended.message !== '') return ended.message;
    if (ended.reason === 'OOMKilled') return `container "${name}" ran out of memory (OOMKilled)`;
    if (ended.exitCode !== 0) return `container "${name}" failed with exit code ${ended.exitCode}`;
  }
  return '';
};

const runningHealth = (pod: Pod, containers: readonly ContainerStatus[]): Health => {
  if (pod.spec?.restartPolicy !== 'Always') return { status: 'Progressing' };
  if (trueCondition(pod, 'Ready') !== undefined) return { status: 'Healthy' };
  return containers.some(({ lastState }) => lastState?.terminated !== undefined)
    ? { status: 'Degraded', message: failureMessage(pod, containers) }
    : { status: 'Progressing' };
};

export const podHealth = (object: KubeObject): Health => {
  const pod = object as Pod;
  const containers = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const restarts =
    pod.spec?.restartPolicy === 'Always' ||
    (pod.metadata.annotations?.[IGNORE_RESTART_POLICY] === 'true' && !isHook(pod));
  if (restarts) {
    const failed = containers.filter(({ state }) => isFailure(state?.waiting?.reason ?? ''));
    if (failed.length > 0) {
      const message = failed
        .map(({ name, state }) => state?.waiting?.message ?? `container "${name}": ${state?.waiting?.reason ?? ''}`)
        .join(', ');
      return { status: 'Degraded', message };
    }
  }
  switch (pod.status?.phase) {
    case 'Pending':
      return { status: 'Progressing', message: pod.status.message ?? '' };
    case 'Succeeded':
      return { status: 'Healthy', message: pod.status.message ?? '' };
    case 'Failed':
      return { status: 'Degraded', message: failureMessage(pod, containers) };
    case 'Running':
      return runningHealth(pod, containers);
    default:
      return { status: 'Unknown', message: pod.status?.message ?? '' };
  }
};
