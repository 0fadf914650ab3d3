import type { VolumeProjection } from '../../../objects/kinds/core-v1.js';
import { downwardFiles } from '../downward-files.js';
import { configMapFiles, DEFAULT_MODE, secretFiles } from '../projections.js';
import { VolumeFailure } from '../volume-manager.js';
import type { FilesVolumeType, VolumeFile, VolumeRequest } from '../volume-type.js';

/** Of a token in a pod whose files go to a group. */
const TOKEN_MODE = 0o600;

const filesOf = async (
  request: VolumeRequest,
  source: VolumeProjection,
  mode: number,
): Promise<readonly VolumeFile[]> => {
  if (source.configMap !== undefined) {
    return configMapFiles(request, source.configMap.name ?? '', source.configMap, mode);
  }
  if (source.secret !== undefined) return secretFiles(request, source.secret.name ?? '', source.secret, mode);
  if (source.downwardAPI !== undefined) return downwardFiles(request, source.downwardAPI.items ?? [], mode);
  if (source.serviceAccountToken !== undefined) {
    const { audience, expirationSeconds, path } = source.serviceAccountToken;
    const token = await request.tokens.token(request.pod, audience, expirationSeconds);
    const tokenMode = request.pod.spec.securityContext?.fsGroup === undefined ? mode : TOKEN_MODE;
    return [{ path, content: Buffer.from(token), mode: tokenMode }];
  }
  if (source.clusterTrustBundle?.optional === true) return [];
  throw new VolumeFailure('unsupported', `projected source ${Object.keys(source).join(', ')} is not supported`);
};

/** Several sources in one folder; of two files with the same path, the later source's wins. */
export const projectedVolume: FilesVolumeType = {
  shape: 'files',
  files: async (request) => {
    const source = request.volume.projected ?? {};
    const files: VolumeFile[] = [];
    for (const each of source.sources ?? []) {
      files.push(...(await filesOf(request, each, source.defaultMode ?? DEFAULT_MODE)));
    }
    return files;
  },
};
