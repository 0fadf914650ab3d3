import type { PersistentVolumeClaimSpec, Volume } from '../../../objects/kinds/core-v1.js';
import { dns1123Label, dns1123Subdomain, validConfigMapKey } from '../../../objects/names.js';
import { tryParseQuantity } from '../../../objects/quantity.js';
import { child, forbidden, invalid, required, type FieldError } from '../field-errors.js';
import { validateLabelSelector } from './labels.js';
import { each, oneOf, optionalText, requiredText, unique } from './rules.js';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
const MAX_MODE = 0o777;

const mode = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && (value < 0 || value > MAX_MODE)
    ? [invalid(field, value, 'must be a number between 0 and 0777 (octal), both inclusive')]
    : [];

export const withoutParent = (field: string, path: string | undefined): FieldError[] =>
  path?.split('/').includes('..') === true ? [invalid(field, path, "must not contain '..'")] : [];

const relative = (field: string, path: string | undefined): FieldError[] => {
  if (path === undefined || path === '') return [required(field)];
  if (path.startsWith('/')) return [invalid(field, path, 'must be a relative path')];
  return withoutParent(field, path);
};

interface KeyToPath {
  readonly key: string;
  readonly path: string;
  readonly mode?: number;
}

const keysToPaths = (field: string, items: readonly KeyToPath[] | undefined): FieldError[] =>
  each(field, items, ({ key, path: target, mode: bits }, path) => [
    ...requiredText(child(path, 'key'), key, validConfigMapKey),
    ...relative(child(path, 'path'), target),
    ...mode(child(path, 'mode'), bits),
  ]);

const validateProjected = (field: string, projected: NonNullable<Volume['projected']>): FieldError[] => [
  ...mode(child(field, 'defaultMode'), projected.defaultMode),
  ...each(child(field, 'sources'), projected.sources, (source, path) => {
    if (Object.keys(source).length > 1) return [forbidden(path, 'may not specify more than 1 volume type')];
    const { configMap, secret, serviceAccountToken } = source;
    if (secret !== undefined)
      return [
        ...requiredText(child(path, 'secret.name'), secret.name),
        ...keysToPaths(child(path, 'secret.items'), secret.items),
      ];
    if (configMap !== undefined) {
      return [
        ...requiredText(child(path, 'configMap.name'), configMap.name),
        ...keysToPaths(child(path, 'configMap.items'), configMap.items),
      ];
    }
    if (serviceAccountToken === undefined) return [];
    const token = child(path, 'serviceAccountToken');
    const seconds = serviceAccountToken.expirationSeconds ?? 3600;
    return [
      ...(seconds < 600
        ? [invalid(child(token, 'expirationSeconds'), seconds, 'may not specify a duration less than 10 minutes')]
        : []),
      ...relative(child(token, 'path'), serviceAccountToken.path),
    ];
  }),
];

const validateSource = (field: string, volume: Volume): FieldError[] => {
  const {
    hostPath,
    emptyDir,
    secret,
    configMap,
    nfs,
    persistentVolumeClaim: claim,
    downwardAPI,
    projected,
    ephemeral,
    csi,
  } = volume;
  if (hostPath !== undefined) {
    return [
      ...requiredText(child(field, 'hostPath.path'), hostPath.path),
      ...withoutParent(child(field, 'hostPath.path'), hostPath.path),
      ...oneOf(child(field, 'hostPath.type'), hostPath.type, HOST_PATH_TYPES),
    ];
  }
  if (emptyDir?.sizeLimit !== undefined) {
    const size = tryParseQuantity(emptyDir.sizeLimit);
    return size !== undefined && size.nanos < 0n
      ? [forbidden(child(field, 'emptyDir.sizeLimit'), 'SizeLimit field must be a valid resource quantity')]
      : [];
  }
  if (secret !== undefined) {
    return [
      ...requiredText(child(field, 'secret.secretName'), secret.secretName),
      ...mode(child(field, 'secret.defaultMode'), secret.defaultMode),
      ...keysToPaths(child(field, 'secret.items'), secret.items),
    ];
  }
  if (configMap !== undefined) {
    return [
      ...requiredText(child(field, 'configMap.name'), configMap.name),
      ...mode(child(field, 'configMap.defaultMode'), configMap.defaultMode),
      ...keysToPaths(child(field, 'configMap.items'), configMap.items),
    ];
  }
  if (nfs !== undefined) {
    return [
      ...requiredText(child(field, 'nfs.server'), nfs.server),
      ...requiredText(child(field, 'nfs.path'), nfs.path),
      ...((nfs.path ?? '/').startsWith('/')
        ? []
        : [invalid(child(field, 'nfs.path'), nfs.path, 'must be an absolute path')]),
    ];
  }
  if (claim !== undefined) return requiredText(child(field, 'persistentVolumeClaim.claimName'), claim.claimName);
  if (downwardAPI !== undefined) {
    return [
      ...mode(child(field, 'downwardAPI.defaultMode'), downwardAPI.defaultMode),
      ...each(child(field, 'downwardAPI.items'), downwardAPI.items, (item, path) =>
        relative(child(path, 'path'), item.path),
      ),
    ];
  }
  if (projected !== undefined) return validateProjected(child(field, 'projected'), projected);
  if (csi !== undefined) return requiredText(child(field, 'csi.driver'), csi.driver);
  if (ephemeral !== undefined) {
    const template = ephemeral.volumeClaimTemplate;
    if (template === undefined) return [required(child(field, 'ephemeral.volumeClaimTemplate'))];
    return validateClaimSpec(child(field, 'ephemeral.volumeClaimTemplate.spec'), template.spec);
  }
  return [];
};

export const validateVolumes = (field: string, volumes: readonly Volume[] | undefined): FieldError[] => [
  ...each(field, volumes, (volume, path) => {
    const sources = Object.keys(volume).filter((name) => name !== 'name');
    return [
      ...requiredText(child(path, 'name'), volume.name, dns1123Label),
      ...(sources.length === 0 ? [required(path, 'must specify a volume type')] : []),
      ...sources.slice(1).map((name) => forbidden(child(path, name), 'may not specify more than 1 volume type')),
      ...validateSource(path, volume),
    ];
  }),
  ...unique(field, volumes, ({ name }) => name, 'name'),
];

export const validateAccessModes = (field: string, modes: readonly string[] | undefined): FieldError[] => {
  if ((modes ?? []).length === 0) return [required(field, 'at least 1 access mode is required')];
  const errors = (modes ?? []).flatMap((each_) => oneOf(field, each_, ACCESS_MODES));
  if (modes?.includes('ReadWriteOncePod') === true && modes.length > 1) {
    errors.push(forbidden(field, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
};

export const validateClaimSpec = (field: string, spec: PersistentVolumeClaimSpec): FieldError[] => {
  const errors = [
    ...validateAccessModes(child(field, 'accessModes'), spec.accessModes),
    ...validateLabelSelector(child(field, 'selector'), spec.selector),
  ];
  const storage = spec.resources?.requests?.['storage'];
  const path = child(field, 'resources[storage]');
  const quantity = storage === undefined ? undefined : tryParseQuantity(storage);
  if (storage === undefined) errors.push(required(path));
  else if (quantity === undefined || quantity.nanos <= 0n)
    errors.push(invalid(path, storage, 'must be greater than zero'));
  return [
    ...errors,
    ...optionalText(child(field, 'storageClassName'), spec.storageClassName, dns1123Subdomain),
    ...oneOf(child(field, 'volumeMode'), spec.volumeMode, ['Block', 'Filesystem']),
  ];
};
