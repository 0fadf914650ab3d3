// Kubernetes 1.35.2, autoscaling/v1. Written by scripts/generate-kinds.ts; do not edit.
import type { KindOf } from '../kind.js';
import type { KubeObject, ObjectMeta } from '../object.js';
import type * as metaV1 from './meta-v1.js';

export interface CrossVersionObjectReference {
  readonly kind: string;
  readonly name: string;
  readonly apiVersion?: string;
}

export interface HorizontalPodAutoscalerSpec {
  readonly scaleTargetRef: CrossVersionObjectReference;
  readonly minReplicas?: number;
  readonly maxReplicas: number;
  readonly targetCPUUtilizationPercentage?: number;
}

export interface HorizontalPodAutoscalerStatus {
  readonly observedGeneration?: number;
  readonly lastScaleTime?: string;
  readonly currentReplicas: number;
  readonly desiredReplicas: number;
  readonly currentCPUUtilizationPercentage?: number;
}

export interface HorizontalPodAutoscaler extends KubeObject {
  readonly spec: HorizontalPodAutoscalerSpec;
  readonly status?: HorizontalPodAutoscalerStatus;
}

export const HorizontalPodAutoscaler: KindOf<HorizontalPodAutoscaler> = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler' };

export interface HorizontalPodAutoscalerList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly HorizontalPodAutoscaler[];
}

export interface Scale {
  readonly metadata?: ObjectMeta;
  readonly spec?: ScaleSpec;
  readonly status?: ScaleStatus;
}

export interface ScaleSpec {
  readonly replicas?: number;
}

export interface ScaleStatus {
  readonly replicas: number;
  readonly selector?: string;
}

export interface MetricSpec {
  readonly type: string;
  readonly object?: ObjectMetricSource;
  readonly pods?: PodsMetricSource;
  readonly resource?: ResourceMetricSource;
  readonly containerResource?: ContainerResourceMetricSource;
  readonly external?: ExternalMetricSource;
}

export interface ObjectMetricSource {
  readonly target: CrossVersionObjectReference;
  readonly metricName: string;
  readonly targetValue: string | number;
  readonly selector?: metaV1.LabelSelector;
  readonly averageValue?: string | number;
}

export interface PodsMetricSource {
  readonly metricName: string;
  readonly targetAverageValue: string | number;
  readonly selector?: metaV1.LabelSelector;
}

export interface ResourceMetricSource {
  readonly name: string;
  readonly targetAverageUtilization?: number;
  readonly targetAverageValue?: string | number;
}

export interface ContainerResourceMetricSource {
  readonly name: string;
  readonly targetAverageUtilization?: number;
  readonly targetAverageValue?: string | number;
  readonly container: string;
}

export interface ExternalMetricSource {
  readonly metricName: string;
  readonly metricSelector?: metaV1.LabelSelector;
  readonly targetValue?: string | number;
  readonly targetAverageValue?: string | number;
}

export interface MetricStatus {
  readonly type: string;
  readonly object?: ObjectMetricStatus;
  readonly pods?: PodsMetricStatus;
  readonly resource?: ResourceMetricStatus;
  readonly containerResource?: ContainerResourceMetricStatus;
  readonly external?: ExternalMetricStatus;
}

export interface HorizontalPodAutoscalerCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface ObjectMetricStatus {
  readonly target: CrossVersionObjectReference;
  readonly metricName: string;
  readonly currentValue: string | number;
  readonly selector?: metaV1.LabelSelector;
  readonly averageValue?: string | number;
}

export interface PodsMetricStatus {
  readonly metricName: string;
  readonly currentAverageValue: string | number;
  readonly selector?: metaV1.LabelSelector;
}

export interface ResourceMetricStatus {
  readonly name: string;
  readonly currentAverageUtilization?: number;
  readonly currentAverageValue: string | number;
}

export interface ContainerResourceMetricStatus {
  readonly name: string;
  readonly currentAverageUtilization?: number;
  readonly currentAverageValue: string | number;
  readonly container: string;
}

export interface ExternalMetricStatus {
  readonly metricName: string;
  readonly metricSelector?: metaV1.LabelSelector;
  readonly currentValue: string | number;
  readonly currentAverageValue?: string | number;
}
