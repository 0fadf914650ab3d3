import type { Volume } from '../../../objects/kinds/core-v1.js';
import { dns1123Label, dns1123Subdomain, outOfRange } from '../../../objects/names.js';
import { child, forbidden, invalid, invalidEach, keyed, required, type FieldError } from '../field-errors.js';
import { tryParseQuantity } from '../../../objects/quantity.js';
import { descending, fileMode, withoutParent } from './paths.js';
import { validateDownwardFile, validateKeyToPath, validateProjected } from './projected-volumes.js';
import type { PodRules } from './pod-rules.js';
import { each, oneOf, requiredOneOf } from './rules.js';

/** A Required for each of these fields that is empty. */
export const needed = (field: string, source: object, ...names: readonly string[]): FieldError[] =>
  names
    .filter((name) => isEmpty((source as Record<string, unknown>)[name]))
    .map((name) => required(child(field, name)));

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

/** A reference to a Secret, if there is one, names it. */
export const namedSecret = (field: string, secret: { readonly name?: string } | undefined): FieldError[] =>
  secret === undefined ? [] : needed(child(field, 'secretRef'), secret, 'name');

const MAX_BYTE = 255;
const inByte = (field: string, value: number | undefined, detail: string): FieldError[] =>
  value !== undefined && (value < 0 || value > MAX_BYTE) ? [invalid(field, value, detail)] : [];

const partition = (field: string, value: number | undefined): FieldError[] =>
  inByte(child(field, 'partition'), value, outOfRange(1, MAX_BYTE));

const INITIATOR = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};

const initiator = (field: string, name: string, starting: string): FieldError[] => {
  const form = Object.entries(INITIATOR).find(([prefix]) => name.startsWith(prefix));
  if (form === undefined) return [invalid(field, name, starting)];
  return form[1].test(name) ? [] : [invalid(field, name, 'must be valid format')];
};

type Iscsi = NonNullable<Volume['iscsi']>;

/** `starting` is what is said of a name of an unknown form. */
export const validateIscsi = (field: string, source: Iscsi, starting: string): FieldError[] => [
  ...needed(field, source, 'iqn'),
  ...((source.iqn ?? '') === '' ? [] : initiator(child(field, 'iqn'), source.iqn, starting)),
  ...inByte(child(field, 'lun'), source.lun, outOfRange(0, MAX_BYTE)),
  ...((source.chapAuthDiscovery === true || source.chapAuthSession === true) && source.secretRef === undefined
    ? [required(child(field, 'secretRef'))]
    : []),
];

export const validateInitiatorName = (field: string, name: string | undefined, starting: string): FieldError[] =>
  name === undefined ? [] : initiator(child(field, 'initiatorname'), name, starting);

export const INITIATOR_FORMS = 'must be valid format starting with iqn, eui, or naa';

export const isLongPortal = (name: string, { initiatorName, targetPortal = '' }: Iscsi): boolean =>
  initiatorName !== undefined && Buffer.byteLength(`${name}:${targetPortal}`) > 64;

export const LONG_PORTAL =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';

const PAIRS = 'must be a host:port pair or multiple pairs separated by commas';
const isHostAndPort = (pair: string): boolean => /^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(pair);
const MAX_DRIVER = 63;

/** The name of a CSI driver. */
export const driverName = (field: string, name = ''): FieldError[] => {
  if (name === '') return [required(field)];
  const errors = invalidEach(field, name, dns1123Subdomain(name.toLowerCase()));
  const long: FieldError = { reason: 'FieldValueTooLong', field, message: 'Too long: may not be more than 63 bytes' };
  return Buffer.byteLength(name) > MAX_DRIVER ? [long, ...errors] : errors;
};

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
const MANAGED_DISKS = [
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}',
];
const BLOB_DISKS = ['https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'];

type Rule<Name extends keyof Volume> = (
  source: NonNullable<Volume[Name]>,
  field: string,
  rules: PodRules,
) => readonly FieldError[];

const fromKeys = (
  field: string,
  { defaultMode, items }: Pick<NonNullable<Volume['configMap']>, 'defaultMode' | 'items'>,
): FieldError[] => [
  ...fileMode(child(field, 'defaultMode'), defaultMode),
  ...each(child(field, 'items'), items, (entry, path) => validateKeyToPath(path, entry)),
];

/** The rules of each source, in the order in which a volume with several is looked at. */
export const SOURCES: { readonly [Name in Exclude<keyof Volume, 'name' | 'iscsi' | 'ephemeral'>]?: Rule<Name> } = {
  emptyDir: ({ sizeLimit }, field) =>
    sizeLimit !== undefined && (tryParseQuantity(sizeLimit)?.nanos ?? 0n) < 0n
      ? [forbidden(child(field, 'sizeLimit'), 'SizeLimit field must be a valid resource quantity')]
      : [],
  hostPath: ({ path = '', type }, field) =>
    path === ''
      ? [required(child(field, 'path'))]
      : [...withoutParent(child(field, 'path'), path), ...oneOf(child(field, 'type'), type, HOST_PATH_TYPES)],
  gitRepo: (source, field) => [
    ...needed(field, source, 'repository'),
    ...descending(child(field, 'directory'), source.directory),
  ],
  gcePersistentDisk: (source, field) => {
    // The server reports this one under another name.
    const path = field.replace(/gcePersistentDisk$/, 'persistentDisk');
    return [...needed(path, source, 'pdName'), ...partition(path, source.partition)];
  },
  awsElasticBlockStore: (source, field) => [
    ...needed(field, source, 'volumeID'),
    ...partition(field, source.partition),
  ],
  secret: (source, field) => [...needed(field, source, 'secretName'), ...fromKeys(field, source)],
  nfs: (source, field) => [
    ...needed(field, source, 'server', 'path'),
    ...((source.path ?? '').startsWith('/')
      ? []
      : [invalid(child(field, 'path'), source.path ?? '', 'must be an absolute path')]),
  ],
  glusterfs: (source, field) => needed(field, source, 'endpoints', 'path'),
  flocker: ({ datasetName = '', datasetUUID = '' }, field) => [
    ...(datasetName === '' && datasetUUID === ''
      ? [required(field, 'one of datasetName and datasetUUID is required')]
      : []),
    ...(datasetName !== '' && datasetUUID !== ''
      ? [invalid(field, 'resource', 'datasetName and datasetUUID can not be specified simultaneously')]
      : []),
    ...(datasetName.includes('/') ? [invalid(child(field, 'datasetName'), datasetName, "must not contain '/'")] : []),
  ],
  persistentVolumeClaim: (source, field) => needed(field, source, 'claimName'),
  rbd: (source, field) => needed(field, source, 'monitors', 'image'),
  cinder: (source, field) => [...needed(field, source, 'volumeID'), ...namedSecret(field, source.secretRef)],
  cephfs: (source, field) => needed(field, source, 'monitors'),
  quobyte: (source, field) => {
    const { registry = '', tenant = '' } = source;
    const volume = needed(field, source, 'volume');
    if (registry === '') return [required(child(field, 'registry'), PAIRS), ...volume];
    if (Buffer.byteLength(tenant) >= 65) {
      const detail = 'must be a UUID and may not exceed a length of 64 characters';
      return [required(child(field, 'tenant'), detail), ...volume];
    }
    const wrong = registry.split(',').filter((pair) => !isHostAndPort(pair));
    return [...wrong.map(() => invalid(child(field, 'registry'), registry, PAIRS)), ...volume];
  },
  downwardAPI: ({ defaultMode, items = [] }, field) => [
    ...fileMode(child(field, 'defaultMode'), defaultMode),
    ...items.flatMap((file) => validateDownwardFile(field, file)),
  ],
  fc: ({ targetWWNs = [], wwids = [], lun }, field) => {
    const path = child(field, 'targetWWNs');
    const errors: FieldError[] = [];
    if (targetWWNs.length === 0 && wwids.length === 0) {
      errors.push(required(path, 'must specify either targetWWNs or wwids, but not both'));
    }
    if (targetWWNs.length > 0 && wwids.length > 0) {
      errors.push(invalid(path, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
    }
    if (targetWWNs.length === 0) return errors;
    return lun === undefined
      ? [...errors, required(child(field, 'lun'), 'lun is required if targetWWNs is specified')]
      : [...errors, ...inByte(child(field, 'lun'), lun, outOfRange(0, MAX_BYTE))];
  },
  flexVolume: (source, field) => [
    ...needed(field, source, 'driver'),
    ...Object.keys(source.options ?? {})
      .filter((key) => /\.(kubernetes|k8s)\.io$/i.test(`.${key.split('/')[0] ?? ''}`))
      .map((key) =>
        invalid(keyed(child(field, 'options'), key), key, 'kubernetes.io and k8s.io namespaces are reserved'),
      ),
  ],
  configMap: (source, field) => [...needed(field, source, 'name'), ...fromKeys(field, source)],
  azureFile: (source, field) => needed(field, source, 'secretName', 'shareName'),
  vsphereVolume: (source, field) => needed(field, source, 'volumePath'),
  photonPersistentDisk: (source, field) => needed(field, source, 'pdID'),
  portworxVolume: (source, field) => needed(field, source, 'volumeID'),
  azureDisk: (source, field) => {
    const { kind, diskURI = '' } = source;
    const errors = [
      ...needed(field, source, 'diskName', 'diskURI'),
      ...oneOf(child(field, 'cachingMode'), source.cachingMode, ['None', 'ReadOnly', 'ReadWrite']),
      ...oneOf(child(field, 'kind'), kind, ['Dedicated', 'Managed', 'Shared']),
    ];
    if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/')) {
      errors.push(...oneOf(child(field, 'diskURI'), diskURI, MANAGED_DISKS));
    }
    if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://')) {
      errors.push(...oneOf(child(field, 'diskURI'), diskURI, BLOB_DISKS));
    }
    return errors;
  },
  storageos: (source, field) => validateStorageOs(field, source),
  projected: (source, field, rules) => validateProjected(field, source, rules),
  scaleIO: (source, field) => needed(field, source, 'gateway', 'system', 'volumeName'),
  csi: ({ driver, nodePublishSecretRef: secret }, field) => {
    const errors = driverName(child(field, 'driver'), driver);
    if (secret === undefined) return errors;
    const { name = '' } = secret;
    return name === ''
      ? [...errors, required(child(field, 'nodePublishSecretRef.name'))]
      : [...errors, ...invalidEach(child(field, 'name'), name, dns1123Subdomain(name))];
  },
  image: ({ reference = '', pullPolicy }, field, { isPod }) => [
    ...(isPod && reference === '' ? [required(child(field, 'reference'))] : []),
    ...requiredOneOf(child(field, 'pullPolicy'), pullPolicy, ['Always', 'IfNotPresent', 'Never']),
  ],
};

export const validateStorageOs = (
  field: string,
  source: {
    readonly volumeName?: string;
    readonly volumeNamespace?: string;
    readonly secretRef?: { readonly name?: string };
  },
): FieldError[] => {
  const { volumeName = '', volumeNamespace = '' } = source;
  return [
    ...needed(field, source, 'volumeName'),
    ...(volumeName === '' ? [] : invalidEach(child(field, 'volumeName'), volumeName, dns1123Label(volumeName))),
    ...(volumeNamespace === ''
      ? []
      : invalidEach(child(field, 'volumeNamespace'), volumeNamespace, dns1123Label(volumeNamespace))),
    ...namedSecret(field, source.secretRef),
  ];
};
