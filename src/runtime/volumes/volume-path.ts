import { VolumeFailure } from './volume-manager.js';

const LONGEST = 4096;

/**
 * Checks a path inside a volume (a key, the path of an item, a subPath) and returns its parts. Absolute paths and `..`
 * never leave the volume because they are refused: VolumeFailure `invalid`.
 */
export const volumePathParts = (path: string): readonly string[] => {
  const parts = path.split('/');
  if (path === '' || path.length > LONGEST || path.includes('\0')) {
    throw new VolumeFailure('invalid', `invalid path ${JSON.stringify(path.slice(0, 100))}`);
  }
  if (path.startsWith('/')) throw new VolumeFailure('invalid', `invalid path "${path}": it is absolute`);
  if (parts.includes('..')) throw new VolumeFailure('invalid', `invalid path "${path}": it contains ".."`);
  return parts.filter((part) => part !== '' && part !== '.');
};

/** As `volumePathParts`, for a file that the atomic writer makes: its names beginning with `..` are its own. */
export const filePathParts = (path: string): readonly string[] => {
  const parts = volumePathParts(path);
  if (parts.length === 0) throw new VolumeFailure('invalid', `invalid path "${path}": it names no file`);
  if (parts[0]?.startsWith('..') === true) {
    throw new VolumeFailure('invalid', `invalid path "${path}": it begins with ".."`);
  }
  return parts;
};
