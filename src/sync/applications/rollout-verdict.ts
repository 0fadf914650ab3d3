import type { Client } from '../../cluster/client/client.js';
import type { LabelSelector } from '../../objects/kinds/meta-v1.js';
import { Event, Pod } from '../../objects/kinds/core-v1.js';
import type { ContainerStatus } from '../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../objects/object.js';
import { healthOf } from '../health/health.js';

/** Events that say why a container does not get well. */
const TELLING = new Set([
  'Unhealthy',
  'Failed',
  'FailedScheduling',
  'FailedMount',
  'BackOff',
  'FailedCreatePodSandBox',
]);

/**
 * Why an object is not healthy, in the words of whoever knows best: the pod that fails, its containers, the probe.
 * Undefined when nothing more is known than the object itself says.
 */
export const explainUnhealthy = async (client: Client, object: KubeObject): Promise<string | undefined> => {
  const pods = await podsOf(client, object);
  const failing = pods.filter((pod) => healthOf(pod)?.status !== 'Healthy').sort(byAge);
  for (const pod of failing) {
    const why = (await probeFailure(client, pod)) ?? containerFailure(pod) ?? schedulingFailure(pod);
    if (why !== undefined) return `pod ${pod.metadata.name}: ${why}`;
  }
  return undefined;
};

/** The newest first: they are those of the revision that is being judged. */
const byAge = (left: Pod, right: Pod): number =>
  (right.metadata.creationTimestamp ?? '') < (left.metadata.creationTimestamp ?? '') ? -1 : 1;

const podsOf = async (client: Client, object: KubeObject): Promise<readonly Pod[]> => {
  if (object.kind === 'Pod') return [object as Pod];
  const { spec } = object as { readonly spec?: { readonly selector?: LabelSelector } };
  const labels = spec?.selector?.matchLabels;
  const { namespace, uid } = object.metadata;
  if (namespace === undefined || labels === undefined || Object.keys(labels).length === 0) return [];
  const labelSelector = Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  const { items } = await client.list(Pod, { namespace, labelSelector });
  // A Job and a StatefulSet own their pods themselves; a Deployment's belong to its ReplicaSets.
  const isDirect = object.kind !== 'Deployment';
  return items.filter(
    ({ metadata }) => !isDirect || (metadata.ownerReferences ?? []).some((owner) => owner.uid === uid),
  );
};

const probeFailure = async (client: Client, pod: Pod): Promise<string | undefined> => {
  const { namespace, name, uid } = pod.metadata;
  if (namespace === undefined) return undefined;
  const { items } = await client.list(Event, { namespace, fieldSelector: `involvedObject.name=${name}` });
  const telling = items
    .filter(
      ({ type, reason, involvedObject }) =>
        type === 'Warning' &&
        TELLING.has(reason ?? '') &&
        (involvedObject.uid === undefined || involvedObject.uid === uid),
    )
    .sort((left, right) => ((left.lastTimestamp ?? '') < (right.lastTimestamp ?? '') ? -1 : 1));
  const unhealthy = telling.findLast(({ reason }) => reason === 'Unhealthy');
  return (unhealthy ?? telling.findLast(({ reason }) => reason !== 'BackOff') ?? telling.at(-1))?.message;
};

const containerFailure = (pod: Pod): string | undefined => {
  const containers = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const container of containers) {
    const why = stateFailure(container);
    if (why !== undefined) return `container "${container.name}": ${why}`;
  }
  return undefined;
};

const stateFailure = ({ state, lastState }: ContainerStatus): string | undefined => {
  const ended = lastState?.terminated ?? state?.terminated;
  const waiting = state?.waiting;
  if (ended !== undefined && (ended.exitCode !== 0 || ended.reason === 'OOMKilled')) {
    return `${ended.reason ?? 'Error'}, exit code ${ended.exitCode}${ended.message ? `: ${ended.message}` : ''}`;
  }
  if (waiting?.reason !== undefined && waiting.reason !== 'ContainerCreating' && waiting.reason !== 'PodInitializing') {
    return `${waiting.reason}${waiting.message ? `: ${waiting.message}` : ''}`;
  }
  return undefined;
};

const schedulingFailure = (pod: Pod): string | undefined => {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return scheduled?.status === 'False' ? `${scheduled.reason ?? ''}: ${scheduled.message ?? ''}` : undefined;
};
