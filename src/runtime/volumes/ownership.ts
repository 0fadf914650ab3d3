import { chmod, lchown, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const OWNER_AND_GROUP = 0o660;
const ENTER = 0o110;
const SET_GROUP_ID = 0o2000;

/**
 * Gives a volume to the pod's fsGroup, as kubelets do: group on everything, read and write (`readOnly`: read) for it,
 * and folders that pass the group on. With `onRootMismatch` a tree whose root is right already is left alone.
 * Symbolic links are not followed.
 */
export const giveToGroup = async (
  path: string,
  group: number,
  options: { readonly readOnly: boolean; readonly onRootMismatch: boolean },
): Promise<void> => {
  if (options.onRootMismatch && (await isRight(path, group, options.readOnly))) return;
  await give(path, group, options.readOnly);
};

const bitsOf = (isFolder: boolean, readOnly: boolean): number => {
  const base = readOnly ? OWNER_AND_GROUP & 0o440 : OWNER_AND_GROUP;
  return isFolder ? base | ENTER | SET_GROUP_ID : base;
};

const isRight = async (path: string, group: number, readOnly: boolean): Promise<boolean> => {
  const stats = await lstat(path);
  const bits = bitsOf(stats.isDirectory(), readOnly);
  return stats.gid === group && (stats.mode & bits) === bits;
};

const give = async (path: string, group: number, readOnly: boolean): Promise<void> => {
  const stats = await lstat(path);
  await lchown(path, stats.uid, group);
  if (stats.isSymbolicLink()) return;
  await chmod(path, (stats.mode & 0o7777) | bitsOf(stats.isDirectory(), readOnly));
  if (!stats.isDirectory()) return;
  for (const name of await readdir(path)) await give(join(path, name), group, readOnly);
};
