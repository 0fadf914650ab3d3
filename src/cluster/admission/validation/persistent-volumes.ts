import { posix } from 'node:path';
import { jsonEquals } from '../../../objects/json.js';
import type { PersistentVolume, PersistentVolumeSpec } from '../../../objects/kinds/core-v1.js';
import { dns1123Subdomain } from '../../../objects/names.js';
import { formatQuantity, tryParseQuantity } from '../../../objects/quantity.js';
import { goJson } from '../../../objects/go-json.js';
import { forbidden, invalid, keyed, required, type FieldError } from '../field-errors.js';
import { validateNodeSelector } from './affinity.js';
import { knownModes } from './claims.js';
import { internal, served } from './go-values.js';
import { sourceOf, validatePersistentSource } from './persistent-volume-sources.js';
import { hasInvalidValue } from './pod-ratchet.js';
import { structDiff } from './pod-spec-diff.js';
import { basicAmount } from './quantities.js';
import { immutable, oneOf, optionalText } from './rules.js';

const validateCapacity = (capacity: PersistentVolumeSpec['capacity']): FieldError[] => {
  const field = 'spec.capacity';
  const names = Object.keys(capacity ?? {}).sort();
  const errors: FieldError[] = names.length === 0 ? [required(field)] : [];
  if (names.length !== 1 || names[0] !== 'storage') {
    const shown = goJson(served('core/v1.ResourceList', capacity));
    const message = `Unsupported value: ${shown}: supported values: "storage"`;
    errors.push({ reason: 'FieldValueNotSupported', field, message });
  }
  for (const [name, value] of Object.entries(capacity ?? {})) {
    const quantity = tryParseQuantity(value);
    const path = keyed(field, name);
    errors.push(...basicAmount(path, value));
    if (quantity !== undefined && quantity.nanos <= 0n) {
      errors.push(invalid(path, formatQuantity(quantity), 'must be greater than zero'));
    }
  }
  return errors;
};

const validateAffinity = (affinity: PersistentVolumeSpec['nodeAffinity'], anyValue: boolean): FieldError[] => {
  if (affinity === undefined) return [];
  const path = 'spec.nodeAffinity.required';
  return affinity.required === undefined
    ? [required(path, 'must specify required node constraints')]
    : validateNodeSelector(path, affinity.required, anyValue);
};

const validateAttributes = ({ volumeAttributesClassName: name, csi }: PersistentVolumeSpec): FieldError[] => {
  if (name === undefined) return [];
  const path = 'spec.volumeAttributesClassName';
  return [
    ...(name === '' ? [required(path, 'an empty string is disallowed')] : optionalText(path, name, dns1123Subdomain)),
    ...(csi === undefined ? [required('spec.csi', 'has to be specified when using volumeAttributesClassName')] : []),
  ];
};

/** Sources that are mounted with options of the older form, an annotation. */
const WITH_OPTIONS = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
] as const;
const OPTIONS = 'volume.beta.kubernetes.io/mount-options';

const validateOptions = ({ metadata, spec }: PersistentVolume): FieldError[] =>
  metadata.annotations?.[OPTIONS] === undefined || WITH_OPTIONS.some((name) => spec[name] !== undefined)
    ? []
    : [forbidden(`metadata.annotations.${OPTIONS}`, 'may not specify mount options for this volume type')];

const validateSpec = ({ metadata, spec }: PersistentVolume, anyValue: boolean): FieldError[] => {
  const policy = spec.persistentVolumeReclaimPolicy;
  const isRoot = spec.hostPath !== undefined && posix.resolve('/', spec.hostPath.path ?? '') === '/';
  return [
    ...((spec.accessModes ?? []).length === 0 ? [required('spec.accessModes')] : []),
    ...knownModes('spec.accessModes', spec.accessModes),
    ...validateCapacity(spec.capacity),
    ...oneOf('spec.persistentVolumeReclaimPolicy', policy, ['Delete', 'Recycle', 'Retain']),
    ...validateAffinity(spec.nodeAffinity, anyValue),
    ...validatePersistentSource('spec', spec, metadata.name),
    ...(isRoot && policy === 'Recycle'
      ? [forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'")]
      : []),
    ...optionalText('spec.storageClassName', spec.storageClassName, dns1123Subdomain),
    ...oneOf('spec.volumeMode', spec.volumeMode, ['Block', 'Filesystem']),
    ...validateAttributes(spec),
  ];
};

export const validateVolume = (volume: PersistentVolume): FieldError[] => [
  ...validateSpec(volume, false),
  ...validateOptions(volume),
];

/** The source as it is compared: a secret for growing may be given later. */
const fixedSource = (spec: PersistentVolumeSpec, old: PersistentVolumeSpec): unknown => {
  if (spec.csi?.controllerExpandSecretRef === undefined || old.csi === undefined) return sourceOf(spec);
  if (old.csi.controllerExpandSecretRef !== undefined) return sourceOf(spec);
  const { controllerExpandSecretRef: _given, ...csi } = spec.csi;
  return { ...sourceOf(spec), csi };
};

export const validateVolumeUpdate = (volume: PersistentVolume, old: PersistentVolume): FieldError[] => {
  const anyValue = hasInvalidValue(old.spec.nodeAffinity?.required?.nodeSelectorTerms);
  const spec = validateSpec(volume, anyValue);
  // The server looks at the spec twice.
  const errors = [...spec, ...validateOptions(volume), ...spec];
  const [source, before] = [fixedSource(volume.spec, old.spec), sourceOf(old.spec)];
  if (!jsonEquals(source, before)) {
    const diff = structDiff('core/v1.PersistentVolumeSource', before, source);
    const detail = `spec.persistentvolumesource is immutable after creation\n${diff}`;
    errors.push(forbidden('spec.persistentvolumesource', detail));
  }
  errors.push(...immutable('volumeMode', volume.spec.volumeMode, old.spec.volumeMode));
  const affinity = old.spec.nodeAffinity;
  if (affinity !== undefined && !jsonEquals(volume.spec.nodeAffinity ?? null, affinity)) {
    const detail = 'field is immutable, except for updating from beta label to GA';
    errors.push(invalid('nodeAffinity', internal('core/v1.VolumeNodeAffinity', volume.spec.nodeAffinity), detail));
  }
  if (old.spec.volumeAttributesClassName !== undefined && volume.spec.volumeAttributesClassName === undefined) {
    errors.push(forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'));
  }
  return errors;
};
