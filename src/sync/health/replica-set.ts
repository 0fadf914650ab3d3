import type { ReplicaSet } from '../../objects/kinds/apps-v1.js';
import type { KubeObject } from '../../objects/object.js';
import { trueCondition } from './conditions.js';
import type { Health } from './health.js';

export const replicaSetHealth = (object: KubeObject): Health => {
  const { metadata, spec, status } = object as ReplicaSet;
  if (status === undefined || (metadata.generation ?? 0) > (status.observedGeneration ?? 0)) {
    return { status: 'Progressing', message: 'Waiting for rollout: the newest spec is not observed yet' };
  }
  const failure = trueCondition(object, 'ReplicaFailure');
  if (failure !== undefined) {
    return failure.message === undefined ? { status: 'Degraded' } : { status: 'Degraded', message: failure.message };
  }
  const available = status.availableReplicas ?? 0;
  if (spec?.replicas !== undefined && available < spec.replicas) {
    return {
      status: 'Progressing',
      message: `Waiting for rollout: ${available} of ${spec.replicas} replicas are available`,
    };
  }
  return { status: 'Healthy' };
};
