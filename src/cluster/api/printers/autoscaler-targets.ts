import type { HorizontalPodAutoscaler } from '../../../objects/kinds/autoscaling-v2.js';

type Metric = NonNullable<HorizontalPodAutoscaler['spec']['metrics']>[number];
type Current = NonNullable<NonNullable<HorizontalPodAutoscaler['status']>['currentMetrics']>[number];

const UNKNOWN = '<unknown>';
/** Metrics that one cell shows; the rest is counted. */
const SHOWN = 2;

/** `cpu: 10%/80%`, or how many metrics more. */
export const autoscalerTargets = ({ spec, status }: HorizontalPodAutoscaler): string => {
  const metrics = spec.metrics ?? [];
  if (metrics.length === 0) return '<none>';
  const texts = metrics.map((metric, index) => targetText(metric, status?.currentMetrics?.[index]));
  return texts.length > SHOWN
    ? `${texts.slice(0, SHOWN).join(', ')} + ${texts.length - SHOWN} more...`
    : texts.join(', ');
};

const targetText = (metric: Metric, current: Current | undefined): string => {
  switch (metric.type) {
    case 'Resource':
      return resourceText(metric.resource, current?.resource?.current);
    case 'ContainerResource':
      return resourceText(metric.containerResource, current?.containerResource?.current);
    case 'Pods':
      return valueText(current?.pods?.current.averageValue, metric.pods?.target.averageValue);
    case 'Object':
      return metric.object?.target.averageValue === undefined
        ? valueText(current?.object?.current.value, metric.object?.target.value)
        : `${valueText(current?.object?.current.averageValue, metric.object.target.averageValue)} (avg)`;
    case 'External':
      return metric.external?.target.averageValue === undefined
        ? valueText(current?.external?.current.value, metric.external?.target.value)
        : `${valueText(current?.external?.current.averageValue, metric.external.target.averageValue)} (avg)`;
    default:
      return '<unknown type>';
  }
};

interface ResourceSource {
  readonly name: string;
  readonly target: { readonly averageValue?: string | number; readonly averageUtilization?: number };
}

interface ResourceNow {
  readonly averageValue?: string | number;
  readonly averageUtilization?: number;
}

const resourceText = (source: ResourceSource | undefined, now: ResourceNow | undefined): string => {
  if (source === undefined) return UNKNOWN;
  const { averageValue, averageUtilization } = source.target;
  if (averageValue !== undefined) return `${source.name}: ${valueText(now?.averageValue, averageValue)}`;
  const current = now?.averageUtilization === undefined ? UNKNOWN : `${now.averageUtilization}%`;
  return `${source.name}: ${current}/${averageUtilization === undefined ? '<auto>' : `${averageUtilization}%`}`;
};

const valueText = (current: string | number | undefined, target: string | number | undefined): string =>
  `${current ?? UNKNOWN}/${target ?? UNKNOWN}`;
