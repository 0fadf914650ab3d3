import { DEFAULT_MODE, secretFiles } from '../projections.js';
import type { FilesVolumeType } from '../volume-type.js';

/** Keys of a Secret as files. */
export const secretVolume: FilesVolumeType = {
  shape: 'files',
  files: async (request) => {
    const source = request.volume.secret ?? {};
    return secretFiles(request, source.secretName ?? '', source, source.defaultMode ?? DEFAULT_MODE);
  },
};
