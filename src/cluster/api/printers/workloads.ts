import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../../../objects/kinds/apps-v1.js';
import type { CronJob, Job } from '../../../objects/kinds/batch-v1.js';
import type { PodTemplate, ReplicationController } from '../../../objects/kinds/core-v1.js';
import type { Scale } from '../../../objects/kinds/autoscaling-v1.js';
import type { HorizontalPodAutoscaler } from '../../../objects/kinds/autoscaling-v2.js';
import type { PodDisruptionBudget } from '../../../objects/kinds/policy-v1.js';
import { isConditionTrue } from '../../../objects/conditions.js';
import type { KubeObject } from '../../../objects/object.js';
import { controllerOf } from '../../../objects/owner-references.js';
import { ageOf, humanDuration } from './age.js';
import { autoscalerTargets } from './autoscaler-targets.js';
import { containerCells, count, labelsText, NONE, printer, selectorText } from './printer.js';

const created = ({ metadata }: KubeObject, now: number): string => ageOf(metadata.creationTimestamp, now);

const WIDE = ['+Containers', '+Images', '+Selector'];

export const deploymentPrinter = printer<Deployment>(
  ['Name', 'Ready', 'Up-to-date', 'Available', 'Age', ...WIDE],
  (object, now) => [
    object.metadata.name,
    `${count(object.status?.readyReplicas)}/${count(object.spec.replicas)}`,
    count(object.status?.updatedReplicas),
    count(object.status?.availableReplicas),
    created(object, now),
    ...containerCells(object.spec.template.spec?.containers),
    selectorText(object.spec.selector),
  ],
);

export const replicaSetPrinter = printer<ReplicaSet>(
  ['Name', 'Desired:integer', 'Current:integer', 'Ready:integer', 'Age', ...WIDE],
  (object, now) => [
    object.metadata.name,
    count(object.spec.replicas),
    count(object.status?.replicas),
    count(object.status?.readyReplicas),
    created(object, now),
    ...containerCells(object.spec.template?.spec?.containers),
    selectorText(object.spec.selector),
  ],
);

export const replicationControllerPrinter = printer<ReplicationController>(
  ['Name', 'Desired:integer', 'Current:integer', 'Ready:integer', 'Age', ...WIDE],
  (object, now) => [
    object.metadata.name,
    count(object.spec?.replicas),
    count(object.status?.replicas),
    count(object.status?.readyReplicas),
    created(object, now),
    ...containerCells(object.spec?.template?.spec?.containers),
    labelsText(object.spec?.selector),
  ],
);

export const statefulSetPrinter = printer<StatefulSet>(
  ['Name', 'Ready', 'Age', '+Containers', '+Images'],
  (object, now) => [
    object.metadata.name,
    `${count(object.status?.readyReplicas)}/${count(object.spec.replicas)}`,
    created(object, now),
    ...containerCells(object.spec.template.spec?.containers),
  ],
);

export const daemonSetPrinter = printer<DaemonSet>(
  [
    'Name',
    'Desired:integer',
    'Current:integer',
    'Ready:integer',
    'Up-to-date:integer',
    'Available:integer',
    'Node Selector',
    'Age',
    ...WIDE,
  ],
  (object, now) => [
    object.metadata.name,
    count(object.status?.desiredNumberScheduled),
    count(object.status?.currentNumberScheduled),
    count(object.status?.numberReady),
    count(object.status?.updatedNumberScheduled),
    count(object.status?.numberAvailable),
    labelsText(object.spec.template.spec?.nodeSelector),
    created(object, now),
    ...containerCells(object.spec.template.spec?.containers),
    selectorText(object.spec.selector),
  ],
);

export const jobPrinter = printer<Job>(['Name', 'Status', 'Completions', 'Duration', 'Age', ...WIDE], (object, now) => [
  object.metadata.name,
  jobStatus(object),
  jobCompletions(object),
  jobDuration(object, now),
  created(object, now),
  ...containerCells(object.spec?.template.spec?.containers),
  selectorText(object.spec?.selector),
]);

const jobStatus = ({ status, metadata }: Job): string => {
  const is = (type: string): boolean => isConditionTrue(status?.conditions, type);
  if (is('Complete')) return 'Complete';
  if (is('Failed')) return 'Failed';
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (is('Suspended')) return 'Suspended';
  return is('FailureTarget') ? 'FailureTarget' : 'Running';
};

const jobCompletions = ({ spec, status }: Job): string => {
  const succeeded = count(status?.succeeded);
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = count(spec?.parallelism);
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
};

const jobDuration = ({ status }: Job, now: number): string => {
  if (status?.startTime === undefined) return '';
  const end = status.completionTime === undefined ? now : Date.parse(status.completionTime);
  return humanDuration(end - Date.parse(status.startTime));
};

export const cronJobPrinter = printer<CronJob>(
  ['Name', 'Schedule', 'Timezone', 'Suspend:boolean', 'Active:integer', 'Last Schedule', 'Age', ...WIDE],
  (object, now) => [
    object.metadata.name,
    object.spec?.schedule ?? '',
    object.spec?.timeZone ?? NONE,
    object.spec?.suspend === true ? 'True' : 'False',
    object.status?.active?.length ?? 0,
    object.status?.lastScheduleTime === undefined ? NONE : ageOf(object.status.lastScheduleTime, now),
    created(object, now),
    ...containerCells(object.spec?.jobTemplate.spec?.template.spec?.containers),
    selectorText(object.spec?.jobTemplate.spec?.selector),
  ],
);

export const podTemplatePrinter = printer<PodTemplate>(
  ['Name', 'Containers', 'Images', 'Pod Labels'],
  ({ metadata, template }) => [
    metadata.name,
    ...containerCells(template?.spec?.containers),
    labelsText(template?.metadata?.labels),
  ],
);

export const controllerRevisionPrinter = printer<ControllerRevision>(
  ['Name', 'Controller', 'Revision', 'Age'],
  (object, now) => [object.metadata.name, controllerName(object), count(object.revision), created(object, now)],
);

const controllerName = (object: KubeObject): string => {
  const owner = controllerOf(object);
  if (owner === undefined) return NONE;
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/', 1)[0] ?? ''}` : '';
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
};

export const autoscalerPrinter = printer<HorizontalPodAutoscaler>(
  ['Name', 'Reference', 'Targets', 'MinPods', 'MaxPods', 'Replicas', 'Age'],
  (object, now) => [
    object.metadata.name,
    `${object.spec.scaleTargetRef.kind}/${object.spec.scaleTargetRef.name}`,
    autoscalerTargets(object),
    object.spec.minReplicas === undefined ? '<unset>' : String(object.spec.minReplicas),
    object.spec.maxReplicas,
    count(object.status?.currentReplicas),
    created(object, now),
  ],
);

export const scalePrinter = printer<Scale & KubeObject>(
  ['Name', 'Desired:integer', 'Available:integer', 'Age'],
  (object, now) => [
    object.metadata.name,
    count(object.spec?.replicas),
    count(object.status?.replicas),
    created(object, now),
  ],
);

export const disruptionBudgetPrinter = printer<PodDisruptionBudget>(
  ['Name', 'Min Available', 'Max Unavailable', 'Allowed Disruptions:integer', 'Age'],
  (object, now) => [
    object.metadata.name,
    String(object.spec.minAvailable ?? 'N/A'),
    String(object.spec.maxUnavailable ?? 'N/A'),
    count(object.status?.disruptionsAllowed),
    created(object, now),
  ],
);
