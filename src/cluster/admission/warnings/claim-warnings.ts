import type {
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
} from '../../../objects/kinds/core-v1.js';
import { formatQuantity, tryParseQuantity } from '../../../objects/quantity.js';
import { goQuote } from '../field-errors.js';
import { termWarnings } from './node-labels.js';

const CLASS = 'volume.beta.kubernetes.io/storage-class';
const OPTIONS = 'volume.beta.kubernetes.io/mount-options';

export const claimSpecWarnings = (field: string, { resources }: PersistentVolumeClaimSpec): readonly string[] =>
  (['requests', 'limits'] as const).flatMap((list) => {
    const quantity = tryParseQuantity(resources?.[list]?.['storage'] ?? '');
    if (quantity === undefined || quantity.nanos % 1_000_000_000n === 0n) return [];
    const shown = goQuote(formatQuantity(quantity));
    return [`${field}.resources.${list}[storage]: fractional byte value ${shown} is invalid, must be an integer`];
  });

export const claimWarnings = ({ metadata, spec }: PersistentVolumeClaim): readonly string[] => [
  ...(metadata.annotations?.[CLASS] === undefined
    ? []
    : [`metadata.annotations[${CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead`]),
  ...claimSpecWarnings('spec', spec),
];

const SOURCES: Readonly<Record<string, readonly [string, string]>> = {
  cephfs: ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  photonPersistentDisk: ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  scaleIO: ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  storageos: ['storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  glusterfs: ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  rbd: ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
};

const RECYCLE =
  'The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.';

export const volumeWarnings = ({ metadata: { annotations }, spec }: PersistentVolume): readonly string[] => [
  ...(annotations?.[CLASS] === undefined
    ? []
    : [`metadata.annotations[${CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead`]),
  ...(annotations?.[OPTIONS] === undefined
    ? []
    : [`metadata.annotations[${OPTIONS}]: deprecated since v1.31; use "mountOptions" attribute instead`]),
  ...(spec.persistentVolumeReclaimPolicy === 'Recycle' ? [`spec.persistentVolumeReclaimPolicy: ${RECYCLE}`] : []),
  ...(spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap((term, index) =>
    termWarnings(`spec.nodeAffinity.required.nodeSelectorTerms[${index}]`, term, false),
  ),
  ...Object.entries(SOURCES).flatMap(([name, [shown, words]]) => (name in spec ? [`spec.${shown}: ${words}`] : [])),
];
