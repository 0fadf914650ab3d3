import type { Job } from '../../../objects/kinds/batch-v1.js';
import type { Container, Pod } from '../../../objects/kinds/core-v1.js';
import { annotationOf, labelsOf } from '../../../objects/labels.js';
import { podFromTemplate } from '../pods/pod-control.js';
import { timeOf } from '../pods/pod-state.js';

export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking';
export const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid';
const JOB_NAME = 'batch.kubernetes.io/job-name';
const INDEX = 'batch.kubernetes.io/job-completion-index';
const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count';
const JOB_INDEX_ENV = 'JOB_COMPLETION_INDEX';

export const isIndexed = (job: Job): boolean => job.spec.completionMode === 'Indexed';
export const isTracked = (pod: Pod): boolean => pod.metadata.finalizers?.includes(TRACKING_FINALIZER) === true;

/** The completion index of a pod; undefined when it has none, or a wrong one. */
export const indexOf = (pod: Pod): number | undefined => {
  const text = annotationOf(pod, INDEX);
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
};

/** How often the pod's index had failed before this pod. */
export const earlierFailures = (pod: Pod): number => Number(annotationOf(pod, INDEX_FAILURES) ?? 0) || 0;

export const withoutTracking = (pod: Pod): Pod => {
  const finalizers = (pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== TRACKING_FINALIZER);
  return { ...pod, metadata: { ...pod.metadata, finalizers } };
};

/** A pod of the Job; `index` and how often that failed for Indexed Jobs. */
export const jobPod = (job: Job, index?: number, failures = 0): Pod => {
  const { uid = '', name } = job.metadata;
  const pod = podFromTemplate(job.spec.template, job);
  const labels = {
    ...labelsOf(pod),
    [CONTROLLER_UID]: uid,
    'controller-uid': uid,
    [JOB_NAME]: name,
    'job-name': name,
  };
  const finalizers = [...(pod.metadata.finalizers ?? []), TRACKING_FINALIZER];
  if (index === undefined) return { ...pod, metadata: { ...pod.metadata, labels, finalizers } };
  const annotations = {
    ...pod.metadata.annotations,
    [INDEX]: String(index),
    ...(job.spec.backoffLimitPerIndex === undefined ? {} : { [INDEX_FAILURES]: String(failures) }),
  };
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: `${name}-${index}-`,
      labels: { ...labels, [INDEX]: String(index) },
      annotations,
      finalizers,
    },
    spec: {
      ...pod.spec,
      hostname: `${name}-${index}`,
      containers: pod.spec.containers.map(withIndex),
      ...(pod.spec.initContainers === undefined ? {} : { initContainers: pod.spec.initContainers.map(withIndex) }),
    },
  };
};

const withIndex = (container: Container): Container => {
  if (container.env?.some(({ name }) => name === JOB_INDEX_ENV) === true) return container;
  const valueFrom = { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${INDEX}']` } };
  return { ...container, env: [...(container.env ?? []), { name: JOB_INDEX_ENV, valueFrom }] };
};

/** When a pod finished, ms since 1970: when its last container did. */
export const finishedAt = (pod: Pod): number | undefined => {
  const times = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
    .map((status) => timeOf(status.state?.terminated?.finishedAt))
    .filter((time) => time !== undefined);
  if (times.length > 0) return Math.max(...times);
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  return (
    timeOf(pod.metadata.deletionTimestamp) ??
    timeOf(ready?.lastTransitionTime) ??
    timeOf(pod.metadata.creationTimestamp)
  );
};
