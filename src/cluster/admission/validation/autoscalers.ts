import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../../../objects/kinds/autoscaling-v1.js';
import type {
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '../../../objects/kinds/autoscaling-v2.js';
import { dns1123Label, pathSegmentName } from '../../../objects/names.js';
import { tryParseQuantity } from '../../../objects/quantity.js';
import { child, forbidden, invalid, invalidEach, notSupported, required, type FieldError } from '../field-errors.js';
import { notNegative, validateContainerResourceName } from './quantities.js';
import { each, nonNegative, oneOf } from './rules.js';

interface Reference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
}

interface Spec {
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  readonly scaleTargetRef?: Reference;
}

const validateReplicas = ({ minReplicas: min, maxReplicas: max = 0 }: Spec, lowest: number): FieldError[] => {
  const field = 'spec.maxReplicas';
  const errors: FieldError[] = [];
  if (min !== undefined && min < lowest) {
    errors.push(invalid('spec.minReplicas', min, `must be greater than or equal to ${lowest}`));
  }
  if (max === 0) errors.push(required(field, 'must be set and greater than 0'));
  if (max < 0) errors.push(invalid(field, max, 'must be greater than or equal to 1'));
  if (min !== undefined && max < min)
    errors.push(invalid(field, max, 'must be greater than or equal to `minReplicas`'));
  return errors;
};

const wrongVersion = (apiVersion: string, mayBeCore: boolean): string | undefined => {
  const slashes = apiVersion.split('/').length - 1;
  if (slashes > 1) return `unexpected GroupVersion string: ${apiVersion}`;
  return !mayBeCore && !/^[^/]+\//.test(apiVersion) ? 'apiVersion must specify API group' : undefined;
};

type VersionRule = 'any' | 'core or group' | 'group';

const validateReference = (field: string, reference: Reference | undefined, rule: VersionRule): FieldError[] => {
  const apiVersion = reference?.apiVersion ?? '';
  const errors = (['kind', 'name'] as const).flatMap((name) => {
    const value = reference?.[name] ?? '';
    return value === ''
      ? [required(child(field, name))]
      : invalidEach(child(field, name), value, pathSegmentName(value));
  });
  const wrong = rule === 'any' ? undefined : wrongVersion(apiVersion, rule === 'core or group');
  return wrong === undefined ? errors : [...errors, invalid(child(field, 'apiVersion'), apiVersion, wrong)];
};

const targetRule = (reference: Reference | undefined, old: Reference | undefined): VersionRule => {
  if (old !== undefined && old.apiVersion === reference?.apiVersion && old.kind === reference?.kind) return 'any';
  return reference?.kind === 'ReplicationController' ? 'core or group' : 'group';
};

const isPositive = (value: string | number): boolean => (tryParseQuantity(value)?.nanos ?? 0n) > 0n;

const validateTarget = (field: string, target: Partial<MetricTarget> = {}): FieldError[] => {
  const { type = '', averageUtilization } = target;
  const errors = type === '' ? [required(child(field, 'type'), 'must specify a metric target type')] : [];
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    errors.push(invalid(child(field, 'type'), type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const name of ['value', 'averageValue'] as const) {
    const value = target[name];
    if (value !== undefined && !isPositive(value)) {
      errors.push(invalid(child(field, name), value, 'must be positive'));
    }
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(invalid(child(field, 'averageUtilization'), averageUtilization, 'must be greater than 0'));
  }
  return errors;
};

const validateIdentifier = (field: string, metric: Partial<MetricIdentifier> | undefined): FieldError[] => {
  const name = metric?.name ?? '';
  return name === ''
    ? [required(child(field, 'name'), 'must specify a metric name')]
    : invalidEach(child(field, 'name'), name, pathSegmentName(name));
};

/** What is used of a pod, as a number or as a part of what it asked for: one of the two. */
const validateUsage = (field: string, target: Partial<MetricTarget> = {}): FieldError[] => {
  const { averageUtilization, averageValue } = target;
  const errors = validateTarget(field, target);
  if (averageUtilization === undefined && averageValue === undefined) {
    const why = 'must set either a target raw value or a target utilization';
    errors.push(required(child(field, 'averageUtilization'), why));
  }
  if (averageUtilization !== undefined && averageValue !== undefined) {
    const why = 'may not set both a target raw value and a target utilization';
    errors.push(forbidden(child(field, 'averageValue'), why));
  }
  return errors;
};

type Source = 'object' | 'external' | 'pods' | 'resource' | 'containerResource';
type Validate = (metric: MetricSpec, field: string, objectRule: VersionRule) => FieldError[];

const needsAverage = (field: string, target: Partial<MetricTarget> | undefined, why: string): FieldError[] =>
  target?.value === undefined && target?.averageValue === undefined
    ? [required(child(field, 'target.averageValue'), why)]
    : [];

/** In the order in which they are looked at: of several, the first is checked. */
const SOURCES: Readonly<Record<Source, Validate>> = {
  object: ({ object }, field, rule) => [
    ...validateReference(child(field, 'describedObject'), object?.describedObject, rule),
    ...validateIdentifier(child(field, 'metric'), object?.metric),
    ...validateTarget(child(field, 'target'), object?.target),
    ...needsAverage(field, object?.target, 'must set either a target value or averageValue'),
  ],
  external: ({ external }, field) => [
    ...validateIdentifier(child(field, 'metric'), external?.metric),
    ...validateTarget(child(field, 'target'), external?.target),
    ...needsAverage(field, external?.target, 'must set either a target value for metric or a per-pod target'),
    ...(external?.target?.value !== undefined && external.target.averageValue !== undefined
      ? [forbidden(child(field, 'target.value'), 'may not set both a target value for metric and a per-pod target')]
      : []),
  ],
  pods: ({ pods }, field) => [
    ...validateIdentifier(child(field, 'metric'), pods?.metric),
    ...validateTarget(child(field, 'target'), pods?.target),
    ...(pods?.target?.averageValue === undefined
      ? [required(child(field, 'target.averageValue'), 'must specify a positive target averageValue')]
      : []),
  ],
  resource: ({ resource }, field) => [
    ...((resource?.name ?? '') === '' ? [required(child(field, 'name'), 'must specify a resource name')] : []),
    ...validateUsage(child(field, 'target'), resource?.target),
  ],
  containerResource: ({ containerResource }, field) => {
    const { name = '', container = '', target } = containerResource ?? {};
    return [
      ...(name === ''
        ? [required(child(field, 'name'), 'must specify a resource name')]
        : validateContainerResourceName(child(field, 'name'), name)),
      ...(container === ''
        ? [required(child(field, 'container'), 'must specify a container')]
        : invalidEach(child(field, 'container'), container, dns1123Label(container))),
      ...validateUsage(child(field, 'target'), target),
    ];
  },
};

const SOURCE_OF_TYPE: Readonly<Record<string, Source>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};
const TYPES = Object.keys(SOURCE_OF_TYPE);

const validateMetric = (metric: MetricSpec, field: string, objectRule: VersionRule): FieldError[] => {
  const { type = '' } = metric as { readonly type?: string };
  const path = child(field, 'type');
  const errors = type === '' ? [required(path, 'must specify a metric source type')] : [];
  const unknown = TYPES.includes(type) ? [] : [notSupported(path, type, TYPES)];
  errors.push(...unknown);
  const given = (Object.keys(SOURCES) as Source[]).filter((source) => metric[source] !== undefined);
  const [first] = given;
  if (first !== undefined) errors.push(...SOURCES[first](metric, child(field, first), objectRule));
  const expected = SOURCE_OF_TYPE[type];
  if (expected === undefined) errors.push(...unknown);
  else if (metric[expected] === undefined) {
    errors.push(required(child(field, expected), 'must populate information for the given metric source'));
  }
  if (given.length === 1) return errors;
  const others = given.filter((source) => source !== expected);
  return [
    ...errors,
    ...others.map((source) => forbidden(child(field, source), 'must populate the given metric source only')),
  ];
};

const MAX_WINDOW = 3600;
const MAX_PERIOD = 1800;

const aboveZero = (field: string, value: number | undefined): FieldError[] =>
  (value ?? 0) <= 0 ? [invalid(field, value ?? 0, 'must be greater than zero')] : [];

const atMost = (field: string, value: number | undefined, limit: number): FieldError[] =>
  (value ?? 0) > limit ? [invalid(field, value, `must be less than or equal to ${limit}`)] : [];

const validateRules = (field: string, rules: HPAScalingRules | undefined): FieldError[] => {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies, tolerance } = rules;
  const path = child(field, 'stabilizationWindowSeconds');
  return [
    ...((window ?? 0) < 0 ? [invalid(path, window, 'must be greater than or equal to zero')] : []),
    ...atMost(path, window, MAX_WINDOW),
    ...oneOf(child(field, 'selectPolicy'), selectPolicy, ['Disabled', 'Max', 'Min']),
    ...((policies ?? []).length === 0 ? [required(child(field, 'policies'), 'must specify at least one Policy')] : []),
    ...each(child(field, 'policies'), policies, ({ type, value, periodSeconds }, at) => [
      ...oneOf(child(at, 'type'), type ?? '', ['Percent', 'Pods']),
      ...aboveZero(child(at, 'value'), value),
      ...aboveZero(child(at, 'periodSeconds'), periodSeconds),
      ...atMost(child(at, 'periodSeconds'), periodSeconds, MAX_PERIOD),
    ]),
    ...(tolerance === undefined ? [] : notNegative(child(field, 'tolerance'), tolerance)),
  ];
};

const lowestReplicas = (old: Spec | undefined): number => (old?.minReplicas === 0 ? 0 : 1);

const needsOtherMetrics = ({ minReplicas }: Spec, metrics: readonly MetricSpec[]): FieldError[] =>
  minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')
    ? [
        forbidden(
          'spec.metrics',
          'must specify at least one Object or External metric to support scaling to zero replicas',
        ),
      ]
    : [];

/** Objects that were described wrongly before are not looked at again. */
const objectRuleOf = (old: HorizontalPodAutoscaler | undefined): VersionRule =>
  (old?.spec.metrics ?? []).some(
    ({ object }) => wrongVersion(object?.describedObject?.apiVersion ?? '', true) !== undefined,
  )
    ? 'any'
    : 'core or group';

/** What is scaled, and between which numbers, in both versions. */
const validateScaling = (spec: Spec, old: Spec | undefined): FieldError[] => [
  ...validateReplicas(spec, lowestReplicas(old)),
  ...validateReference(
    'spec.scaleTargetRef',
    spec.scaleTargetRef,
    targetRule(spec.scaleTargetRef, old?.scaleTargetRef),
  ),
];

const validateSpec = ({ spec }: HorizontalPodAutoscaler, old?: HorizontalPodAutoscaler): FieldError[] => {
  const metrics = spec.metrics ?? [];
  const objectRule = objectRuleOf(old);
  return [
    ...validateScaling(spec, old?.spec),
    ...each('spec.metrics', metrics, (metric, path) => validateMetric(metric, path, objectRule)),
    ...needsOtherMetrics(spec, metrics),
    ...validateRules('spec.behavior.scaleUp', spec.behavior?.scaleUp),
    ...validateRules('spec.behavior.scaleDown', spec.behavior?.scaleDown),
  ];
};

export const validateAutoscaler = (autoscaler: HorizontalPodAutoscaler): FieldError[] => validateSpec(autoscaler);
export const validateAutoscalerUpdate = (
  autoscaler: HorizontalPodAutoscaler,
  old: HorizontalPodAutoscaler,
): FieldError[] => validateSpec(autoscaler, old);

/** The older version is checked in the form of the newer one: its only metric is the first of the list. */
const validateSpecV1 = ({ spec }: AutoscalerV1, old?: AutoscalerV1): FieldError[] => {
  const percent = spec.targetCPUUtilizationPercentage;
  return [
    ...validateScaling(spec, old?.spec),
    ...(percent !== undefined && percent < 1
      ? [invalid('spec.metrics[0].resource.target.averageUtilization', percent, 'must be greater than 0')]
      : []),
    ...needsOtherMetrics(spec, []),
  ];
};

export const validateAutoscalerV1 = (autoscaler: AutoscalerV1): FieldError[] => validateSpecV1(autoscaler);
export const validateAutoscalerV1Update = (autoscaler: AutoscalerV1, old: AutoscalerV1): FieldError[] =>
  validateSpecV1(autoscaler, old);

interface WithReplicas {
  readonly status?: { readonly currentReplicas?: number; readonly desiredReplicas?: number };
}

export const validateAutoscalerStatus = ({ status }: WithReplicas): FieldError[] => [
  ...nonNegative('status.currentReplicas', status?.currentReplicas),
  ...nonNegative('status.desiredReplicas', status?.desiredReplicas),
];
