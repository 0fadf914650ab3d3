import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../../../objects/kinds/storage-k8s-io-v1.js';
import { dns1123Subdomain, qualifiedName } from '../../../objects/names.js';
import { jsonEquals } from '../../../objects/json.js';
import { child, forbidden, invalid, invalidEach, required, type FieldError } from '../field-errors.js';
import { tryParseQuantity } from '../../../objects/quantity.js';
import { validateLabelSelector } from './labels.js';
import { each, immutable, oneOf, requiredText, unique } from './rules.js';

export const validateStorageClass = (storageClass: StorageClass): FieldError[] => [
  ...((storageClass.provisioner ?? '') === ''
    ? [required('provisioner')]
    : invalidEach('provisioner', storageClass.provisioner, qualifiedName(storageClass.provisioner.toLowerCase()))),
  ...oneOf('reclaimPolicy', storageClass.reclaimPolicy, ['Delete', 'Retain']),
  ...(storageClass.volumeBindingMode === undefined
    ? [required('volumeBindingMode')]
    : oneOf('volumeBindingMode', storageClass.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'])),
];

export const validateStorageClassUpdate = (storageClass: StorageClass, old: StorageClass): FieldError[] => {
  const errors: FieldError[] = [];
  if (!jsonEquals(storageClass.parameters ?? {}, old.parameters ?? {}))
    errors.push(forbidden('parameters', 'updates to parameters are forbidden.'));
  if (storageClass.provisioner !== old.provisioner)
    errors.push(forbidden('provisioner', 'updates to provisioner are forbidden.'));
  if (storageClass.reclaimPolicy !== old.reclaimPolicy)
    errors.push(forbidden('reclaimPolicy', 'updates to reclaimPolicy are forbidden.'));
  return [...errors, ...immutable('volumeBindingMode', storageClass.volumeBindingMode, old.volumeBindingMode)];
};

export const validateAttributesClass = ({ driverName, parameters }: VolumeAttributesClass): FieldError[] => [
  ...requiredText('driverName', driverName),
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
];

export const validateCsiDriver = ({ spec }: CSIDriver): FieldError[] => [
  ...oneOf('spec.fsGroupPolicy', spec.fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType']),
  ...each('spec.volumeLifecycleModes', spec.volumeLifecycleModes, (mode, path) =>
    oneOf(path, mode, ['Ephemeral', 'Persistent']),
  ),
];

export const validateCsiNode = ({ spec }: CSINode): FieldError[] => [
  ...each('spec.drivers', spec.drivers, (driver, path) => [
    ...requiredText(child(path, 'name'), driver.name),
    ...requiredText(child(path, 'nodeID'), driver.nodeID),
  ]),
  ...unique('spec.drivers', spec.drivers, ({ name }) => name, 'name'),
];

export const validateAttachment = ({ spec }: VolumeAttachment): FieldError[] => [
  ...requiredText('spec.attacher', spec.attacher),
  ...(spec.source?.persistentVolumeName === undefined && spec.source?.inlineVolumeSpec === undefined
    ? [required('spec.source', 'must specify exactly one of inlineVolumeSpec and persistentVolumeName')]
    : []),
  ...requiredText('spec.nodeName', spec.nodeName),
];

export const validateAttachmentUpdate = (attachment: VolumeAttachment, old: VolumeAttachment): FieldError[] =>
  immutable('spec', attachment.spec, old.spec);

const validateAmount = (field: string, value: string | number | undefined): FieldError[] =>
  value !== undefined && (tryParseQuantity(value)?.nanos ?? 0n) < 0n
    ? [invalid(field, value, 'must be greater than or equal to 0')]
    : [];

export const validateStorageCapacity = (capacity: CSIStorageCapacity): FieldError[] => [
  ...invalidEach(
    'storageClassName',
    capacity.storageClassName ?? '',
    dns1123Subdomain(capacity.storageClassName ?? ''),
  ),
  ...validateAmount('capacity', capacity.capacity),
  ...validateAmount('maximumVolumeSize', capacity.maximumVolumeSize),
  ...validateLabelSelector('nodeTopology', capacity.nodeTopology),
];

export const validateStorageCapacityUpdate = (capacity: CSIStorageCapacity, old: CSIStorageCapacity): FieldError[] => [
  ...validateStorageCapacity(capacity),
  ...immutable('nodeTopology', capacity.nodeTopology, old.nodeTopology),
  ...immutable('storageClassName', capacity.storageClassName, old.storageClassName),
];
