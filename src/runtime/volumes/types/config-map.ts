import { configMapFiles, DEFAULT_MODE } from '../projections.js';
import type { FilesVolumeType } from '../volume-type.js';

/** Keys of a ConfigMap as files. */
export const configMapVolume: FilesVolumeType = {
  shape: 'files',
  files: async (request) => {
    const source = request.volume.configMap ?? {};
    return configMapFiles(request, source.name ?? '', source, source.defaultMode ?? DEFAULT_MODE);
  },
};
