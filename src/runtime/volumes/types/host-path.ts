import { checkHostPath } from '../host-path-check.js';
import type { FolderVolumeType } from '../volume-type.js';

/** A path of the node. */
export const hostPathVolume: FolderVolumeType = {
  shape: 'folder',
  prepare: async ({ volume }) => {
    const path = volume.hostPath?.path ?? '';
    await checkHostPath(path, volume.hostPath?.type ?? '');
    return { path, readOnly: false, owned: false };
  },
};
