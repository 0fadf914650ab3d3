import { randomUUID } from 'node:crypto';
import { renameSync, utimesSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a step of the maintenance has given back. */
export interface FreedSpace {
  /** Files or folders that were removed. */
  readonly removed: number;
  readonly bytes: number;
}

export const NOTHING_FREED: FreedSpace = { removed: 0, bytes: 0 };

export const addFreed = (left: FreedSpace, right: FreedSpace): FreedSpace => ({
  removed: left.removed + right.removed,
  bytes: left.bytes + right.bytes,
});

const ASIDE = '.removed-';

/** Names that `setAside` gives: what is left of them after a crash may go. */
export const isSetAside = (name: string): boolean => name.startsWith(ASIDE);

/** Takes a folder out of everybody's sight at once, so that removing it can take its time. Returns where it is now. */
export const setAside = (path: string): string => {
  const aside = join(dirname(path), ASIDE + randomUUID());
  renameSync(path, aside);
  return aside;
};

/** Marks a file or folder as used now, so that what removes old ones spares it; false when it is not there. */
export const touch = (path: string): boolean => {
  try {
    const now = new Date();
    utimesSync(path, now, now);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
};

/** Removes a file or folder and says how much it was. */
export const removeCounted = async (path: string): Promise<FreedSpace> => {
  const bytes = await sizeOf(path);
  await rm(path, { recursive: true, force: true });
  return { removed: 1, bytes };
};

/** Bytes of all files; what disappears meanwhile counts nothing. */
const sizeOf = async (path: string): Promise<number> => {
  try {
    const stats = await lstat(path);
    if (!stats.isDirectory()) return stats.size;
    let bytes = 0;
    for (const name of await readdir(path)) bytes += await sizeOf(join(path, name));
    return bytes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
};
