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

type SourceRule<Name extends keyof Volume> = (source: NonNullable<Volume[Name]>, field: string) => FieldError[];

/** The rules of each source of volumes; `field` is the path of the source. */
const SOURCES: { readonly [Name in keyof Volume]?: SourceRule<Name> } = {
  hostPath: ({ path, type }, field) => [
    ...requiredText(child(field, 'path'), path),
    ...withoutParent(child(field, 'path'), path),
    ...oneOf(child(field, 'type'), type, HOST_PATH_TYPES),
  ],
  emptyDir: ({ sizeLimit }, field) => {
    const size = sizeLimit === undefined ? undefined : tryParseQuantity(sizeLimit);
    return size !== undefined && size.nanos < 0n
      ? [forbidden(child(field, 'sizeLimit'), 'SizeLimit field must be a valid resource quantity')]
      : [];
  },
  secret: ({ secretName, defaultMode, items }, field) => [
    ...requiredText(child(field, 'secretName'), secretName),
    ...mode(child(field, 'defaultMode'), defaultMode),
    ...keysToPaths(child(field, 'items'), items),
  ],
  configMap: ({ name, defaultMode, items }, field) => [
    ...requiredText(child(field, 'name'), name),
    ...mode(child(field, 'defaultMode'), defaultMode),
    ...keysToPaths(child(field, 'items'), items),
  ],
  nfs: ({ server, path }, field) => [
    ...requiredText(child(field, 'server'), server),
    ...requiredText(child(field, 'path'), path),
    ...(path === '' || path.startsWith('/') ? [] : [invalid(child(field, 'path'), path, 'must be an absolute path')]),
  ],
  persistentVolumeClaim: ({ claimName }, field) => requiredText(child(field, 'claimName'), claimName),
  downwardAPI: ({ defaultMode, items }, field) => [
    ...mode(child(field, 'defaultMode'), defaultMode),
    ...each(child(field, 'items'), items, (item, path) => relative(child(path, 'path'), item.path)),
  ],
  projected: (projected, field) => validateProjected(field, projected),
  csi: ({ driver }, field) => requiredText(child(field, 'driver'), driver),
  ephemeral: ({ volumeClaimTemplate: template }, field) =>
    template === undefined
      ? [required(child(field, 'volumeClaimTemplate'))]
      : validateClaimSpec(child(field, 'volumeClaimTemplate.spec'), template.spec),
};

const validateSource = (field: string, volume: Volume): FieldError[] =>
  (Object.keys(volume) as (keyof Volume)[]).flatMap((name) => {
    const rule = SOURCES[name] as ((source: unknown, field: string) => FieldError[]) | undefined;
    return rule === undefined ? [] : rule(volume[name], child(field, name));
  });

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
