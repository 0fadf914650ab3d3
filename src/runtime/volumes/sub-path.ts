import { mkdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VolumeFailure } from './volume-manager.js';
import { volumePathParts } from './volume-path.js';

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/**
 * The path of `subPath` inside a volume, with its links resolved; folders that are missing are made. A link that leads
 * out of the volume is refused: VolumeFailure `invalid`. Checked part by part, so that nothing is made outside either.
 */
export const resolveSubPath = async (volume: string, subPath: string): Promise<string> => {
  const root = await realpath(volume);
  let path = root;
  for (const part of volumePathParts(subPath)) {
    const next = join(path, part);
    const present = await realpath(next).catch(() => undefined);
    if (present === undefined) {
      // A link whose target is missing fails here: making its target could reach outside.
      await mkdir(next, { mode: 0o755 });
      path = next;
      continue;
    }
    if (!isWithin(present, root)) {
      throw new VolumeFailure('invalid', `subPath "${subPath}" leads out of the volume`);
    }
    path = present;
  }
  await stat(path);
  return path;
};
