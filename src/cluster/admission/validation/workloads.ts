import { jsonEquals } from '../../../objects/json.js';
import { percentOf, scaledValue } from '../../../objects/int-or-string.js';
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  ReplicaSet,
  StatefulSet,
} from '../../../objects/kinds/apps-v1.js';
import type { PodTemplateSpec, ReplicationController } from '../../../objects/kinds/core-v1.js';
import { labelsOf } from '../../../objects/labels.js';
import {
  matchesLabels,
  selectorFromLabels,
  selectorFromObject,
  type LabelSelectorObject,
} from '../../../objects/selectors/label-selector.js';
import { child, forbidden, invalid, required, type FieldError } from '../field-errors.js';
import { isEmptySelector, validateAnnotations, validateLabels, validateLabelSelector } from './labels.js';
import { validatePodTemplate } from './pod-spec.js';
import { atMostWhole, each, immutable, intOrPercent, nonNegative, oneOf, requiredOneOf } from './rules.js';
import { validateClaimSpec } from './volumes.js';

const MISMATCH = '`selector` does not match template `labels`';

/** The selector must be there, not be empty, and select the pods of the template. */
const validateSelector = (
  selector: LabelSelectorObject | undefined,
  template: PodTemplateSpec | undefined,
  kind: string,
): FieldError[] => {
  const mismatch = invalid('spec.template.metadata.labels', labelsOf(template ?? {}), MISMATCH);
  // A selector that is not there selects nothing, not even the template. A DaemonSet says no more than that.
  if (selector === undefined) return kind === 'daemonset' ? [mismatch] : [required('spec.selector'), mismatch];
  const errors = validateLabelSelector('spec.selector', selector);
  if (isEmptySelector(selector)) {
    errors.push(invalid('spec.selector', selector, `empty selector is invalid for ${kind}`));
  } else if (errors.length === 0 && !matchesLabels(selectorFromObject(selector), labelsOf(template ?? {}))) {
    errors.push(mismatch);
  }
  return errors;
};

const validateTemplate = (template: PodTemplateSpec | undefined, kind: string): FieldError[] => {
  const errors = validatePodTemplate(template, 'spec.template', ['Always']);
  if (template?.spec?.activeDeadlineSeconds !== undefined) {
    errors.push(
      forbidden('spec.template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${kind} is not Supported`),
    );
  }
  return errors;
};

/** True for 0, `0%` and absence: half of what makes a rolling update that cannot move. */
const isZero = (value: number | string | undefined): boolean =>
  value === undefined || value === 0 || (typeof value === 'string' && percentOf(value) === 0);

const validateStrategy = (strategy: NonNullable<Deployment['spec']['strategy']>): FieldError[] => {
  const field = 'spec.strategy';
  const { rollingUpdate } = strategy;
  if (strategy.type === 'Recreate' && rollingUpdate !== undefined) {
    return [forbidden(child(field, 'rollingUpdate'), "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (strategy.type === 'RollingUpdate' && rollingUpdate === undefined)
    return [required(child(field, 'rollingUpdate'))];
  const errors = requiredOneOf(child(field, 'type'), strategy.type, ['Recreate', 'RollingUpdate']);
  if (rollingUpdate === undefined) return errors;
  const path = child(field, 'rollingUpdate');
  errors.push(
    ...intOrPercent(child(path, 'maxUnavailable'), rollingUpdate.maxUnavailable),
    ...intOrPercent(child(path, 'maxSurge'), rollingUpdate.maxSurge),
    ...atMostWhole(child(path, 'maxUnavailable'), rollingUpdate.maxUnavailable),
  );
  if (isZero(rollingUpdate.maxUnavailable) && isZero(rollingUpdate.maxSurge)) {
    errors.push(
      invalid(child(path, 'maxUnavailable'), rollingUpdate.maxUnavailable, 'may not be 0 when `maxSurge` is 0'),
    );
  }
  return errors;
};

export const validateDeployment = ({ spec }: Deployment): FieldError[] => {
  const errors = [
    ...nonNegative('spec.replicas', spec.replicas),
    ...validateSelector(spec.selector, spec.template, 'deployment'),
    ...validateTemplate(spec.template, 'ReplicaSet'),
    ...validateStrategy(spec.strategy ?? {}),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
    ...nonNegative('spec.progressDeadlineSeconds', spec.progressDeadlineSeconds),
  ];
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec;
  if (deadline !== undefined && deadline <= minReadySeconds) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
  return errors;
};

export const validateDeploymentUpdate = (deployment: Deployment, old: Deployment): FieldError[] => [
  ...validateDeployment(deployment),
  ...immutable('spec.selector', deployment.spec.selector, old.spec.selector),
];

export const validateReplicaSet = ({ spec }: ReplicaSet): FieldError[] => [
  ...nonNegative('spec.replicas', spec.replicas),
  ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
  ...validateSelector(spec.selector, spec.template, 'deployment'),
  ...validateTemplate(spec.template, 'ReplicaSet'),
];

export const validateReplicaSetUpdate = (replicaSet: ReplicaSet, old: ReplicaSet): FieldError[] => [
  ...validateReplicaSet(replicaSet),
  ...immutable('spec.selector', replicaSet.spec.selector, old.spec.selector),
];

export const validateDaemonSet = ({ spec }: DaemonSet): FieldError[] => {
  const errors = [
    ...validateSelector(spec.selector, spec.template, 'daemonset'),
    ...validateTemplate(spec.template, 'DaemonSet'),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
    ...requiredOneOf('spec.updateStrategy.type', spec.updateStrategy?.type, ['OnDelete', 'RollingUpdate']),
  ];
  if (spec.updateStrategy?.type !== 'RollingUpdate') return errors;
  const rolling = spec.updateStrategy.rollingUpdate;
  const path = 'spec.updateStrategy.rollingUpdate';
  if (rolling === undefined) return [...errors, required(path)];
  errors.push(
    ...intOrPercent(child(path, 'maxUnavailable'), rolling.maxUnavailable),
    ...intOrPercent(child(path, 'maxSurge'), rolling.maxSurge),
  );
  if (isZero(rolling.maxUnavailable) && isZero(rolling.maxSurge)) {
    errors.push(invalid(child(path, 'maxUnavailable'), rolling.maxUnavailable, 'cannot be 0 when maxSurge is 0'));
  } else if (!isZero(rolling.maxUnavailable) && !isZero(rolling.maxSurge)) {
    errors.push(invalid(child(path, 'maxSurge'), rolling.maxSurge, 'may not be set when maxUnavailable is non-zero'));
  }
  return errors;
};

export const validateDaemonSetUpdate = (daemonSet: DaemonSet, old: DaemonSet): FieldError[] => [
  ...validateDaemonSet(daemonSet),
  ...immutable('spec.selector', daemonSet.spec.selector, old.spec.selector),
];

/** The rest of a template is checked when pods are made of it: volumes may come from the claim templates. */
const validateStatefulTemplate = (template: PodTemplateSpec | undefined): FieldError[] => {
  if (template === undefined) return [required('spec.template')];
  const errors = [
    ...validateLabels('spec.template.labels', template.metadata?.labels),
    ...validateAnnotations('spec.template.annotations', template.metadata?.annotations),
    ...oneOf('spec.template.spec.restartPolicy', template.spec?.restartPolicy, ['Always']),
  ];
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    const message = 'activeDeadlineSeconds in StatefulSet is not Supported';
    errors.push(forbidden('spec.template.spec.activeDeadlineSeconds', message));
  }
  return errors;
};

export const validateStatefulSet = ({ spec }: StatefulSet): FieldError[] => {
  const errors = [
    ...requiredOneOf('spec.podManagementPolicy', spec.podManagementPolicy, ['OrderedReady', 'Parallel']),
    ...requiredOneOf('spec.updateStrategy.type', spec.updateStrategy?.type, ['OnDelete', 'RollingUpdate']),
    ...nonNegative('spec.updateStrategy.rollingUpdate.partition', spec.updateStrategy?.rollingUpdate?.partition),
    ...intOrPercent(
      'spec.updateStrategy.rollingUpdate.maxUnavailable',
      spec.updateStrategy?.rollingUpdate?.maxUnavailable,
    ),
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.ordinals.start', spec.ordinals?.start),
    ...validateSelector(spec.selector, spec.template, 'statefulset'),
    ...validateStatefulTemplate(spec.template),
    ...oneOf(
      'spec.persistentVolumeClaimRetentionPolicy.whenDeleted',
      spec.persistentVolumeClaimRetentionPolicy?.whenDeleted,
      ['Delete', 'Retain'],
    ),
    ...oneOf(
      'spec.persistentVolumeClaimRetentionPolicy.whenScaled',
      spec.persistentVolumeClaimRetentionPolicy?.whenScaled,
      ['Delete', 'Retain'],
    ),
    ...each('spec.volumeClaimTemplates', spec.volumeClaimTemplates, (claim, path) =>
      validateClaimSpec(child(path, 'spec'), claim.spec),
    ),
  ];
  const limit = spec.updateStrategy?.rollingUpdate?.maxUnavailable;
  if (limit !== undefined && scaledValue(limit, 100, 'up') === 0) {
    errors.push(invalid('spec.updateStrategy.rollingUpdate.maxUnavailable', limit, 'cannot be 0'));
  }
  return errors;
};

const STATEFUL_FROZEN =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

const frozenStateful = ({ spec }: StatefulSet): unknown => {
  const {
    replicas: _replicas,
    ordinals: _ordinals,
    template: _template,
    updateStrategy: _strategy,
    revisionHistoryLimit: _history,
    persistentVolumeClaimRetentionPolicy: _retention,
    minReadySeconds: _ready,
    ...rest
  } = spec;
  return rest;
};

export const validateStatefulSetUpdate = (statefulSet: StatefulSet, old: StatefulSet): FieldError[] => [
  ...validateStatefulSet(statefulSet),
  ...(jsonEquals(frozenStateful(statefulSet), frozenStateful(old)) ? [] : [forbidden('spec', STATEFUL_FROZEN)]),
];

export const validateReplicationController = ({ spec }: ReplicationController): FieldError[] => {
  const selector = spec.selector ?? {};
  const errors = [
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...(Object.keys(selector).length === 0 ? [required('spec.selector')] : []),
    ...validateTemplate(spec.template, 'ReplicationController'),
  ];
  if (spec.template !== undefined && !matchesLabels(selectorFromLabels(selector), labelsOf(spec.template))) {
    errors.push(invalid('spec.template.metadata.labels', labelsOf(spec.template), MISMATCH));
  }
  return errors;
};

export const validateRevision = ({ data, revision }: ControllerRevision): FieldError[] => [
  ...(data === undefined ? [required('data', 'data is mandatory')] : []),
  ...nonNegative('revision', revision),
];

export const validateRevisionUpdate = (
  controllerRevision: ControllerRevision,
  old: ControllerRevision,
): FieldError[] => [...validateRevision(controllerRevision), ...immutable('data', controllerRevision.data, old.data)];
