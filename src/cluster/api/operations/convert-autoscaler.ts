import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../../../objects/kinds/autoscaling-v1.js';
import type { HorizontalPodAutoscaler as AutoscalerV2 } from '../../../objects/kinds/autoscaling-v2.js';
import type { KubeObject } from '../../../objects/object.js';

/** What the older version cannot say travels in annotations. */
const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const CURRENT_METRICS = 'autoscaling.alpha.kubernetes.io/current-metrics';
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';
const CARRIERS = [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR];

type Metrics = NonNullable<AutoscalerV2['spec']['metrics']>;

/** A HorizontalPodAutoscaler of `autoscaling/v1` as one of `v2`, and back. */
export const convertAutoscaler = (object: KubeObject, apiVersion: string): KubeObject =>
  apiVersion === 'autoscaling/v1' ? toV1(object as AutoscalerV2) : toV2(object as unknown as AutoscalerV1);

const isCpuUtilization = (metric: Metrics[number]): boolean =>
  metric.type === 'Resource' && metric.resource?.name === 'cpu' && metric.resource.target.type === 'Utilization';

const toV1 = ({ metadata, spec, status, ...object }: AutoscalerV2): KubeObject => {
  const { metrics = [], behavior, ...rest } = spec;
  const cpu = metrics.find(isCpuUtilization)?.resource?.target.averageUtilization;
  const others = metrics.filter((metric) => !isCpuUtilization(metric));
  const carried = {
    ...(others.length === 0 ? {} : { [METRICS]: JSON.stringify(others) }),
    ...(behavior === undefined ? {} : { [BEHAVIOR]: JSON.stringify(behavior) }),
    ...((status?.currentMetrics ?? []).length === 0
      ? {}
      : { [CURRENT_METRICS]: JSON.stringify(status?.currentMetrics) }),
    ...((status?.conditions ?? []).length === 0 ? {} : { [CONDITIONS]: JSON.stringify(status?.conditions) }),
  };
  const annotations = { ...metadata.annotations, ...carried };
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations },
    spec: cpu === undefined ? rest : { ...rest, targetCPUUtilizationPercentage: cpu },
    ...(status === undefined ? {} : { status: statusV1(status) }),
  };
};

const statusV1 = ({ currentMetrics, conditions: _carried, ...status }: NonNullable<AutoscalerV2['status']>): object => {
  const cpu = currentMetrics?.find((metric) => metric.type === 'Resource' && metric.resource?.name === 'cpu');
  const current = cpu?.resource?.current.averageUtilization;
  return {
    ...status,
    currentReplicas: status.currentReplicas ?? 0,
    ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }),
  };
};

const toV2 = ({ metadata, spec, status, ...object }: AutoscalerV1): KubeObject => {
  const { targetCPUUtilizationPercentage: cpu, ...rest } = spec;
  const annotations = metadata.annotations ?? {};
  const own = Object.entries(annotations).filter(([key]) => !CARRIERS.includes(key));
  const { annotations: _carriers, ...others } = metadata;
  const metrics = [...cpuMetric(cpu), ...(listIn(annotations, METRICS) as Metrics)];
  const behavior = parsed(annotations, BEHAVIOR);
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: own.length === 0 ? others : { ...others, annotations: Object.fromEntries(own) },
    spec: { ...rest, ...(metrics.length === 0 ? {} : { metrics }), ...(behavior === undefined ? {} : { behavior }) },
    ...(status === undefined ? {} : { status: statusV2(status, annotations) }),
  };
};

const cpuMetric = (averageUtilization: number | undefined): Metrics =>
  averageUtilization === undefined
    ? []
    : [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }];

const statusV2 = (
  { currentCPUUtilizationPercentage: _cpu, ...status }: NonNullable<AutoscalerV1['status']>,
  annotations: Readonly<Record<string, string>>,
): object => ({
  ...status,
  currentMetrics: parsed(annotations, CURRENT_METRICS) ?? null,
  ...(parsed(annotations, CONDITIONS) === undefined ? {} : { conditions: parsed(annotations, CONDITIONS) }),
});

/** Annotations are a user's text too: what is no JSON carries nothing. */
const parsed = (annotations: Readonly<Record<string, string>>, key: string): unknown => {
  if (!Object.hasOwn(annotations, key)) return undefined;
  try {
    return JSON.parse(annotations[key] ?? '') as unknown;
  } catch {
    return undefined;
  }
};

const listIn = (annotations: Readonly<Record<string, string>>, key: string): readonly unknown[] => {
  const value = parsed(annotations, key);
  return Array.isArray(value) ? (value as unknown[]) : [];
};
