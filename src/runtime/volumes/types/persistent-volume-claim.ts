import { PersistentVolume, PersistentVolumeClaim } from '../../../objects/kinds/core-v1.js';
import { checkHostPath } from '../host-path-check.js';
import { VolumeFailure } from '../volume-manager.js';
import type { FolderVolumeType, PreparedFolder, VolumeRequest } from '../volume-type.js';

/** The persistent volume that a claim is bound to, if this node has it: hostPath or local. */
export const prepareClaim = async (
  request: VolumeRequest,
  claimName: string,
  readOnly: boolean,
): Promise<PreparedFolder> => {
  const { client, pod } = request;
  const namespace = pod.metadata.namespace ?? 'default';
  const claim = await client.get(PersistentVolumeClaim, { namespace, name: claimName });
  if (claim === undefined) throw new VolumeFailure('not-ready', `persistentvolumeclaim "${claimName}" not found`);
  const volumeName = claim.spec?.volumeName;
  if (claim.status?.phase !== 'Bound' || volumeName === undefined || volumeName === '') {
    throw new VolumeFailure('not-ready', `persistentvolumeclaim "${claimName}" is not bound`);
  }
  if (claim.metadata.deletionTimestamp !== undefined && pod.status?.phase === undefined) {
    throw new VolumeFailure('not-ready', `persistentvolumeclaim "${claimName}" is being deleted`);
  }
  const bound = await client.get(PersistentVolume, { name: volumeName });
  if (bound === undefined) throw new VolumeFailure('not-ready', `persistentvolume "${volumeName}" not found`);
  const { claimRef, hostPath, local, volumeMode } = bound.spec;
  if (claimRef?.uid !== undefined && claimRef.uid !== claim.metadata.uid) {
    throw new VolumeFailure('not-ready', `persistentvolume "${volumeName}" is bound to another claim`);
  }
  if (volumeMode === 'Block') throw new VolumeFailure('unsupported', 'volumes of raw blocks are not supported');
  if (hostPath !== undefined) {
    await checkHostPath(hostPath.path, hostPath.type ?? 'DirectoryOrCreate');
    return { path: hostPath.path, readOnly, owned: false };
  }
  if (local !== undefined) {
    await checkHostPath(local.path, 'Directory');
    return { path: local.path, readOnly, owned: true };
  }
  const source = Object.keys(bound.spec).find(
    (key) => typeof bound.spec[key as 'csi'] === 'object' && key !== 'claimRef',
  );
  throw new VolumeFailure(
    'unsupported',
    `persistentvolume "${volumeName}" has an unsupported source (${source ?? 'none'})`,
  );
};

/** What a claim of the pod's namespace is bound to. */
export const persistentVolumeClaimVolume: FolderVolumeType = {
  shape: 'folder',
  prepare: (request) => {
    const source = request.volume.persistentVolumeClaim;
    return prepareClaim(request, source?.claimName ?? '', source?.readOnly === true);
  },
};
