import { jsonEquals } from '../../../objects/json.js';
import type { StatefulSet } from '../../../objects/kinds/apps-v1.js';
import type { PodTemplateSpec, Volume } from '../../../objects/kinds/core-v1.js';
import { dns1123Label } from '../../../objects/names.js';
import { child, forbidden, invalid, notSupported, required, type FieldError } from '../field-errors.js';
import { internal } from './go-values.js';
import { validateAnnotations, validateLabels } from './labels.js';
import { validatePodTemplate } from './pod-spec.js';
import { atMostWhole, each, intOrPercent, nonNegative, optionalText } from './rules.js';
import { validateClaimSpec } from './claims.js';
import { isZero, validateSelector } from './workloads.js';

type Spec = StatefulSet['spec'];

/** The template as its pods will have it: with the volumes of the claim templates. */
const podTemplateOf = ({ template, volumeClaimTemplates = [] }: Spec): PodTemplateSpec | undefined => {
  if (template?.spec === undefined) return template;
  const { subdomain: _subdomain, hostname: _hostname, ...spec } = template.spec;
  if (volumeClaimTemplates.length === 0) return { ...template, spec };
  const claimed = new Map<string, Volume>();
  for (const { metadata } of volumeClaimTemplates) {
    const name = metadata?.name ?? '';
    claimed.set(name, { name, persistentVolumeClaim: { claimName: name } });
  }
  const others = (spec.volumes ?? []).filter(({ name }) => !claimed.has(name));
  return { ...template, spec: { ...spec, volumes: [...claimed.values(), ...others] } };
};

const validateTemplate = (spec: Spec, isChecked: boolean): FieldError[] => {
  const { metadata } = spec.template ?? {};
  return [
    ...(isChecked ? validatePodTemplate(podTemplateOf(spec), 'spec.template') : []),
    ...validateLabels('spec.template.labels', metadata?.labels),
    ...validateAnnotations('spec.template.annotations', metadata?.annotations),
  ];
};

const validateRollingUpdate = (rolling: NonNullable<Spec['updateStrategy']>['rollingUpdate']): FieldError[] => {
  const path = 'spec.updateStrategy.rollingUpdate';
  const limit = rolling?.maxUnavailable;
  const errors = nonNegative(child(path, 'partition'), rolling?.partition);
  if (limit === undefined) return errors;
  return [
    ...errors,
    ...intOrPercent(child(path, 'maxUnavailable'), limit),
    ...(isZero(limit) ? [invalid(child(path, 'maxUnavailable'), limit, 'cannot be 0')] : []),
    ...atMostWhole(child(path, 'maxUnavailable'), limit),
  ];
};

const validateStrategy = (strategy: NonNullable<Spec['updateStrategy']>): FieldError[] => {
  const field = 'spec.updateStrategy';
  const { type = '', rollingUpdate } = strategy;
  if (type === '') return [required(field)];
  if (type === 'RollingUpdate') return validateRollingUpdate(rollingUpdate);
  if (type !== 'OnDelete') {
    const shown = internal('apps/v1.StatefulSetUpdateStrategy', strategy);
    return [invalid(field, shown, "must be 'RollingUpdate' or 'OnDelete'")];
  }
  if (rollingUpdate === undefined) return [];
  const shown = internal('apps/v1.RollingUpdateStatefulSetStrategy', rollingUpdate);
  return [invalid(child(field, 'rollingUpdate'), shown, "only allowed for updateStrategy 'RollingUpdate'")];
};

const validateManagement = (policy = ''): FieldError[] => {
  const field = 'spec.podManagementPolicy';
  if (policy === '') return [required(field)];
  return policy === 'OrderedReady' || policy === 'Parallel'
    ? []
    : [invalid(field, policy, "must be 'OrderedReady' or 'Parallel'")];
};

const validateRetention = (policy: Spec['persistentVolumeClaimRetentionPolicy']): FieldError[] =>
  policy === undefined
    ? []
    : (['whenDeleted', 'whenScaled'] as const).flatMap((when) => {
        const value = policy[when] ?? '';
        return value === 'Retain' || value === 'Delete'
          ? []
          : [notSupported(`spec.persistentVolumeClaimRetentionPolicy.${when}`, value, ['Retain', 'Delete'])];
      });

/** What stays as it was made is not looked at again when the rest changes. */
interface Checks {
  readonly isNew: boolean;
  readonly isTemplateChecked: boolean;
}

const validateSpec = (spec: Spec, { isNew, isTemplateChecked }: Checks): FieldError[] => {
  const selector = validateSelector(spec.selector, spec.template, 'statefulset', '');
  const { restartPolicy = '', activeDeadlineSeconds } = spec.template?.spec ?? {};
  return [
    ...validateManagement(spec.podManagementPolicy),
    ...validateStrategy(spec.updateStrategy ?? {}),
    ...validateRetention(spec.persistentVolumeClaimRetentionPolicy),
    ...(isNew
      ? each('spec.volumeClaimTemplates', spec.volumeClaimTemplates, (claim, path) =>
          validateClaimSpec(child(path, 'spec'), claim.spec),
        )
      : []),
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.ordinals.start', spec.ordinals?.start),
    ...(isNew ? optionalText('spec.serviceName', spec.serviceName, dns1123Label) : []),
    ...selector.errors,
    ...(selector.isReadable ? validateTemplate(spec, isTemplateChecked) : []),
    ...(restartPolicy === 'Always'
      ? []
      : [notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always'])]),
    ...(activeDeadlineSeconds === undefined
      ? []
      : [
          forbidden(
            'spec.template.spec.activeDeadlineSeconds',
            'activeDeadlineSeconds in StatefulSet is not Supported',
          ),
        ]),
  ];
};

export const validateStatefulSet = ({ spec }: StatefulSet): FieldError[] =>
  validateSpec(spec, { isNew: true, isTemplateChecked: true });

const STATEFUL_FROZEN =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

const frozen = ({ spec }: StatefulSet): unknown => {
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

export const validateStatefulSetUpdate = (statefulSet: StatefulSet, old: StatefulSet): FieldError[] => {
  const wasGood = validateSpec(old.spec, { isNew: false, isTemplateChecked: true }).length === 0;
  return [
    ...validateSpec(statefulSet.spec, { isNew: false, isTemplateChecked: wasGood }),
    ...(jsonEquals(frozen(statefulSet), frozen(old)) ? [] : [forbidden('spec', STATEFUL_FROZEN)]),
  ];
};
