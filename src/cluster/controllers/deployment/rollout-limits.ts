import type { IntOrString } from '../../../objects/int-or-string.js';
import { scaledValue } from '../../../objects/int-or-string.js';
import type { Deployment } from '../../../objects/kinds/apps-v1.js';

/** The API's value for "no limit". */
const MAX_INT32 = 2 ** 31 - 1;

export const isRollingUpdate = (deployment: Deployment): boolean =>
  (deployment.spec.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate';

/** Surge rounds up, unavailable rounds down; where both come out as zero one pod may be unavailable. */
export const rolloutLimits = (
  maxSurgeValue: IntOrString,
  maxUnavailableValue: IntOrString,
  replicas: number,
): { readonly surge: number; readonly unavailable: number } => {
  const surge = scaledValue(maxSurgeValue, replicas, 'up') ?? 0;
  const unavailable = scaledValue(maxUnavailableValue, replicas, 'down') ?? 0;
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
};

const limitsOf = (deployment: Deployment) => {
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  return rolloutLimits(maxSurge, maxUnavailable, deployment.spec.replicas ?? 1);
};

/** Pods above the wanted number during a rollout. */
export const maxSurge = (deployment: Deployment): number =>
  isRollingUpdate(deployment) ? limitsOf(deployment).surge : 0;

/** Pods that may be missing during a rollout. */
export const maxUnavailable = (deployment: Deployment): number => {
  const replicas = deployment.spec.replicas ?? 1;
  if (!isRollingUpdate(deployment) || replicas === 0) return 0;
  return Math.min(limitsOf(deployment).unavailable, replicas);
};

/** Seconds a rollout may make no progress; undefined without a limit. */
export const progressDeadlineSeconds = (deployment: Deployment): number | undefined => {
  const seconds = deployment.spec.progressDeadlineSeconds ?? 600;
  return seconds === MAX_INT32 ? undefined : seconds;
};

/** How many old ReplicaSets without pods are kept; undefined without a limit. */
export const revisionHistoryLimit = (deployment: Deployment): number | undefined => {
  const limit = deployment.spec.revisionHistoryLimit ?? 10;
  return limit === MAX_INT32 ? undefined : limit;
};
