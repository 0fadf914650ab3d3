import { writeJson } from '../../../objects/lossless-json.js';
import { jsonEquals } from '../../../objects/json.js';
import type { PersistentVolume, PersistentVolumeClaim } from '../../../objects/kinds/core-v1.js';
import { compareQuantities, tryParseQuantity } from '../../../objects/quantity.js';
import { forbidden, required, type FieldError } from '../field-errors.js';
import { hasModes, knownModes, validateClaimSpec } from './claims.js';
import { validateResourceList } from './quantities.js';
import { immutable, oneOf } from './rules.js';

export const validateClaim = ({ spec }: PersistentVolumeClaim): FieldError[] => validateClaimSpec('spec', spec);

const CLAIM_FROZEN =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

export const validateClaimUpdate = (claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] => {
  const errors = validateClaim(claim);
  const frozen = ({ spec }: PersistentVolumeClaim): unknown => {
    const { resources: _r, volumeAttributesClassName: _v, ...rest } = spec;
    // Binding fills these in once.
    const volumeName = old.spec.volumeName === undefined ? undefined : rest.volumeName;
    const storageClassName = old.spec.storageClassName === undefined ? undefined : rest.storageClassName;
    return { ...rest, volumeName, storageClassName };
  };
  if (!jsonEquals(frozen(claim), frozen(old))) errors.push(forbidden('spec', CLAIM_FROZEN));
  const [now, before] = [claim, old].map(({ spec }) => tryParseQuantity(spec.resources?.requests?.['storage'] ?? ''));
  if (now !== undefined && before !== undefined && compareQuantities(now, before) < 0) {
    errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  }
  return errors;
};

const VOLUME_SOURCES = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'csi',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'glusterfs',
  'hostPath',
  'iscsi',
  'local',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
] as const;

export const validateVolume = ({ spec }: PersistentVolume): FieldError[] => {
  const errors = [
    ...hasModes('spec.accessModes', spec.accessModes),
    ...knownModes('spec.accessModes', spec.accessModes),
  ];
  const storage = spec.capacity?.['storage'];
  if (Object.keys(spec.capacity ?? {}).length === 0) errors.push(required('spec.capacity'));
  else if (storage === undefined || Object.keys(spec.capacity ?? {}).length > 1) {
    errors.push({
      reason: 'FieldValueNotSupported',
      field: 'spec.capacity',
      message: `Unsupported value: ${writeJson(spec.capacity)}: supported values: "storage"`,
    });
  }
  errors.push(...validateResourceList('spec.capacity', spec.capacity));
  const sources = VOLUME_SOURCES.filter((name) => spec[name] !== undefined);
  if (sources.length === 0) errors.push(required('spec', 'must specify a volume type'));
  for (const name of sources.slice(1))
    errors.push(forbidden(`spec.${name}`, 'may not specify more than 1 volume type'));
  if (spec.local !== undefined && spec.nodeAffinity === undefined) {
    errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  }
  return [
    ...errors,
    ...oneOf('spec.persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, ['Delete', 'Recycle', 'Retain']),
    ...oneOf('spec.volumeMode', spec.volumeMode, ['Block', 'Filesystem']),
  ];
};

const sourceOf = ({ spec }: PersistentVolume): unknown =>
  Object.fromEntries(VOLUME_SOURCES.filter((name) => spec[name] !== undefined).map((name) => [name, spec[name]]));

export const validateVolumeUpdate = (volume: PersistentVolume, old: PersistentVolume): FieldError[] => {
  const errors = validateVolume(volume);
  if (!jsonEquals(sourceOf(volume), sourceOf(old))) {
    errors.push(forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'));
  }
  return [...errors, ...immutable('spec.volumeMode', volume.spec.volumeMode, old.spec.volumeMode)];
};
