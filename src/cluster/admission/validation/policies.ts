import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../../../objects/kinds/autoscaling-v1.js';
import type { HorizontalPodAutoscaler, HPAScalingRules, MetricSpec } from '../../../objects/kinds/autoscaling-v2.js';
import type { Lease } from '../../../objects/kinds/coordination-k8s-io-v1.js';
import type { PodDisruptionBudget } from '../../../objects/kinds/policy-v1.js';
import type { PriorityClass } from '../../../objects/kinds/scheduling-k8s-io-v1.js';
import type { RuntimeClass } from '../../../objects/kinds/node-k8s-io-v1.js';
import { dns1123Label, pathSegmentName } from '../../../objects/names.js';
import { child, forbidden, invalid, invalidEach, required, type FieldError } from '../field-errors.js';
import { validateLabelSelector } from './labels.js';
import {
  atMostWhole,
  each,
  immutable,
  intOrPercent,
  nonNegative,
  oneOf,
  positive,
  requiredOneOf,
  requiredText,
} from './rules.js';

const validateReplicas = (min: number | undefined, max: number | undefined): FieldError[] => {
  const errors: FieldError[] = [];
  if (min !== undefined && min < 1) errors.push(invalid('spec.minReplicas', min, 'must be greater than or equal to 1'));
  if ((max ?? 0) < 1) errors.push(invalid('spec.maxReplicas', max ?? 0, 'must be greater than 0'));
  if (min !== undefined && (max ?? 0) < min) {
    errors.push(invalid('spec.maxReplicas', max ?? 0, 'must be greater than or equal to `minReplicas`'));
  }
  return errors;
};

const validateTarget = (reference: { kind?: string; name?: string } | undefined): FieldError[] => [
  ...((reference?.kind ?? '') === ''
    ? [required('spec.scaleTargetRef.kind')]
    : invalidEach('spec.scaleTargetRef.kind', reference?.kind, pathSegmentName(reference?.kind ?? ''))),
  ...((reference?.name ?? '') === ''
    ? [required('spec.scaleTargetRef.name')]
    : invalidEach('spec.scaleTargetRef.name', reference?.name, pathSegmentName(reference?.name ?? ''))),
];

const METRIC_SOURCES: Readonly<Record<string, keyof MetricSpec>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};

const validateMetric = (metric: MetricSpec, field: string): FieldError[] => {
  const errors = requiredOneOf(child(field, 'type'), metric.type, Object.keys(METRIC_SOURCES));
  const source = METRIC_SOURCES[metric.type];
  if (errors.length > 0 || source === undefined) return errors;
  if (metric[source] === undefined)
    return [required(child(field, source), 'must populate information for the given metric source')];
  if (metric.resource !== undefined) {
    const path = child(field, 'resource');
    const { averageUtilization, averageValue } = metric.resource.target ?? {};
    errors.push(...requiredText(child(path, 'name'), metric.resource.name));
    if (averageUtilization === undefined && averageValue === undefined) {
      errors.push(
        required(
          child(path, 'target.averageUtilization'),
          'must set either a target raw value or a target utilization',
        ),
      );
    }
    if (averageUtilization !== undefined && averageValue !== undefined) {
      errors.push(
        forbidden(child(path, 'target.averageValue'), 'may not set both a target raw value and a target utilization'),
      );
    }
    if (averageUtilization !== undefined && averageUtilization < 1) {
      errors.push(invalid(child(path, 'target.averageUtilization'), averageUtilization, 'must be greater than 0'));
    }
  }
  return errors;
};

const MAX_WINDOW = 3600;

const validateScalingRules = (field: string, rules: HPAScalingRules | undefined): FieldError[] => {
  if (rules === undefined) return [];
  const errors: FieldError[] = [];
  const window = rules.stabilizationWindowSeconds;
  if (window !== undefined && window < 0)
    errors.push(invalid(child(field, 'stabilizationWindowSeconds'), window, 'must be greater than or equal to zero'));
  if (window !== undefined && window > MAX_WINDOW)
    errors.push(
      invalid(child(field, 'stabilizationWindowSeconds'), window, `must be less than or equal to ${MAX_WINDOW}`),
    );
  errors.push(...oneOf(child(field, 'selectPolicy'), rules.selectPolicy, ['Disabled', 'Max', 'Min']));
  if ((rules.policies ?? []).length === 0)
    return [...errors, required(child(field, 'policies'), 'must specify at least one Policy')];
  return [
    ...errors,
    ...each(child(field, 'policies'), rules.policies, (policy, path) => [
      ...requiredOneOf(child(path, 'type'), policy.type, ['Percent', 'Pods']),
      ...positive(child(path, 'value'), policy.value),
      ...positive(child(path, 'periodSeconds'), policy.periodSeconds),
    ]),
  ];
};

export const validateAutoscaler = ({ spec }: HorizontalPodAutoscaler): FieldError[] => [
  ...validateReplicas(spec.minReplicas, spec.maxReplicas),
  ...validateTarget(spec.scaleTargetRef),
  ...each('spec.metrics', spec.metrics, (metric, path) => validateMetric(metric, path)),
  ...validateScalingRules('spec.behavior.scaleUp', spec.behavior?.scaleUp),
  ...validateScalingRules('spec.behavior.scaleDown', spec.behavior?.scaleDown),
];

export const validateAutoscalerV1 = ({ spec }: AutoscalerV1): FieldError[] => [
  ...validateReplicas(spec.minReplicas, spec.maxReplicas),
  ...validateTarget(spec.scaleTargetRef),
  ...positive('spec.targetCPUUtilizationPercentage', spec.targetCPUUtilizationPercentage),
];

export const validateDisruptionBudget = ({ spec }: PodDisruptionBudget): FieldError[] => {
  const errors: FieldError[] = [];
  if (spec?.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    errors.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'));
  }
  return [
    ...errors,
    ...intOrPercent('spec.minAvailable', spec?.minAvailable),
    ...atMostWhole('spec.minAvailable', spec?.minAvailable),
    ...intOrPercent('spec.maxUnavailable', spec?.maxUnavailable),
    ...atMostWhole('spec.maxUnavailable', spec?.maxUnavailable),
    ...validateLabelSelector('spec.selector', spec?.selector),
    ...oneOf('spec.unhealthyPodEvictionPolicy', spec?.unhealthyPodEvictionPolicy, ['AlwaysAllow', 'IfHealthyBudget']),
  ];
};

const HIGHEST_USER_PRIORITY = 1_000_000_000;

export const validatePriorityClass = (priorityClass: PriorityClass): FieldError[] => {
  const { name = '' } = priorityClass.metadata as { readonly name?: string };
  const errors: FieldError[] = [];
  const isSystem = name === 'system-cluster-critical' || name === 'system-node-critical';
  if (name.startsWith('system-') && !isSystem) {
    errors.push(
      forbidden(
        'metadata.name',
        "priority class names with 'system-' prefix are reserved for system use only. error: " +
          `${name} is not a known system priority class`,
      ),
    );
  }
  if (!isSystem && priorityClass.value > HIGHEST_USER_PRIORITY) {
    errors.push(forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`));
  }
  return [...errors, ...oneOf('preemptionPolicy', priorityClass.preemptionPolicy, ['Never', 'PreemptLowerPriority'])];
};

export const validatePriorityClassUpdate = (priorityClass: PriorityClass, old: PriorityClass): FieldError[] => [
  ...(priorityClass.value === old.value ? [] : [forbidden('value', 'may not be changed in an update.')]),
  ...immutable('preemptionPolicy', priorityClass.preemptionPolicy, old.preemptionPolicy),
];

export const validateLease = ({ spec }: Lease): FieldError[] => [
  ...positive('spec.leaseDurationSeconds', spec?.leaseDurationSeconds),
  ...nonNegative('spec.leaseTransitions', spec?.leaseTransitions),
];

export const validateRuntimeClass = ({ handler }: RuntimeClass): FieldError[] =>
  invalidEach('handler', handler ?? '', dns1123Label(handler ?? ''));

export const validateRuntimeClassUpdate = (runtimeClass: RuntimeClass, old: RuntimeClass): FieldError[] =>
  immutable('handler', runtimeClass.handler, old.handler);
