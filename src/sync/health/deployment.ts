import type { Deployment } from '../../objects/kinds/apps-v1.js';
import type { KubeObject } from '../../objects/object.js';
import { statusConditions } from './conditions.js';
import type { Health } from './health.js';
import { waiting } from './waiting.js';

const PROGRESS_DEADLINE_EXCEEDED = 'ProgressDeadlineExceeded';

export const deploymentHealth = (object: KubeObject): Health => {
  const { metadata, spec, status = {} } = object as Deployment;
  if (spec.paused === true) return { status: 'Suspended', message: 'Deployment is paused' };
  if ((metadata.generation ?? 0) > (status.observedGeneration ?? 0)) {
    return { status: 'Progressing', message: 'Waiting for the rollout to begin: the newest spec is not observed yet' };
  }
  const progressing = statusConditions(object).find(({ type }) => type === 'Progressing');
  if (progressing?.reason === PROGRESS_DEADLINE_EXCEEDED) {
    return { status: 'Degraded', message: `Deployment "${metadata.name}" exceeded its progress deadline` };
  }
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status;
  if (spec.replicas !== undefined && updatedReplicas < spec.replicas) {
    return waiting(`${updatedReplicas} of ${spec.replicas} replicas are updated`);
  }
  if (replicas > updatedReplicas) return waiting(`${replicas - updatedReplicas} old replicas are still there`);
  if (availableReplicas < updatedReplicas) {
    return waiting(`${availableReplicas} of ${updatedReplicas} updated replicas are available`);
  }
  return { status: 'Healthy' };
};
