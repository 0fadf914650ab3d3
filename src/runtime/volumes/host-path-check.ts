import type { Stats } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { VolumeFailure } from './volume-manager.js';

const CHECKS: Readonly<Record<string, { readonly is: (stats: Stats) => boolean; readonly what: string }>> = {
  Directory: { is: (stats) => stats.isDirectory(), what: 'a directory' },
  DirectoryOrCreate: { is: (stats) => stats.isDirectory(), what: 'a directory' },
  File: { is: (stats) => stats.isFile(), what: 'a file' },
  FileOrCreate: { is: (stats) => stats.isFile(), what: 'a file' },
  Socket: { is: (stats) => stats.isSocket(), what: 'a socket file' },
  CharDevice: { is: (stats) => stats.isCharacterDevice(), what: 'a character device' },
  BlockDevice: { is: (stats) => stats.isBlockDevice(), what: 'a block device' },
};

/** Sees to it that a path of this machine is of the `type` of a hostPath, making it where the type says so. */
export const checkHostPath = async (path: string, type: string): Promise<void> => {
  const check = CHECKS[type];
  if (type !== '' && check === undefined) throw new VolumeFailure('invalid', `unknown hostPath type "${type}"`);
  if (!path.startsWith('/')) throw new VolumeFailure('invalid', `hostPath "${path}" is not absolute`);
  const present = await stat(path).catch(() => undefined);
  if (present === undefined) {
    // Without a type nothing is checked, and the container engine would make a folder.
    if (type === '' || type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
    else if (type === 'FileOrCreate') await writeFile(path, '', { flag: 'a', mode: 0o644 });
    else throw new VolumeFailure('not-ready', `hostPath type check failed: ${path} is not ${check?.what ?? type}`);
  } else if (check !== undefined && !check.is(present)) {
    throw new VolumeFailure('not-ready', `hostPath type check failed: ${path} is not ${check.what}`);
  }
};
