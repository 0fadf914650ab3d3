import type { PersistentVolumeClaimSpec, PersistentVolumeClaimTemplate } from '../../../objects/kinds/core-v1.js';
import { dns1123Label, dns1123Subdomain } from '../../../objects/names.js';
import { formatQuantity, tryParseQuantity } from '../../../objects/quantity.js';
import { child, forbidden, invalid, invalidEach, required, type FieldError } from '../field-errors.js';
import { validateAnnotations, validateLabels, validateLabelSelector } from './labels.js';
import { oneOf, optionalText } from './rules.js';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const OTHER_MODES = new Set(['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce']);

/** What claims were stored with is not held against their updates. */
export interface ClaimRules {
  readonly allowInvalidSelectorValues?: boolean;
  readonly allowAnyApiGroup?: boolean;
}

export const hasModes = (field: string, modes: readonly string[] | undefined): FieldError[] =>
  (modes ?? []).length === 0 ? [required(field, 'at least 1 access mode is required')] : [];

export const knownModes = (field: string, modes: readonly string[] = []): FieldError[] => {
  const errors = modes.flatMap((mode) => oneOf(field, mode, ACCESS_MODES));
  return modes.includes('ReadWriteOncePod') && modes.some((mode) => OTHER_MODES.has(mode))
    ? [...errors, forbidden(field, 'may not use ReadWriteOncePod with other access modes')]
    : errors;
};

interface Source {
  readonly apiGroup?: string | null;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}

const validateSource = (field: string, source: Source, rules: ClaimRules): FieldError[] => {
  const { kind = '', name = '', namespace = '' } = source;
  // It is written even where nothing set it.
  const apiGroup = source.apiGroup ?? '';
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(child(field, 'name')));
  if (kind === '') errors.push(required(child(field, 'kind')));
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim') {
    errors.push(invalid(field, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  if (apiGroup !== '' && rules.allowAnyApiGroup !== true) {
    errors.push(...invalidEach(child(field, 'apiGroup'), apiGroup, dns1123Subdomain(apiGroup)));
  }
  return namespace === ''
    ? errors
    : [...errors, ...invalidEach(child(field, 'namespace'), namespace, dns1123Label(namespace))];
};

const sameSource = (left: Source, right: Source): boolean =>
  (left.apiGroup ?? '') === (right.apiGroup ?? '') &&
  (left.kind ?? '') === (right.kind ?? '') &&
  (left.name ?? '') === (right.name ?? '');

const validateSources = (field: string, spec: PersistentVolumeClaimSpec, rules: ClaimRules): FieldError[] => {
  const { dataSource, dataSourceRef } = spec;
  const errors: FieldError[] = [];
  if (dataSource !== undefined) errors.push(...validateSource(child(field, 'dataSource'), dataSource, rules));
  if (dataSourceRef === undefined) return errors;
  errors.push(...validateSource(child(field, 'dataSourceRef'), dataSourceRef, rules));
  if (dataSource === undefined) return errors;
  // The server shows the path where others show the value, and a path has no fields that JSON would show.
  if ((dataSourceRef.namespace ?? '') !== '') {
    errors.push(invalid(field, {}, 'may not be specified when dataSourceRef.namespace is specified'));
  } else if (!sameSource(dataSource, dataSourceRef)) {
    errors.push(invalid(field, {}, 'must match dataSourceRef'));
  }
  return errors;
};

const validateStorage = (field: string, storage: string | number | undefined): FieldError[] => {
  if (storage === undefined) return [required(field)];
  const quantity = tryParseQuantity(storage);
  if (quantity === undefined || quantity.nanos > 0n) return [];
  return [invalid(field, formatQuantity(quantity), 'must be greater than zero')];
};

export const validateClaimSpec = (
  field: string,
  spec: PersistentVolumeClaimSpec,
  rules: ClaimRules = {},
): FieldError[] => [
  ...hasModes(child(field, 'accessModes'), spec.accessModes),
  ...validateLabelSelector(child(field, 'selector'), spec.selector, rules.allowInvalidSelectorValues),
  ...knownModes(child(field, 'accessModes'), spec.accessModes),
  ...validateStorage(child(field, 'resources[storage]'), spec.resources?.requests?.['storage']),
  ...optionalText(child(field, 'storageClassName'), spec.storageClassName, dns1123Subdomain),
  ...oneOf(child(field, 'volumeMode'), spec.volumeMode, ['Block', 'Filesystem']),
  ...validateSources(field, spec, rules),
  ...optionalText(child(field, 'volumeAttributesClassName'), spec.volumeAttributesClassName, dns1123Subdomain),
];

/** Fields of metadata that a template may not set, in the order of Kubernetes. */
const OWN_METADATA = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'ownerReferences',
  'finalizers',
  'managedFields',
];
const isZero = (value: unknown): boolean => value === undefined || value === null || value === '' || value === 0;

export const validateClaimTemplate = (field: string, template: PersistentVolumeClaimTemplate): FieldError[] => {
  const path = child(field, 'metadata');
  const metadata = (template.metadata ?? {}) as Readonly<Record<string, unknown>>;
  return [
    ...validateAnnotations(child(path, 'annotations'), template.metadata?.annotations),
    ...validateLabels(child(path, 'labels'), template.metadata?.labels),
    ...OWN_METADATA.filter((name) => !isZero(metadata[name])).map((name) =>
      forbidden(child(path, name), 'cannot be set'),
    ),
    ...validateClaimSpec(child(field, 'spec'), template.spec ?? {}),
  ];
};
