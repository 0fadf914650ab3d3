import type { FolderVolumeType } from '../volume-type.js';
import { prepareClaim } from './persistent-volume-claim.js';

/** What the claim is bound to that was made for this volume of this pod: `<pod>-<volume>`. */
export const ephemeralVolume: FolderVolumeType = {
  shape: 'folder',
  prepare: (request) => prepareClaim(request, `${request.pod.metadata.name}-${request.volume.name}`, false),
};
