import { jsonEquals } from '../../../objects/json.js';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../../objects/kinds/core-v1.js';
import { dns1123Subdomain, qualifiedName } from '../../../objects/names.js';
import { compareQuantities, tryParseQuantity, type Quantity } from '../../../objects/quantity.js';
import { forbidden, invalidEach, keyed, notSupported, required, type FieldError } from '../field-errors.js';
import { validateClaimSpec, type ClaimRules } from './claims.js';
import { validateLabelSelector } from './labels.js';
import { structDiff } from './pod-spec-diff.js';
import { basicAmount } from './quantities.js';
import { immutable } from './rules.js';

export const validateClaim = ({ spec }: PersistentVolumeClaim): FieldError[] => validateClaimSpec('spec', spec);

const CLASS = 'volume.beta.kubernetes.io/storage-class';
const annotated = ({ metadata }: PersistentVolumeClaim): string | undefined => metadata.annotations?.[CLASS];

/** What the claim was stored with is not held against it. */
const rulesOf = ({ spec }: PersistentVolumeClaim): ClaimRules => ({
  allowInvalidSelectorValues: validateLabelSelector('', spec.selector).length > 0,
  allowAnyApiGroup: [spec.dataSource?.apiGroup, spec.dataSourceRef?.apiGroup].some(
    (group = '') => group !== '' && dns1123Subdomain(group).length > 0,
  ),
});

/** Whether a class that only the annotation named, or none, is now named by the spec. */
const mayNameClass = (claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean =>
  claim.spec.storageClassName !== undefined &&
  old.spec.storageClassName === undefined &&
  (annotated(old) === undefined || annotated(old) === claim.spec.storageClassName);

const isUpgraded = (claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean =>
  annotated(old) !== undefined &&
  mayNameClass(claim, old) &&
  (annotated(claim) === undefined || annotated(claim) === annotated(old));

type Draft = { -readonly [Name in keyof PersistentVolumeClaimSpec]: PersistentVolumeClaimSpec[Name] };

const assign = <Name extends keyof Draft>(draft: Draft, name: Name, value: Draft[Name] | undefined): void => {
  if (value === undefined) delete draft[name];
  else draft[name] = value as Draft[Name];
};

/** The two specs as they are compared: without what may change. */
const compared = (claim: PersistentVolumeClaim, old: PersistentVolumeClaim): readonly [before: Draft, now: Draft] => {
  const [before, now]: [Draft, Draft] = [{ ...old.spec }, { ...claim.spec }];
  if ((old.spec.volumeName ?? '') === '') assign(before, 'volumeName', now.volumeName);
  if (isUpgraded(claim, old)) assign(now, 'storageClassName', undefined);
  else if (mayNameClass(claim, old)) assign(now, 'storageClassName', before.storageClassName);
  if (claim.status?.phase !== 'Bound') return [before, now];
  const storage = before.resources?.requests?.['storage'] ?? '0';
  if (now.resources?.requests !== undefined) {
    now.resources = { ...now.resources, requests: { ...now.resources.requests, storage } };
  }
  assign(now, 'volumeAttributesClassName', before.volumeAttributesClassName);
  return [before, now];
};

const ZERO: Quantity = { nanos: 0n, format: 'DecimalSI' };
const size = (value: string | number | undefined): Quantity =>
  value === undefined ? ZERO : (tryParseQuantity(value) ?? ZERO);

const CLAIM_FROZEN =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

const validateAttributes = ({ spec }: PersistentVolumeClaim, { status }: PersistentVolumeClaim): FieldError[] => {
  if (status?.currentVolumeAttributesClassName === undefined) return [];
  const name = spec.volumeAttributesClassName;
  if (name !== undefined && name !== '') return [];
  const what = name === undefined ? 'nil' : 'empty string';
  const detail = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [forbidden('spec.volumeAttributesClassName', detail)];
};

export const validateClaimUpdate = (claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] => {
  const errors = validateClaimSpec('spec', claim.spec, rulesOf(old));
  if (!isUpgraded(claim, old) && annotated(claim) !== annotated(old)) {
    errors.push(...immutable(`metadata.annotations[${CLASS}]`, annotated(claim) ?? '', annotated(old) ?? ''));
  }
  const [before, now] = compared(claim, old);
  if (!jsonEquals(before, now)) {
    const diff = structDiff('core/v1.PersistentVolumeClaimSpec', before, now);
    errors.push(forbidden('spec', `${CLAIM_FROZEN}\n${diff}`));
  }
  const asked = size(claim.spec.resources?.requests?.['storage']);
  const isSmaller = compareQuantities(asked, size(old.spec.resources?.requests?.['storage'])) < 0;
  if (isSmaller && compareQuantities(asked, size(old.status?.capacity?.['storage'])) <= 0) {
    const detail = 'field can not be less than status.capacity';
    errors.push(forbidden('spec.resources.requests.storage', detail));
  }
  errors.push(...immutable('volumeMode', claim.spec.volumeMode, old.spec.volumeMode));
  return claim.spec.volumeAttributesClassName === old.spec.volumeAttributesClassName
    ? errors
    : [...errors, ...validateAttributes(claim, old)];
};

const RESIZES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].sort();

const resourceKey = (field: string, name: string): FieldError[] => {
  const errors = invalidEach(field, name, qualifiedName(name));
  const isNative = !name.includes('/') || name.includes('kubernetes.io/');
  return errors.length > 0 || !isNative || name === 'storage' ? errors : [notSupported(field, name, ['storage'])];
};

export const validateClaimStatus = ({ spec, status }: PersistentVolumeClaim): FieldError[] => {
  const errors = (spec.accessModes ?? []).length === 0 ? [required('Spec.accessModes')] : [];
  for (const [name, value] of Object.entries(status?.capacity ?? {})) {
    errors.push(...basicAmount(keyed('status.capacity', name), value));
  }
  for (const [name, state] of Object.entries(status?.allocatedResourceStatuses ?? {})) {
    const field = 'status.allocatedResourceStatuses';
    errors.push(...resourceKey(field, name));
    if (!RESIZES.includes(state)) errors.push(notSupported(field, name, RESIZES));
  }
  for (const [name, value] of Object.entries(status?.allocatedResources ?? {})) {
    const path = keyed('status.allocatedResources', name);
    const wrong = [...resourceKey('status.allocatedResources', name)];
    if (wrong.length === 0) wrong.push(...basicAmount(path, value));
    errors.push(...wrong);
  }
  return errors;
};
