import { jsonEquals } from '../../../objects/json.js';
import type { TopologySelectorTerm } from '../../../objects/kinds/core-v1.js';
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../../../objects/kinds/storage-k8s-io-v1.js';
import { dns1123Subdomain, outOfRange, qualifiedName } from '../../../objects/names.js';
import {
  child,
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  item,
  required,
  tooLong,
  type FieldError,
} from '../field-errors.js';
import { internal, shownSelector } from './go-values.js';
import { validateLabelSelector } from './labels.js';
import { notNegative } from './quantities.js';
import { each, immutable, IMMUTABLE, nonNegative, oneOf } from './rules.js';

const MOST_PARAMETERS = 512;
const MOST_PARAMETER_BYTES = 256 * 1024;

/** Provisioners are called like labels, in any case. */
const validateProvisioner = (field: string, name = ''): FieldError[] =>
  name === '' ? [required(field)] : invalidEach(field, name.toLowerCase(), qualifiedName(name.toLowerCase()));

const validateParameters = (parameters: Readonly<Record<string, string>> = {}): FieldError[] => {
  const field = 'parameters';
  const entries = Object.entries(parameters);
  if (entries.length > MOST_PARAMETERS) return [tooLong(field, MOST_PARAMETERS)];
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return [
    ...(Object.hasOwn(parameters, '') ? [invalid(field, '', 'field can not be empty.')] : []),
    ...(size > MOST_PARAMETER_BYTES ? [tooLong(field, MOST_PARAMETER_BYTES)] : []),
  ];
};

const validateTerm = (path: string, { matchLabelExpressions }: TopologySelectorTerm): FieldError[] => {
  const keys = new Set<string>();
  return each(child(path, 'matchLabelExpressions'), matchLabelExpressions, ({ key, values }, at) => {
    const list = child(at, 'values');
    const errors = (values ?? []).length === 0 ? [required(list)] : [];
    for (const [index, value] of (values ?? []).entries()) {
      if (values.indexOf(value) < index) errors.push(duplicate(item(list, index), value));
    }
    errors.push(...invalidEach(child(at, 'key'), key, qualifiedName(key)));
    if (keys.has(key)) errors.push(duplicate(child(at, 'key'), key));
    keys.add(key);
    return errors;
  });
};

/** The values of each key, in an order that does not depend on how they were written. */
const meaningOf = ({ matchLabelExpressions }: TopologySelectorTerm): string =>
  JSON.stringify(
    Object.entries(
      Object.fromEntries((matchLabelExpressions ?? []).map(({ key, values }) => [key, [...new Set(values)].sort()])),
    ).sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const NO_MEANING = '[]';

/** Each term must mean something else than those before it, and something at all. */
const validateTopologies = (topologies: StorageClass['allowedTopologies']): FieldError[] => {
  const seen: string[] = (topologies ?? []).map(() => NO_MEANING);
  return each('allowedTopologies', topologies, (term, path) => {
    const meaning = meaningOf(term);
    const same = seen.filter((other) => other === meaning);
    seen.push(meaning);
    // Each term that means nothing is told of once: the places of all of them are alike.
    const repeated = meaning === NO_MEANING ? same.slice(0, 1) : same;
    return [...validateTerm(path, term), ...repeated.map(() => duplicate(child(path, 'matchLabelExpressions'), ''))];
  });
};

export const validateStorageClass = (storageClass: StorageClass): FieldError[] => [
  ...validateProvisioner('provisioner', storageClass.provisioner),
  ...validateParameters(storageClass.parameters),
  ...oneOf('reclaimPolicy', storageClass.reclaimPolicy || undefined, ['Delete', 'Retain']),
  ...(storageClass.volumeBindingMode === undefined
    ? [required('volumeBindingMode')]
    : oneOf('volumeBindingMode', storageClass.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'])),
  ...validateTopologies(storageClass.allowedTopologies),
];

export const validateStorageClassUpdate = (storageClass: StorageClass, old: StorageClass): FieldError[] => [
  ...validateStorageClass(storageClass),
  ...immutable('parameters', storageClass.parameters, old.parameters),
  ...immutable('provisioner', storageClass.provisioner, old.provisioner),
  ...immutable('reclaimPolicy', storageClass.reclaimPolicy, old.reclaimPolicy),
  ...immutable('volumeBindingMode', storageClass.volumeBindingMode, old.volumeBindingMode),
];

export const validateAttributesClass = ({ driverName, parameters }: VolumeAttributesClass): FieldError[] => [
  ...validateProvisioner('driverName', driverName),
  ...validateParameters(parameters),
  ...(Object.keys(parameters ?? {}).length === 0
    ? [required('parameters', 'must contain at least one key/value pair')]
    : []),
];

export const validateAttributesClassUpdate = (
  attributesClass: VolumeAttributesClass,
  old: VolumeAttributesClass,
): FieldError[] => [
  ...(attributesClass.driverName === old.driverName
    ? []
    : [forbidden('driverName', 'updates to driverName are forbidden.')]),
  ...(jsonEquals(attributesClass.parameters ?? {}, old.parameters ?? {})
    ? []
    : [forbidden('parameters', 'updates to parameters are forbidden.')]),
  ...validateAttributesClass(attributesClass),
];

const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;
const MIN_PERIOD_SECONDS = 10;

const validateTokenRequests = (requests: CSIDriver['spec']['tokenRequests']): FieldError[] => {
  const audiences = new Set<string>();
  return each('spec.tokenRequests', requests, ({ audience, expirationSeconds: seconds }, path) => {
    if (audiences.has(audience)) return [duplicate(child(path, 'audience'), audience)];
    audiences.add(audience);
    const field = child(path, 'expirationSeconds');
    if (seconds === undefined) return [];
    if (seconds < MIN_TOKEN_SECONDS)
      return [invalid(field, seconds, 'may not specify a duration less than 10 minutes')];
    return seconds > MAX_TOKEN_SECONDS
      ? [invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds')]
      : [];
  });
};

export const validateCsiDriver = ({ spec }: CSIDriver): FieldError[] => {
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  const inSecrets = spec.serviceAccountTokenInSecrets;
  return [
    ...oneOf('spec.fsGroupPolicy', spec.fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType']),
    ...validateTokenRequests(spec.tokenRequests),
    ...(spec.volumeLifecycleModes ?? []).flatMap((mode) =>
      oneOf('spec.volumeLifecycleModes', mode, ['Persistent', 'Ephemeral']),
    ),
    ...(period !== undefined && period < MIN_PERIOD_SECONDS
      ? [
          invalid(
            'spec.nodeAllocatableUpdatePeriodSeconds',
            period,
            `must be greater than or equal to ${MIN_PERIOD_SECONDS} seconds`,
          ),
        ]
      : []),
    ...(inSecrets !== undefined && (spec.tokenRequests ?? []).length === 0
      ? [
          invalid(
            'spec.serviceAccountTokenInSecrets',
            inSecrets,
            'serviceAccountTokenInSecrets is set but no tokenRequests are specified',
          ),
        ]
      : []),
  ];
};

export const validateCsiDriverUpdate = (driver: CSIDriver, old: CSIDriver): FieldError[] => [
  ...validateCsiDriver(driver),
  ...immutable('spec.attachedRequired', driver.spec.attachRequired, old.spec.attachRequired),
  ...immutable('spec.volumeLifecycleModes', driver.spec.volumeLifecycleModes, old.spec.volumeLifecycleModes),
];

const MOST_NAME_BYTES = 63;
const MOST_NODE_ID_BYTES = 256;

const validateDriverName = (field: string, name = ''): FieldError[] => {
  if (name === '') return [required(field)];
  const errors = invalidEach(field, name, dns1123Subdomain(name.toLowerCase()));
  return Buffer.byteLength(name) > MOST_NAME_BYTES ? [tooLong(field, MOST_NAME_BYTES), ...errors] : errors;
};

const validateNodeId = (field: string, id = ''): FieldError[] => {
  if (id === '') return [required(field)];
  return Buffer.byteLength(id) > MOST_NODE_ID_BYTES
    ? [invalid(field, id, `must be ${MOST_NODE_ID_BYTES} characters or less`)]
    : [];
};

export const validateCsiNode = ({ spec }: CSINode): FieldError[] => {
  const names = new Set<string>();
  return each('spec.drivers', spec.drivers, (driver, path) => {
    const { name, nodeID, topologyKeys, allocatable } = driver;
    const errors = [
      ...validateDriverName(child(path, 'name'), name),
      ...validateNodeId(child(path, 'nodeID'), nodeID),
      ...nonNegative(child(path, 'allocatable.count'), allocatable?.count),
    ];
    if (names.has(name)) errors.push(duplicate(child(path, 'name'), name));
    names.add(name);
    for (const [index, key] of (topologyKeys ?? []).entries()) {
      if (key === '') errors.push(required(path));
      if ((topologyKeys ?? []).indexOf(key) < index) errors.push(duplicate(path, key));
      errors.push(...invalidEach(path, key, qualifiedName(key)));
    }
    return errors;
  });
};

export const validateCsiNodeUpdate = (node: CSINode, old: CSINode): FieldError[] => [
  ...validateCsiNode(node),
  ...(old.spec.drivers ?? []).flatMap((before) =>
    (node.spec.drivers ?? [])
      .filter(({ name }) => name === before.name)
      .flatMap((driver) => {
        const [{ allocatable: _now, ...now }, { allocatable: _then, ...then }] = [driver, before];
        return jsonEquals(now, then)
          ? []
          : [invalid('spec.drivers', internal('storage.k8s.io/v1.CSINodeDriver', now), IMMUTABLE)];
      }),
  ),
];

const ONE_SOURCE = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';

const validateSource = ({ source }: VolumeAttachment['spec']): FieldError[] => {
  const { persistentVolumeName: name, inlineVolumeSpec } = source ?? {};
  if (name === undefined) return inlineVolumeSpec === undefined ? [required('spec.source', ONE_SOURCE)] : [];
  if (inlineVolumeSpec !== undefined) return [forbidden('spec.source', ONE_SOURCE)];
  return name === ''
    ? [required('spec.source.persistentVolumeName', 'must specify non empty persistentVolumeName')]
    : [];
};

const MOST_METADATA_BYTES = 256 * 1024;
const MOST_MESSAGE_BYTES = 1024;
type AttachmentStatus = NonNullable<VolumeAttachment['status']>;

const validateVolumeError = (field: string, error: AttachmentStatus['attachError']): FieldError[] => {
  const code = error?.errorCode;
  return [
    ...(Buffer.byteLength(error?.message ?? '') > MOST_MESSAGE_BYTES
      ? [tooLong(child(field, 'message'), MOST_METADATA_BYTES)]
      : []),
    ...(code !== undefined && code < 0 ? [invalid(child(field, 'errorCode'), code, outOfRange(0, 2 ** 31 - 1))] : []),
  ];
};

export const validateAttachmentStatus = ({ status }: VolumeAttachment): FieldError[] => {
  const size = Object.entries(status?.attachmentMetadata ?? {}).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  return [
    ...(size > MOST_METADATA_BYTES ? [tooLong('status.attachmentMetadata', MOST_METADATA_BYTES)] : []),
    ...validateVolumeError('status.attachError', status?.attachError),
    ...validateVolumeError('status.detachError', status?.detachError),
  ];
};

export const validateAttachment = (attachment: VolumeAttachment): FieldError[] => {
  const { attacher, nodeName = '', source } = attachment.spec;
  const volume = source?.persistentVolumeName;
  return [
    ...validateDriverName('spec.attacher', attacher),
    ...validateSource(attachment.spec),
    ...invalidEach('spec.nodeName', nodeName, dns1123Subdomain(nodeName)),
    ...validateAttachmentStatus(attachment),
    ...(volume === undefined ? [] : invalidEach('spec.source.persistentVolumeName', volume, dns1123Subdomain(volume))),
  ];
};

export const validateAttachmentUpdate = (attachment: VolumeAttachment, old: VolumeAttachment): FieldError[] => [
  ...validateAttachment(attachment),
  ...(jsonEquals(attachment.spec, old.spec)
    ? []
    : [invalid('spec', internal('storage.k8s.io/v1.VolumeAttachmentSpec', attachment.spec), IMMUTABLE)]),
];

export const validateStorageCapacity = (capacity: CSIStorageCapacity): FieldError[] => {
  const { storageClassName = '', nodeTopology, capacity: amount } = capacity;
  return [
    ...validateLabelSelector('nodeTopology', nodeTopology),
    ...invalidEach('storageClassName', storageClassName, dns1123Subdomain(storageClassName)),
    ...(amount === undefined ? [] : notNegative('capacity', amount)),
  ];
};

export const validateStorageCapacityUpdate = (capacity: CSIStorageCapacity, old: CSIStorageCapacity): FieldError[] => [
  ...validateStorageCapacity(capacity),
  ...(jsonEquals(capacity.nodeTopology ?? null, old.nodeTopology ?? null)
    ? []
    : [invalid('nodeTopology', shownSelector(capacity.nodeTopology), IMMUTABLE)]),
  ...immutable('storageClassName', capacity.storageClassName, old.storageClassName),
];
