import { execFile } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { getuid, platform } from 'node:process';
import { promisify } from 'node:util';
import { parseQuantity, wholeValue } from '../../../objects/quantity.js';
import { isMountPoint } from '../mount-points.js';
import type { FolderVolumeType, VolumeRequest } from '../volume-type.js';

const run = promisify(execFile);

const mountMemory = async ({ folder, volume, log, signal }: VolumeRequest): Promise<void> => {
  if (platform !== 'linux' || getuid?.() !== 0) {
    log.info({ volume: volume.name }, 'emptyDir in memory needs root on Linux; this one is on disk');
    return;
  }
  if (await isMountPoint(folder)) return;
  const limit = volume.emptyDir?.sizeLimit;
  const size = limit === undefined ? [] : [`size=${wholeValue(parseQuantity(limit))}`];
  await run('mount', ['-t', 'tmpfs', '-o', ['mode=0777', ...size].join(','), 'tmpfs', folder], { signal });
};

/**
 * An empty folder that lives as long as the pod. `medium: Memory` is a tmpfs, with `sizeLimit` as its size; on disk
 * sizeLimit is not enforced.
 */
export const emptyDirVolume: FolderVolumeType = {
  shape: 'folder',
  prepare: async (request) => {
    const { folder, volume } = request;
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o777);
    if (volume.emptyDir?.medium === 'Memory') await mountMemory(request);
    return { path: folder, readOnly: false, owned: true };
  },
};
