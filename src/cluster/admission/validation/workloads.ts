import { isRecord } from '../../../objects/json.js';
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet } from '../../../objects/kinds/apps-v1.js';
import type { PodTemplate, PodTemplateSpec, ReplicationController } from '../../../objects/kinds/core-v1.js';
import { labelsOf } from '../../../objects/labels.js';
import {
  matchesLabels,
  selectorFromLabels,
  selectorFromObject,
  type LabelSelectorObject,
} from '../../../objects/selectors/label-selector.js';
import { child, forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.js';
import { internal, shownSelector } from './go-values.js';
import { isEmptySelector, validateLabelSelector } from './labels.js';
import { rulesOfTemplate } from './pod-ratchet.js';
import { OF_TEMPLATE, type PodRules } from './pod-rules.js';
import { validatePodTemplate } from './pod-spec.js';
import { atMostWhole, immutable, intOrPercent, nonNegative } from './rules.js';

export const MISMATCH = '`selector` does not match template `labels`';

/** Says that the labels of the template are not what the selector asks for. */
export const labelMismatch = (template: PodTemplateSpec | undefined): FieldError =>
  invalid('spec.template.metadata.labels', template?.metadata?.labels ?? null, MISMATCH);

const selects = (selector: LabelSelectorObject | undefined, template: PodTemplateSpec | undefined): boolean =>
  selector !== undefined && matchesLabels(selectorFromObject(selector), labelsOf(template ?? {}));

/** The selector must be there, not be empty, be readable, and select the pods of the template. */
export const validateSelector = (
  selector: LabelSelectorObject | undefined,
  template: PodTemplateSpec | undefined,
  kind: string,
  unreadable = 'invalid label selector',
): { readonly errors: FieldError[]; readonly isReadable: boolean } => {
  // A selector that is not there selects nothing, not even the template.
  if (selector === undefined) return { errors: [required('spec.selector'), labelMismatch(template)], isReadable: true };
  const errors = validateLabelSelector('spec.selector', selector);
  if (isEmptySelector(selector)) {
    errors.push(invalid('spec.selector', selector, `empty selector is invalid for ${kind}`));
    return { errors, isReadable: true };
  }
  if (errors.length > 0) {
    errors.push(invalid('spec.selector', shownSelector(selector), unreadable));
    return { errors, isReadable: false };
  }
  if (!selects(selector, template)) errors.push(labelMismatch(template));
  return { errors, isReadable: true };
};

/** A DaemonSet says less about its selector, and checks its template in any case. */
const validateDaemonSelector = ({ selector, template }: DaemonSet['spec']): FieldError[] => {
  const errors = validateLabelSelector('spec.selector', selector);
  if (selector !== undefined && isEmptySelector(selector)) {
    return [...errors, invalid('spec.selector', selector, 'empty selector is invalid for daemonset')];
  }
  return errors.length === 0 && !selects(selector, template) ? [labelMismatch(template)] : errors;
};

const validateTemplate = (
  template: PodTemplateSpec | undefined,
  kind: string,
  rules: PodRules = OF_TEMPLATE,
): FieldError[] => {
  const errors = validatePodTemplate(template, 'spec.template', ['Always'], rules);
  if (template?.spec?.activeDeadlineSeconds !== undefined) {
    errors.push(
      forbidden('spec.template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${kind} is not Supported`),
    );
  }
  return errors;
};

/** True for 0, `0%`, absence and what is no number: half of what makes a rolling update that cannot move. */
export const isZero = (value: number | string = 0): boolean =>
  typeof value === 'number' ? value === 0 : !/^[+-]?0*[1-9]\d*$|^0*[1-9]\d*%$/.test(value);

const validateStrategy = (strategy: NonNullable<Deployment['spec']['strategy']>): FieldError[] => {
  const field = 'spec.strategy';
  const { rollingUpdate } = strategy;
  const path = child(field, 'rollingUpdate');
  if (strategy.type === 'Recreate') {
    return rollingUpdate === undefined
      ? []
      : [forbidden(path, "may not be specified when strategy `type` is 'Recreate'")];
  }
  if (strategy.type !== 'RollingUpdate') {
    return [notSupported(field, internal('apps/v1.DeploymentStrategy', strategy), ['Recreate', 'RollingUpdate'])];
  }
  if (rollingUpdate === undefined) return [required(path, 'this should be defaulted and never be nil')];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  return [
    ...intOrPercent(child(path, 'maxUnavailable'), maxUnavailable),
    ...intOrPercent(child(path, 'maxSurge'), maxSurge),
    ...(isZero(maxUnavailable) && isZero(maxSurge)
      ? [invalid(child(path, 'maxUnavailable'), maxUnavailable, 'may not be 0 when `maxSurge` is 0')]
      : []),
    ...atMostWhole(child(path, 'maxUnavailable'), maxUnavailable),
  ];
};

const validateSelectedTemplate = (
  spec: { selector?: LabelSelectorObject; template?: PodTemplateSpec },
  rules: PodRules | undefined,
) => {
  const { errors, isReadable } = validateSelector(spec.selector, spec.template, 'deployment');
  return isReadable ? [...errors, ...validateTemplate(spec.template, 'ReplicaSet', rules)] : errors;
};

export const validateDeployment = ({ spec }: Deployment, rules?: PodRules): FieldError[] => {
  const errors = [
    ...nonNegative('spec.replicas', spec.replicas),
    ...validateSelectedTemplate(spec, rules),
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
  ...validateDeployment(deployment, rulesOfTemplate(old.spec.template)),
  ...immutable('spec.selector', shownSelector(deployment.spec.selector), shownSelector(old.spec.selector)),
];

export const validateReplicaSet = ({ spec }: ReplicaSet, rules?: PodRules): FieldError[] => [
  ...nonNegative('spec.replicas', spec.replicas),
  ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
  ...validateSelectedTemplate(spec, rules),
];

export const validateReplicaSetUpdate = (replicaSet: ReplicaSet, old: ReplicaSet): FieldError[] => [
  ...validateReplicaSet(replicaSet, rulesOfTemplate(old.spec.template)),
  ...immutable('spec.selector', shownSelector(replicaSet.spec.selector), shownSelector(old.spec.selector)),
];

const validateDaemonStrategy = (strategy: NonNullable<DaemonSet['spec']['updateStrategy']>): FieldError[] => {
  const field = 'spec.updateStrategy';
  if (strategy.type === 'OnDelete') return [];
  if (strategy.type !== 'RollingUpdate') {
    return [notSupported(field, internal('apps/v1.DaemonSetUpdateStrategy', strategy), ['RollingUpdate', 'OnDelete'])];
  }
  const path = child(field, 'rollingUpdate');
  if (strategy.rollingUpdate === undefined) return [required(path)];
  const { maxUnavailable, maxSurge } = strategy.rollingUpdate;
  const errors = [
    ...intOrPercent(child(path, 'maxUnavailable'), maxUnavailable),
    ...intOrPercent(child(path, 'maxSurge'), maxSurge),
    ...atMostWhole(child(path, 'maxUnavailable'), maxUnavailable),
    ...atMostWhole(child(path, 'maxSurge'), maxSurge),
  ];
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    errors.push(required(child(path, 'maxUnavailable'), 'cannot be 0 when maxSurge is 0'));
  } else if (!isZero(maxUnavailable) && !isZero(maxSurge)) {
    errors.push(invalid(child(path, 'maxSurge'), maxSurge, 'may not be set when maxUnavailable is non-zero'));
  }
  return errors;
};

export const validateDaemonSet = ({ spec }: DaemonSet, rules?: PodRules): FieldError[] => [
  ...validateDaemonSelector(spec),
  ...validateTemplate(spec.template, 'DaemonSet', rules),
  ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
  ...validateDaemonStrategy(spec.updateStrategy ?? {}),
  ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
];

export const validateDaemonSetUpdate = (daemonSet: DaemonSet, old: DaemonSet): FieldError[] => [
  ...immutable('spec.selector', shownSelector(daemonSet.spec.selector), shownSelector(old.spec.selector)),
  ...validateDaemonSet(daemonSet, rulesOfTemplate(old.spec.template)),
];

export const validateReplicationController = ({ spec }: ReplicationController, rules?: PodRules): FieldError[] => {
  const selector = spec.selector ?? {};
  const errors = [
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...(Object.keys(selector).length === 0 ? [required('spec.selector')] : []),
    ...validateTemplate(spec.template, 'ReplicationController', rules),
  ];
  if (spec.template !== undefined && !matchesLabels(selectorFromLabels(selector), labelsOf(spec.template))) {
    errors.push(invalid('spec.template.metadata.labels', labelsOf(spec.template), MISMATCH));
  }
  return errors;
};

export const validateReplicationControllerUpdate = (
  controller: ReplicationController,
  old: ReplicationController,
): FieldError[] => validateReplicationController(controller, rulesOfTemplate(old.spec.template));

export const validatePodTemplateObject = ({ template }: PodTemplate): FieldError[] =>
  validatePodTemplate(template, 'template');

export const validatePodTemplateUpdate = ({ template }: PodTemplate, old: PodTemplate): FieldError[] =>
  validatePodTemplate(template, 'template', undefined, rulesOfTemplate(old.template));

const validateRevisionNumber = ({ revision }: ControllerRevision): FieldError[] => nonNegative('revision', revision);

export const validateRevision = (controllerRevision: ControllerRevision): FieldError[] => {
  const { data } = controllerRevision as { readonly data?: unknown };
  const errors = validateRevisionNumber(controllerRevision);
  if (data === undefined || data === null) return [...errors, required('data', 'data is mandatory')];
  return isRecord(data) ? errors : [...errors, required('data', 'data must be a valid JSON object')];
};

export const validateRevisionUpdate = (
  controllerRevision: ControllerRevision,
  old: ControllerRevision,
): FieldError[] => [
  ...validateRevisionNumber(controllerRevision),
  ...immutable('data', controllerRevision.data, old.data),
];
