import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../../../objects/kinds/autoscaling-v1.js';
import type { HorizontalPodAutoscaler, HPAScalingRules } from '../../../objects/kinds/autoscaling-v2.js';
import type { Draft } from './draft.js';

const UTILIZATION = 80;

const scaleUp = (rules: Draft<HPAScalingRules> | undefined): Draft<HPAScalingRules> => ({
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
  ...rules,
});

const scaleDown = (rules: Draft<HPAScalingRules> | undefined): Draft<HPAScalingRules> => ({
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  ...rules,
});

export const defaultAutoscaler = ({ spec }: Draft<HorizontalPodAutoscaler>): void => {
  spec.minReplicas ??= 1;
  if ((spec.metrics ?? []).length === 0) {
    spec.metrics = [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: UTILIZATION } } },
    ];
  }
  if (spec.behavior === undefined) return;
  spec.behavior.scaleUp = scaleUp(spec.behavior.scaleUp);
  spec.behavior.scaleDown = scaleDown(spec.behavior.scaleDown);
};

export const defaultAutoscalerV1 = ({ spec, metadata }: Draft<AutoscalerV1>): void => {
  spec.minReplicas ??= 1;
  const hasOtherMetrics = Object.hasOwn(metadata.annotations ?? {}, 'autoscaling.alpha.kubernetes.io/metrics');
  if (!hasOtherMetrics) spec.targetCPUUtilizationPercentage ??= UTILIZATION;
};
