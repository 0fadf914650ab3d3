import { timestamp } from '../../../objects/conditions.js';
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../../objects/kinds/apps-v1.js';
import { timeOf } from '../pods/pod-state.js';
import { conditionOf, withCondition, withoutCondition } from './deployment-conditions.js';
import type { Revisions } from './revision.js';
import { maxUnavailable, progressDeadlineSeconds } from './rollout-limits.js';

const sum = (replicaSets: readonly ReplicaSet[], value: (replicaSet: ReplicaSet) => number | undefined): number =>
  replicaSets.reduce((total, replicaSet) => total + (value(replicaSet) ?? 0), 0);

/** Counts and the Available condition; other conditions stay as they are. */
export const deploymentStatus = (deployment: Deployment, revisions: Revisions, now: number): DeploymentStatus => {
  const { current, old } = revisions;
  const replicaSets = current === undefined ? old : [...old, current];
  const available = sum(replicaSets, (each) => each.status?.availableReplicas);
  const { generation } = deployment.metadata;
  const { collisionCount, conditions = [] } = deployment.status ?? {};
  const isAvailable = available >= (deployment.spec.replicas ?? 1) - maxUnavailable(deployment);
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    replicas: sum(replicaSets, (each) => each.status?.replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum(replicaSets, (each) => each.status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(replicaSets, (each) => each.spec.replicas) - available),
    terminatingReplicas: sum(replicaSets, (each) => each.status?.terminatingReplicas),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withCondition(
      conditions,
      isAvailable
        ? {
            type: 'Available',
            status: 'True',
            reason: 'MinimumReplicasAvailable',
            message: 'Deployment has minimum availability.',
          }
        : {
            type: 'Available',
            status: 'False',
            reason: 'MinimumReplicasUnavailable',
            message: 'Deployment does not have minimum availability.',
          },
      now,
    ),
  };
};

/** The status during a rollout: with the Progressing and ReplicaFailure conditions. */
export const rolloutStatus = (deployment: Deployment, revisions: Revisions, now: number): DeploymentStatus => {
  const status = deploymentStatus(deployment, revisions, now);
  const conditions = withFailure(withProgress(deployment, status, revisions, now), revisions);
  return { ...status, conditions };
};

/** All pods are of the current template and available, and none other is left. */
export const isComplete = (deployment: Deployment, status: DeploymentStatus): boolean => {
  const wanted = deployment.spec.replicas ?? 1;
  return (
    status.updatedReplicas === wanted &&
    status.replicas === wanted &&
    status.availableReplicas === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
};

const withProgress = (
  deployment: Deployment,
  status: DeploymentStatus,
  { current }: Revisions,
  now: number,
): readonly DeploymentCondition[] => {
  const conditions = status.conditions ?? [];
  if (progressDeadlineSeconds(deployment) === undefined) return withoutCondition(conditions, 'Progressing');
  const known = conditionOf(deployment.status?.conditions, 'Progressing');
  const wasComplete = status.replicas === status.updatedReplicas && known?.reason === 'NewReplicaSetAvailable';
  if (wasComplete) return conditions;
  const subject =
    current === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${current.metadata.name}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    const condition = { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message };
    return withCondition(conditions, condition, now);
  }
  if (isProgressing(deployment, status)) {
    const message = `${subject} is progressing.`;
    const condition = { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message };
    // Its update time is where the progress deadline starts: it moves with every progress.
    return withCondition(conditions, condition, now, true);
  }
  if (!isTimedOut(deployment, known, now)) return conditions;
  const message = `${subject} has timed out progressing.`;
  return withCondition(
    conditions,
    { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message },
    now,
  );
};

const oldPods = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);

/** More new pods, fewer old ones, or more that are ready or available than before. */
const isProgressing = (deployment: Deployment, status: DeploymentStatus): boolean => {
  const before = deployment.status ?? {};
  return (
    (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldPods(status) < oldPods(before) ||
    (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
};

const isTimedOut = (deployment: Deployment, known: DeploymentCondition | undefined, now: number): boolean => {
  if (known === undefined || known.reason === 'NewReplicaSetAvailable') return false;
  if (known.reason === 'ProgressDeadlineExceeded') return true;
  const leftMs = deadlineInMs(deployment, known, now);
  return leftMs !== undefined && leftMs < 0;
};

const deadlineInMs = (deployment: Deployment, known: DeploymentCondition, now: number): number | undefined => {
  const seconds = progressDeadlineSeconds(deployment);
  const since = timeOf(known.lastUpdateTime);
  return seconds === undefined || since === undefined ? undefined : since + seconds * 1000 - now;
};

/** When to look again because the progress deadline may have passed; undefined when nothing can time out. */
export const progressCheckInMs = (
  deployment: Deployment,
  status: DeploymentStatus,
  now: number,
): number | undefined => {
  const known = conditionOf(status.conditions, 'Progressing');
  if (known === undefined || known.reason === 'ProgressDeadlineExceeded' || isComplete(deployment, status)) {
    return undefined;
  }
  const leftMs = deadlineInMs(deployment, known, now);
  return leftMs === undefined ? undefined : Math.max(0, leftMs) + 1000;
};

const withFailure = (
  conditions: readonly DeploymentCondition[],
  { current, old }: Revisions,
): readonly DeploymentCondition[] => {
  const replicaSets = current === undefined ? old : [current, ...old];
  const failure = replicaSets
    .flatMap((replicaSet) => replicaSet.status?.conditions ?? [])
    .find((condition) => condition.type === 'ReplicaFailure');
  const known = conditionOf(conditions, 'ReplicaFailure');
  if (failure === undefined) return known === undefined ? conditions : withoutCondition(conditions, 'ReplicaFailure');
  if (known?.status === failure.status && known.reason === failure.reason) return conditions;
  const time = failure.lastTransitionTime === undefined ? {} : { lastUpdateTime: failure.lastTransitionTime };
  return [...withoutCondition(conditions, 'ReplicaFailure'), { ...failure, ...time }];
};

/** The status with the condition that tells of a pause or its end; undefined when there is nothing to tell. */
export const pauseStatus = (deployment: Deployment, now: number): DeploymentStatus | undefined => {
  if (progressDeadlineSeconds(deployment) === undefined) return undefined;
  const { conditions = [] } = deployment.status ?? {};
  const known = conditionOf(conditions, 'Progressing');
  if (known?.reason === 'ProgressDeadlineExceeded') return undefined;
  const saysPaused = known?.reason === 'DeploymentPaused';
  const isPaused = deployment.spec.paused === true;
  if (isPaused === saysPaused) return undefined;
  const condition = {
    type: 'Progressing',
    status: 'Unknown',
    reason: isPaused ? 'DeploymentPaused' : 'DeploymentResumed',
    message: isPaused ? 'Deployment is paused' : 'Deployment is resumed',
  };
  return { ...deployment.status, conditions: withCondition(conditions, condition, now) };
};

/** The status with a Progressing condition that says where the current ReplicaSet comes from. */
export const replicaSetFoundStatus = (
  deployment: Deployment,
  current: ReplicaSet,
  isNew: boolean,
  now: number,
): DeploymentStatus | undefined => {
  const { conditions = [] } = deployment.status ?? {};
  if (progressDeadlineSeconds(deployment) === undefined) return undefined;
  if (!isNew && conditionOf(conditions, 'Progressing') !== undefined) return undefined;
  const condition = {
    type: 'Progressing',
    status: 'True',
    reason: isNew ? 'NewReplicaSetCreated' : 'FoundNewReplicaSet',
    message: `${isNew ? 'Created' : 'Found'} new replica set "${current.metadata.name}"`,
  };
  return { ...deployment.status, conditions: withCondition(conditions, condition, now) };
};

/** The status after a ReplicaSet could not be created. */
export const createErrorStatus = (deployment: Deployment, message: string, now: number): DeploymentStatus => ({
  ...deployment.status,
  conditions: [
    ...withoutCondition(deployment.status?.conditions ?? [], 'Progressing'),
    {
      type: 'Progressing',
      status: 'False',
      reason: 'ReplicaSetCreateError',
      message,
      lastUpdateTime: timestamp(now),
      lastTransitionTime: timestamp(now),
    },
  ],
});
