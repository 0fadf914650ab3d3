import type { PersistentVolume, PersistentVolumeClaim } from '../../../objects/kinds/core-v1.js';
import type {
  CSIDriver,
  CSINode,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../../../objects/kinds/storage-k8s-io-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import { ageOf } from './age.js';
import { printer, UNSET } from './printer.js';

const MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

const modesText = (modes: readonly string[] | undefined): string =>
  Object.keys(MODES)
    .filter((mode) => modes?.includes(mode) === true)
    .map((mode) => MODES[mode] ?? '')
    .join(',');

const LEGACY_CLASS = 'volume.beta.kubernetes.io/storage-class';

const classOf = ({ metadata }: KubeObject, storageClassName: string | undefined): string =>
  metadata.annotations?.[LEGACY_CLASS] ?? storageClassName ?? '';

/** A phase, or that the object is on its way out. */
const phaseText = ({ metadata }: KubeObject, phase: string | undefined): string =>
  metadata.deletionTimestamp === undefined ? (phase ?? '') : 'Terminating';

export const persistentVolumePrinter = printer<PersistentVolume>(
  [
    'Name',
    'Capacity',
    'Access Modes',
    'Reclaim Policy',
    'Status',
    'Claim',
    'StorageClass',
    'VolumeAttributesClass',
    'Reason',
    'Age',
    '+VolumeMode',
  ],
  (object, now) => {
    const spec = object.spec ?? {};
    const claim = spec.claimRef === undefined ? '' : `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`;
    return [
      object.metadata.name,
      spec.capacity?.['storage'] ?? '',
      modesText(spec.accessModes),
      spec.persistentVolumeReclaimPolicy ?? '',
      phaseText(object, object.status?.phase),
      claim,
      classOf(object, spec.storageClassName),
      spec.volumeAttributesClassName ?? UNSET,
      object.status?.reason ?? '',
      ageOf(object.metadata.creationTimestamp, now),
      spec.volumeMode ?? UNSET,
    ];
  },
);

export const persistentVolumeClaimPrinter = printer<PersistentVolumeClaim>(
  [
    'Name',
    'Status',
    'Volume',
    'Capacity',
    'Access Modes',
    'StorageClass',
    'VolumeAttributesClass',
    'Age',
    '+VolumeMode',
  ],
  (object, now) => {
    const spec = object.spec ?? {};
    const bound = (spec.volumeName ?? '') !== '';
    return [
      object.metadata.name,
      phaseText(object, object.status?.phase),
      spec.volumeName ?? '',
      bound ? (object.status?.capacity?.['storage'] ?? '') : '',
      bound ? modesText(object.status?.accessModes) : '',
      classOf(object, spec.storageClassName),
      spec.volumeAttributesClassName ?? UNSET,
      ageOf(object.metadata.creationTimestamp, now),
      spec.volumeMode ?? UNSET,
    ];
  },
);

const DEFAULT_CLASS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

export const storageClassPrinter = printer<StorageClass>(
  ['Name', 'Provisioner', 'ReclaimPolicy', 'VolumeBindingMode', 'AllowVolumeExpansion', 'Age'],
  (object, now) => [
    DEFAULT_CLASS.some((name) => object.metadata.annotations?.[name] === 'true')
      ? `${object.metadata.name} (default)`
      : object.metadata.name,
    object.provisioner,
    object.reclaimPolicy ?? 'Delete',
    object.volumeBindingMode ?? 'Immediate',
    object.allowVolumeExpansion === true,
    ageOf(object.metadata.creationTimestamp, now),
  ],
);

export const volumeAttributesClassPrinter = printer<VolumeAttributesClass>(
  ['Name', 'DriverName', 'Age'],
  (object, now) => [object.metadata.name, object.driverName, ageOf(object.metadata.creationTimestamp, now)],
);

export const volumeAttachmentPrinter = printer<VolumeAttachment>(
  ['Name', 'Attacher::name', 'PV', 'Node', 'Attached:boolean', 'Age'],
  (object, now) => [
    object.metadata.name,
    object.spec.attacher,
    object.spec.source.persistentVolumeName ?? '',
    object.spec.nodeName,
    object.status?.attached ?? false,
    ageOf(object.metadata.creationTimestamp, now),
  ],
);

export const csiDriverPrinter = printer<CSIDriver>(
  [
    'Name',
    'AttachRequired:boolean',
    'PodInfoOnMount:boolean',
    'StorageCapacity:boolean',
    'TokenRequests',
    'RequiresRepublish:boolean',
    'Modes',
    'Age',
  ],
  (object, now) => {
    const { spec } = object;
    return [
      object.metadata.name,
      spec.attachRequired ?? true,
      spec.podInfoOnMount ?? false,
      spec.storageCapacity ?? false,
      spec.tokenRequests === undefined ? UNSET : spec.tokenRequests.map(({ audience }) => audience).join(','),
      spec.requiresRepublish ?? false,
      (spec.volumeLifecycleModes ?? []).join(','),
      ageOf(object.metadata.creationTimestamp, now),
    ];
  },
);

export const csiNodePrinter = printer<CSINode>(['Name', 'Drivers:integer', 'Age'], (object, now) => [
  object.metadata.name,
  object.spec.drivers.length,
  ageOf(object.metadata.creationTimestamp, now),
]);
