import type { Lease } from '../../../objects/kinds/coordination-k8s-io-v1.js';
import type { PodDisruptionBudget } from '../../../objects/kinds/policy-v1.js';
import type { PriorityClass } from '../../../objects/kinds/scheduling-k8s-io-v1.js';
import type { RuntimeClass } from '../../../objects/kinds/node-k8s-io-v1.js';
import { jsonEquals } from '../../../objects/json.js';
import { dns1123Label, qualifiedName } from '../../../objects/names.js';
import { duplicate, forbidden, invalid, invalidEach, item, required, type FieldError } from '../field-errors.js';
import { validateConditions } from './conditions.js';
import { internal } from './go-values.js';
import { validateLabels, validateLabelSelector } from './labels.js';
import { validateOverhead } from './resources.js';
import { atMostWhole, immutable, intOrPercent, nonNegative, oneOf, positive } from './rules.js';
import { validateTolerations } from './tolerations.js';

export const validateDisruptionBudget = ({ spec }: PodDisruptionBudget): FieldError[] => {
  const errors: FieldError[] = [];
  if (spec?.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    const shown = internal('policy/v1.PodDisruptionBudgetSpec', spec);
    errors.push(invalid('spec', shown, 'minAvailable and maxUnavailable cannot be both set'));
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

export const validateDisruptionBudgetStatus = ({ status }: PodDisruptionBudget): FieldError[] => [
  ...validateConditions('status.conditions', status?.conditions),
  ...(['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const).flatMap((name) =>
    nonNegative(`status.${name}`, status?.[name]),
  ),
];

const HIGHEST_USER_PRIORITY = 1_000_000_000;

const validatePreemption = (policy: string | undefined): FieldError[] => {
  if (policy === '') return [required('preemptionPolicy')];
  return oneOf('preemptionPolicy', policy, ['PreemptLowerPriority', 'Never']);
};

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
  return [...errors, ...validatePreemption(priorityClass.preemptionPolicy)];
};

export const validatePriorityClassUpdate = (priorityClass: PriorityClass, old: PriorityClass): FieldError[] => [
  ...(priorityClass.value === old.value ? [] : [forbidden('value', 'may not be changed in an update.')]),
  ...immutable('preemptionPolicy', priorityClass.preemptionPolicy, old.preemptionPolicy),
];

const LEASE_STRATEGIES = ['OldestEmulationVersion'];

export const validateLease = ({ spec }: Lease): FieldError[] => {
  const { strategy, preferredHolder = '' } = spec ?? {};
  const field = 'spec.strategy.strategy';
  const unknown =
    strategy === undefined
      ? []
      : strategy.includes('/')
        ? invalidEach(field, strategy, qualifiedName(strategy))
        : oneOf(field, strategy, LEASE_STRATEGIES);
  return [
    ...positive('spec.leaseDurationSeconds', spec?.leaseDurationSeconds),
    ...nonNegative('spec.leaseTransitions', spec?.leaseTransitions),
    ...unknown,
    ...(preferredHolder !== '' && (strategy ?? '') === ''
      ? [forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined')]
      : []),
  ];
};

const validateScheduling = ({ scheduling }: RuntimeClass): FieldError[] => {
  const field = 'scheduling.tolerations';
  const tolerations = scheduling?.tolerations ?? [];
  return [
    ...validateLabels('scheduling.nodeSelector', scheduling?.nodeSelector),
    ...validateTolerations(field, tolerations),
    ...tolerations.flatMap((toleration, index) =>
      tolerations.slice(0, index).some((other) => jsonEquals(other, toleration))
        ? [duplicate(item(field, index), internal('core/v1.Toleration', toleration))]
        : [],
    ),
  ];
};

export const validateRuntimeClass = (runtimeClass: RuntimeClass): FieldError[] => [
  ...invalidEach('handler', runtimeClass.handler ?? '', dns1123Label(runtimeClass.handler ?? '')),
  ...validateOverhead('overhead', runtimeClass.overhead?.podFixed),
  ...validateScheduling(runtimeClass),
];

export const validateRuntimeClassUpdate = (runtimeClass: RuntimeClass, old: RuntimeClass): FieldError[] =>
  immutable('handler', runtimeClass.handler, old.handler);
