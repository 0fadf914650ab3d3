import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { PersistentVolumeClaim } from '../../../objects/kinds/core-v1.js';
import { PersistentVolume } from '../../../objects/kinds/core-v1.js';
import { StorageClass } from '../../../objects/kinds/storage-k8s-io-v1.js';

export const PROVISIONER = 'fairlead.dev/local-path';
export const IS_DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';
const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';

/** The class of claims that name none: folders on this machine. */
export const localPathClass: StorageClass = {
  ...StorageClass,
  metadata: { name: 'local-path', annotations: { [IS_DEFAULT_CLASS]: 'true' } },
  provisioner: PROVISIONER,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'Immediate',
};

export const volumeName = (claim: PersistentVolumeClaim): string => `pvc-${claim.metadata.uid ?? ''}`;

/** A volume for the claim: a folder of its own, named by what only the server chooses. */
export const localVolume = (
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  folder: string,
): PersistentVolume => {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  const { accessModes, resources, volumeMode = 'Filesystem' } = claim.spec ?? {};
  const storage = resources?.requests?.['storage'];
  return {
    ...PersistentVolume,
    metadata: { name: volumeName(claim), annotations: { [PROVISIONED_BY]: PROVISIONER } },
    spec: {
      capacity: storage === undefined ? {} : { storage },
      accessModes: accessModes ?? [],
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      volumeMode,
      hostPath: { path: join(folder, volumeName(claim)), type: 'DirectoryOrCreate' },
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    },
  };
};

/** Removes the folder of a volume of ours; anything outside `folder` stays, whatever the volume says. */
export const removeLocalVolume = async (volume: PersistentVolume, folder: string): Promise<void> => {
  const path = resolve(volume.spec?.hostPath?.path ?? '');
  if (volume.metadata.annotations?.[PROVISIONED_BY] !== PROVISIONER) return;
  if (dirname(path) !== resolve(folder) || path !== resolve(folder, volume.metadata.name)) return;
  await rm(path, { recursive: true, force: true });
};

export const isLocalVolume = (volume: PersistentVolume): boolean =>
  volume.metadata.annotations?.[PROVISIONED_BY] === PROVISIONER;
