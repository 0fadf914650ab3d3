import type { KubeObject } from '../../objects/object.js';
import { statusConditions } from './conditions.js';
import type { Health } from './health.js';

const FAILURES: Readonly<Record<string, readonly string[] | undefined>> = {
  AbleToScale: ['FailedGetScale', 'FailedUpdateScale'],
  ScalingActive: [
    'FailedGetResourceMetric',
    'FailedGetObjectMetric',
    'FailedGetPodsMetric',
    'FailedGetExternalMetric',
    'FailedComputeMetricsReplicas',
    'InvalidSelector',
  ],
};

/** A failure reason counts only while its condition is `False`: a condition that is true again has recovered. */
export const horizontalPodAutoscalerHealth = (object: KubeObject): Health => {
  const conditions = statusConditions(object);
  const failure = conditions.find(
    ({ type, status, reason }) => status === 'False' && FAILURES[type]?.includes(reason ?? '') === true,
  );
  if (failure !== undefined) return { status: 'Degraded', message: failure.message ?? failure.reason ?? '' };
  const working = conditions.find(
    ({ type, status }) => (type === 'AbleToScale' || type === 'ScalingLimited') && status === 'True',
  );
  return working === undefined
    ? { status: 'Progressing', message: 'Waiting to autoscale' }
    : { status: 'Healthy', message: working.message ?? '' };
};
