import type {
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
} from '../../../objects/kinds/autoscaling-v2.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { LabelSelector } from '../../../objects/kinds/meta-v1.js';
import { parseDurationMs } from '../../../objects/duration.js';
import type { KindOf } from '../../../objects/kind.js';
import type { KubeObject } from '../../../objects/object.js';
import {
  approximateValue,
  formatQuantity,
  milliValue,
  parseQuantity,
  quantityOfMilli,
} from '../../../objects/quantity.js';
import type { Client } from '../../client/client.js';
import { timeOf } from '../pods/pod-state.js';
import type { Measured } from './pod-usage.js';
import { groupPods, requestOf } from './pod-usage.js';
import type { Target, Tolerances } from './replica-calculator.js';
import { DEFAULT_TOLERANCE, neededReplicas } from './replica-calculator.js';

interface PodMetrics extends KubeObject {
  readonly timestamp?: string;
  readonly window?: string;
  readonly containers?: readonly {
    readonly name: string;
    readonly usage?: Readonly<Record<string, string>>;
  }[];
}

const PodMetrics: KindOf<PodMetrics> = { apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics' };

/** Why a metric gives no number: the reason and message of the condition ScalingActive. */
export class MetricError extends Error {
  override readonly name = 'MetricError';

  constructor(
    readonly reason: string,
    message: string,
    /** What was wanted, in the words of the event about all metrics. */
    readonly value: string,
  ) {
    super(message);
  }
}

export interface Recommendation {
  readonly replicas: number;
  /** For messages: `cpu resource utilization (percentage of request)`. */
  readonly metric: string;
  readonly status: MetricStatus;
}

export interface ScaleTarget {
  readonly namespace: string;
  readonly replicas: number;
  readonly selector: string;
  readonly pods: readonly Pod[];
}

export const DEFAULT_METRICS: readonly MetricSpec[] = [
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
];

/** What one metric recommends. Throws MetricError. */
export const recommend = async (
  client: Client,
  autoscaler: HorizontalPodAutoscaler,
  spec: MetricSpec,
  target: ScaleTarget,
  now: number,
): Promise<Recommendation> => {
  const source = spec.type === 'ContainerResource' ? spec.containerResource : spec.resource;
  if ((spec.type !== 'Resource' && spec.type !== 'ContainerResource') || source === undefined) {
    throw notServed(spec, target.namespace);
  }
  const container = spec.containerResource?.container;
  const what = source.target.averageValue === undefined ? 'utilization' : 'usage';
  const value =
    container === undefined ? `${source.name} resource metric value` : `${container} container metric value`;
  const fail = (message: string): MetricError =>
    new MetricError(`FailedGet${spec.type}Metric`, `failed to get ${source.name} ${what}: ${message}`, value);
  const measured = await measure(client, target, source.name, container).catch((error: unknown) => {
    throw fail(
      `unable to get metrics for resource ${source.name}: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  if (measured.size === 0)
    throw fail(`unable to get metrics for resource ${source.name}: no metrics returned from resource metrics API`);
  const groups = groupPods(target.pods, measured, source.name, now);
  const living = [...groups.ready, ...groups.missing, ...groups.unready];
  const needs = new Map(living.map((pod) => [pod, requestOf(pod, source.name, container)]));
  const goal = targetOf(source.target, needs, fail);
  const replicas = neededReplicas(target.replicas, groups, measured, goal, tolerancesOf(autoscaler));
  const total = groups.ready.reduce((sum, pod) => sum + (measured.get(pod.metadata.name)?.milli ?? 0), 0);
  const average = groups.ready.length === 0 ? 0 : Math.round(total / groups.ready.length);
  const averageValue = formatQuantity(quantityOfMilli(average));
  const requested = groups.ready.reduce((sum, pod) => sum + numberOf(needs.get(pod)), 0);
  const isShare = goal.type === 'utilization' && requested > 0;
  const current = { averageValue, ...(isShare ? { averageUtilization: Math.trunc((total * 100) / requested) } : {}) };
  const name = `${source.name}${container === undefined ? '' : ' container'} resource${isShare ? ' utilization (percentage of request)' : ''}`;
  const status: MetricStatus =
    container === undefined
      ? { type: 'Resource', resource: { name: source.name, current } }
      : { type: 'ContainerResource', containerResource: { name: source.name, container, current } };
  return { replicas, metric: name, status };
};

const NO_CUSTOM_METRICS =
  'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered';

/** Metrics of other kinds come from APIs that are not asked, in the words of a cluster that has none. */
const notServed = ({ type, pods, object, external }: MetricSpec, namespace: string): MetricError => {
  const fail = (message: string, value: string): MetricError =>
    new MetricError(`FailedGet${type}Metric`, message, value);
  if (object !== undefined) {
    const { kind, name } = object.describedObject;
    const about = `${kind} on ${namespace} ${name}/${NO_CUSTOM_METRICS}`;
    return fail(`unable to get metric ${object.metric.name}: ${about}`, 'object metric value');
  }
  if (external !== undefined) {
    const { name, selector } = external.metric;
    const why = `the server could not find the requested resource (get ${name}.external.metrics.k8s.io)`;
    const about = `${namespace}/${name}/${selectorText(selector)}`;
    const message = `unable to get external metric ${about}: unable to fetch metrics from external metrics API: ${why}`;
    return fail(message, `${name} external metric value`);
  }
  return fail(`unable to get metric ${pods?.metric.name ?? ''}: ${NO_CUSTOM_METRICS}`, 'pods metric value');
};

/** A selector as Go prints it. */
const selectorText = (selector: LabelSelector | undefined): string => {
  if (selector === undefined) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`);
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],}`,
  );
  const parts = expressions.map((each) => `${each},`).join('');
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${parts}},}`;
};

const numberOf = (value: number | string | undefined): number => (typeof value === 'number' ? value : 0);

const targetOf = (
  target: { readonly averageUtilization?: number; readonly averageValue?: string | number },
  needs: ReadonlyMap<Pod, number | string>,
  fail: (message: string) => MetricError,
): Target => {
  if (target.averageValue !== undefined)
    return { type: 'average', milli: milliValue(parseQuantity(target.averageValue)) };
  if (target.averageUtilization === undefined)
    throw fail('invalid resource metric source: neither a utilization target nor a value target was set');
  const without = [...needs.values()].find((need) => typeof need === 'string');
  if (without !== undefined) throw fail(without);
  return { type: 'utilization', percent: target.averageUtilization, requestOf: (pod) => numberOf(needs.get(pod)) };
};

const tolerancesOf = ({ spec }: HorizontalPodAutoscaler): Tolerances => ({
  up: toleranceOf(spec.behavior?.scaleUp),
  down: toleranceOf(spec.behavior?.scaleDown),
});

const toleranceOf = (rules: HPAScalingRules | undefined): number =>
  rules?.tolerance === undefined ? DEFAULT_TOLERANCE : approximateValue(parseQuantity(rules.tolerance));

const measure = async (
  client: Client,
  { namespace, selector }: ScaleTarget,
  resource: string,
  container: string | undefined,
): Promise<ReadonlyMap<string, Measured>> => {
  const { items } = await client.list(PodMetrics, { namespace, labelSelector: selector });
  const measured = new Map<string, Measured>();
  for (const { metadata, containers = [], timestamp, window } of items) {
    const usages = containers
      .filter(({ name }) => container === undefined || name === container)
      .map(({ usage }) => usage?.[resource]);
    // A pod of which one container was not measured has no value.
    if (usages.length === 0 || usages.includes(undefined)) continue;
    const milli = usages.reduce((sum, usage) => sum + milliValue(parseQuantity(usage ?? '0')), 0);
    measured.set(metadata.name, {
      milli,
      at: timeOf(timestamp) ?? 0,
      windowMs: window === undefined ? 60_000 : parseDurationMs(window),
    });
  }
  return measured;
};
