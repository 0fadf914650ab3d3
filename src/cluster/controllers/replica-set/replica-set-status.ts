import { timestamp } from '../../../objects/conditions.js';
import type { ReplicaSetCondition, ReplicaSetStatus } from '../../../objects/kinds/apps-v1.js';
import type { Pod, PodTemplateSpec } from '../../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { labelsOf } from '../../../objects/labels.js';
import { isPodActive, isPodAvailable, isPodReady, isPodTerminating } from '../pods/pod-state.js';
import { messageOf } from '../pods/pod-control.js';

/** A ReplicaSet or a ReplicationController: what both have. */
export interface Replicated extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly minReadySeconds?: number;
    readonly template?: PodTemplateSpec;
  };
  readonly status?: { readonly conditions?: readonly ReplicaSetCondition[] };
}

/** A failure to bring the number of pods to what is wanted. */
export interface ReplicaFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly error: unknown;
}

/** The status of a ReplicaSet from its pods. */
export const replicaSetStatus = (
  replicaSet: Replicated,
  pods: readonly Pod[],
  failure: ReplicaFailure | undefined,
  now: number,
): ReplicaSetStatus => {
  const active = pods.filter(isPodActive);
  const templateLabels = Object.entries(replicaSet.spec?.template?.metadata?.labels ?? {});
  const isFullyLabeled = (pod: Pod): boolean => templateLabels.every(([key, value]) => labelsOf(pod)[key] === value);
  const minReadySeconds = replicaSet.spec?.minReadySeconds ?? 0;
  const conditions = failureConditions(replicaSet.status?.conditions ?? [], failure, now);
  const { generation } = replicaSet.metadata;
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(isFullyLabeled).length,
    readyReplicas: active.filter(isPodReady).length,
    availableReplicas: active.filter((pod) => isPodAvailable(pod, minReadySeconds, now)).length,
    terminatingReplicas: pods.filter(isPodTerminating).length,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
};

const failureConditions = (
  conditions: readonly ReplicaSetCondition[],
  failure: ReplicaFailure | undefined,
  now: number,
): readonly ReplicaSetCondition[] => {
  const known = conditions.find((condition) => condition.type === 'ReplicaFailure');
  // The first failure stays until it is over: its message must not flap with every attempt.
  if (failure !== undefined && known !== undefined) return conditions;
  if (failure === undefined) return known === undefined ? conditions : conditions.filter((each) => each !== known);
  return [
    ...conditions,
    {
      type: 'ReplicaFailure',
      status: 'True',
      reason: failure.reason,
      message: messageOf(failure.error),
      lastTransitionTime: timestamp(now),
    },
  ];
};
