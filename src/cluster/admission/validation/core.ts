import { writeJson } from '../../../objects/lossless-json.js';
import { jsonEquals } from '../../../objects/json.js';
import type {
  ConfigMap,
  Endpoints,
  LimitRange,
  LimitRangeItem,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  PodTemplate,
  ResourceQuota,
  Secret,
} from '../../../objects/kinds/core-v1.js';
import { annotationOf } from '../../../objects/labels.js';
import { dns1123Label, qualifiedName, validConfigMapKey } from '../../../objects/names.js';
import { compareQuantities, formatQuantity, tryParseQuantity } from '../../../objects/quantity.js';
import { child, forbidden, invalid, invalidEach, keyed, required, tooLong, type FieldError } from '../field-errors.js';
import { CIDR_MESSAGE, IP_MESSAGE, isCidr, isIpAddress } from './addresses.js';
import { validatePodTemplate } from './pod-spec.js';
import { validateResourceList } from './quantities.js';
import { each, immutable, oneOf, port, requiredOneOf, requiredText, unique } from './rules.js';
import { hasModes, knownModes, validateClaimSpec } from './claims.js';

const DATA_LIMIT = 1024 * 1024;

const sizeOf = (values: readonly string[], encoding: 'utf8' | 'base64'): number =>
  values.reduce((sum, value) => sum + Buffer.byteLength(value, encoding), 0);

export const validateConfigMap = ({ data = {}, binaryData = {} }: ConfigMap): FieldError[] => {
  const errors: FieldError[] = [];
  for (const key of Object.keys(data)) {
    errors.push(...invalidEach(keyed('data', key), key, validConfigMapKey(key)));
    if (Object.hasOwn(binaryData, key)) {
      errors.push(invalid(keyed('data', key), key, 'duplicate of key present in binaryData'));
    }
  }
  for (const key of Object.keys(binaryData))
    errors.push(...invalidEach(keyed('binaryData', key), key, validConfigMapKey(key)));
  const size = sizeOf(Object.values(data), 'utf8') + sizeOf(Object.values(binaryData), 'base64');
  return size > DATA_LIMIT ? [...errors, tooLong('', DATA_LIMIT)] : errors;
};

const FROZEN = 'field is immutable when `immutable` is set';

const frozenUpdate = (
  object: { readonly immutable?: boolean },
  old: { readonly immutable?: boolean },
  names: readonly string[],
): FieldError[] => {
  if (old.immutable !== true) return [];
  const errors = object.immutable === true ? [] : [forbidden('immutable', FROZEN)];
  const [now, before] = [object as Record<string, unknown>, old as Record<string, unknown>];
  for (const name of names) if (!jsonEquals(now[name] ?? {}, before[name] ?? {})) errors.push(forbidden(name, FROZEN));
  return errors;
};

export const validateConfigMapUpdate = (configMap: ConfigMap, old: ConfigMap): FieldError[] => [
  ...frozenUpdate(configMap, old, ['data', 'binaryData']),
  ...validateConfigMap(configMap),
];

const REQUIRED_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

const isJson = (base64: string): boolean => {
  try {
    JSON.parse(Buffer.from(base64, 'base64').toString('utf8'));
    return true;
  } catch {
    return false;
  }
};

export const validateSecret = (secret: Secret): FieldError[] => {
  const { data = {}, type = '' } = secret;
  const errors = Object.keys(data).flatMap((key) => invalidEach(keyed('data', key), key, validConfigMapKey(key)));
  if (sizeOf(Object.values(data), 'base64') > DATA_LIMIT) errors.push(tooLong('data', DATA_LIMIT));
  for (const key of REQUIRED_KEYS[type] ?? []) {
    const value = Object.hasOwn(data, key) ? data[key] : undefined;
    if (value === undefined) errors.push(required(keyed('data', key)));
    else if (key.startsWith('.dockerc') && !isJson(value))
      errors.push(invalid(keyed('data', key), '<secret contents redacted>', 'invalid character in JSON'));
  }
  const account = 'kubernetes.io/service-account.name';
  if (type === 'kubernetes.io/service-account-token' && (annotationOf(secret, account) ?? '') === '') {
    errors.push(required(keyed('metadata.annotations', account)));
  }
  if (type === 'kubernetes.io/basic-auth' && data['username'] === undefined && data['password'] === undefined) {
    errors.push(required(keyed('data', 'username')), required(keyed('data', 'password')));
  }
  return errors;
};

export const validateSecretUpdate = (secret: Secret, old: Secret): FieldError[] => [
  ...immutable('type', secret.type, old.type),
  ...frozenUpdate(secret, old, ['data']),
  ...validateSecret(secret),
];

const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export const validateNode = ({ spec }: Node): FieldError[] => [
  ...each('spec.taints', spec?.taints, (taint, path) => [
    ...invalidEach(child(path, 'key'), taint.key, qualifiedName(taint.key)),
    ...requiredOneOf(child(path, 'effect'), taint.effect, TAINT_EFFECTS),
  ]),
  ...unique('spec.taints', spec?.taints, ({ key, effect }) => `${key}:${effect}`),
  ...each('spec.podCIDRs', spec?.podCIDRs, (range, path) =>
    isCidr(range) ? [] : [invalid(path, range, CIDR_MESSAGE)],
  ),
];

export const validateNodeUpdate = (node: Node, old: Node): FieldError[] => {
  const errors = validateNode(node);
  for (const [name, message] of [
    ['providerID', 'node updates may not change providerID except from "" to valid'],
    ['podCIDR', 'node updates may not change podCIDR except from "" to valid'],
  ] as const) {
    const before = old.spec?.[name] ?? '';
    if (before !== '' && before !== (node.spec?.[name] ?? '')) errors.push(forbidden(`spec.${name}`, message));
  }
  return errors;
};

const validateLimit = (limit: LimitRangeItem, field: string): FieldError[] => {
  const errors = requiredText(child(field, 'type'), limit.type);
  for (const name of ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const) {
    errors.push(...validateResourceList(child(field, name), limit[name]));
  }
  const ordered: readonly [low: keyof LimitRangeItem, high: keyof LimitRangeItem, words: string][] = [
    ['min', 'max', 'min value %s is greater than max value %s'],
    ['min', 'default', 'min value %s is greater than default value %s'],
    ['default', 'max', 'default value %s is greater than max value %s'],
    ['defaultRequest', 'default', 'default request value %s is greater than default limit value %s'],
    ['min', 'defaultRequest', 'min value %s is greater than default request value %s'],
    ['defaultRequest', 'max', 'default request value %s is greater than max value %s'],
  ];
  for (const [low, high, words] of ordered) {
    const [lows, highs] = [limit[low] ?? {}, limit[high] ?? {}] as Record<string, string>[];
    for (const name of Object.keys(lows ?? {})) {
      const [a, b] = [tryParseQuantity(lows?.[name] ?? ''), tryParseQuantity(highs?.[name] ?? '')];
      if (a === undefined || b === undefined || compareQuantities(a, b) <= 0) continue;
      const at = keyed(child(field, low === 'min' ? 'min' : low), name);
      const text = words.replace('%s', formatQuantity(a)).replace('%s', formatQuantity(b));
      errors.push(invalid(at, formatQuantity(low === 'min' ? a : a), text));
    }
  }
  return errors;
};

export const validateLimitRange = ({ spec }: LimitRange): FieldError[] => [
  ...each('spec.limits', spec?.limits, (limit, path) => validateLimit(limit, path)),
  ...unique('spec.limits', spec?.limits, ({ type }) => type, 'type'),
];

const SCOPES = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
  'VolumeAttributesClass',
];

export const validateResourceQuota = ({ spec }: ResourceQuota): FieldError[] => [
  ...Object.entries(spec?.hard ?? {}).flatMap(([name, value]) => {
    const path = keyed('spec.hard', name);
    const quantity = tryParseQuantity(value);
    return [
      ...invalidEach(path, name, qualifiedName(name)),
      ...(quantity !== undefined && quantity.nanos < 0n
        ? [invalid(path, formatQuantity(quantity), 'must be greater than or equal to 0')]
        : []),
    ];
  }),
  ...(spec?.scopes ?? []).flatMap((scope) =>
    SCOPES.includes(scope) ? [] : [invalid('spec.scopes', spec?.scopes, 'unsupported scope')],
  ),
];

export const validateResourceQuotaUpdate = (quota: ResourceQuota, old: ResourceQuota): FieldError[] => [
  ...validateResourceQuota(quota),
  ...(jsonEquals(quota.spec?.scopes ?? [], old.spec?.scopes ?? [])
    ? []
    : immutable('spec.scopes', quota.spec?.scopes, old.spec?.scopes)),
];

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

export const validateEndpoints = ({ subsets }: Endpoints): FieldError[] =>
  each('subsets', subsets, (subset, path) => {
    if ((subset.addresses ?? []).length === 0 && (subset.notReadyAddresses ?? []).length === 0) {
      return [required(path, 'must specify `addresses` or `notReadyAddresses`')];
    }
    return [
      ...each(child(path, 'addresses'), subset.addresses, ({ ip }, at) =>
        isIpAddress(ip) ? [] : [invalid(child(at, 'ip'), ip, IP_MESSAGE)],
      ),
      ...each(child(path, 'ports'), subset.ports, (each_, at) => [
        ...((each_.name ?? '') !== ''
          ? invalidEach(child(at, 'name'), each_.name, dns1123Label(each_.name ?? ''))
          : []),
        ...port(child(at, 'port'), each_.port),
        ...requiredOneOf(child(at, 'protocol'), each_.protocol, ['SCTP', 'TCP', 'UDP']),
      ]),
    ];
  });

export const validatePodTemplateObject = ({ template }: PodTemplate): FieldError[] =>
  validatePodTemplate(template, 'template');
