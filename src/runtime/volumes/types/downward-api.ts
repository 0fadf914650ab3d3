import { downwardFiles } from '../downward-files.js';
import { DEFAULT_MODE } from '../projections.js';
import type { FilesVolumeType } from '../volume-type.js';

/** Facts about the pod as files. */
export const downwardApiVolume: FilesVolumeType = {
  shape: 'files',
  files: (request) => {
    const source = request.volume.downwardAPI ?? {};
    return Promise.resolve(downwardFiles(request, source.items ?? [], source.defaultMode ?? DEFAULT_MODE));
  },
};
