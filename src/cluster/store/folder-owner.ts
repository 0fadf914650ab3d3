import { readFileSync } from 'node:fs';
import type { RootDatabase } from 'lmdb';
import { StoreError } from './store.js';

/** Which process has the folder. The start time tells it from a later process with the same id. */
interface Owner {
  readonly pid: number;
  readonly startTime: string;
}

/**
 * Records this process as the owner of the store. The record is read and written in one write transaction, whose lock
 * spans processes and is released by the system when its holder dies; so an owner that was killed is replaced without
 * waiting, and two processes that start at once cannot both win. Throws StoreError `locked`.
 */
export const claimFolder = (root: RootDatabase, folder: string): void => {
  const other = root.transactionSync(() => {
    const owner = root.get('owner') as Owner | undefined;
    if (owner !== undefined && isRunning(owner) && (owner.pid !== process.pid || openHere.has(folder))) return owner;
    const me: Owner = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' };
    void root.put('owner', me);
    return undefined;
  });
  if (other !== undefined) {
    throw new StoreError(
      'locked',
      `The data folder ${folder} is in use by process ${other.pid}; stop it first, or choose another --data-dir`,
    );
  }
  openHere.add(folder);
};

export const releaseFolder = (root: RootDatabase, folder: string): void => {
  root.removeSync('owner');
  openHere.delete(folder);
};

/** Folders that this process has open: its own record from before a crash must not be taken for them. */
const openHere = new Set<string>();

const isRunning = ({ pid, startTime }: Owner): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const current = startTimeOf(pid);
  return current === undefined || current === startTime;
};

/** Clock ticks since boot at the process's start, on Linux; undefined where the system does not tell. */
const startTimeOf = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may contain spaces; the start time is field 22.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
};
