import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { filePathParts } from './volume-path.js';
import type { VolumeFile } from './volume-type.js';

/** The link to the folder with the current files. What users see are links through it, so all change at once. */
const DATA = '..data';
const NEXT_DATA = '..data_tmp';

/**
 * Makes `folder` hold exactly `files`, in one step for those who read them: the files go into a new hidden folder, then
 * the link `..data` is replaced. Returns whether anything changed. `own` is called with the new hidden folder before it
 * is seen.
 */
export const writeFiles = async (
  folder: string,
  files: readonly VolumeFile[],
  own: (path: string) => Promise<void>,
): Promise<boolean> => {
  const wanted = new Map(files.map((file) => [filePathParts(file.path).join('/'), file]));
  const current = await readlink(join(folder, DATA)).catch(() => undefined);
  const unchanged = current !== undefined && (await holds(join(folder, current), wanted));
  if (!unchanged) {
    const made = await mkdtemp(join(folder, `..${timestamp()}.`));
    await chmod(made, 0o755);
    for (const [path, file] of wanted) {
      const target = join(made, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, file.content);
      // After writing: the mask of the process must not narrow it.
      await chmod(target, file.mode);
    }
    await own(made);
    await rm(join(folder, NEXT_DATA), { force: true });
    await symlink(made.slice(folder.length + 1), join(folder, NEXT_DATA));
    await rename(join(folder, NEXT_DATA), join(folder, DATA));
  }
  await link(folder, new Set([...wanted.keys()].map((path) => path.split('/', 1)[0] ?? path)));
  await removeOld(folder);
  return !unchanged;
};

const timestamp = (): string => new Date().toISOString().replaceAll(/[-:T]/g, '_').slice(0, 19);

const holds = async (folder: string, wanted: ReadonlyMap<string, VolumeFile>): Promise<boolean> => {
  const present = await filesBelow(folder, '');
  if (present.length !== wanted.size) return false;
  for (const path of present) {
    const file = wanted.get(path);
    if (file === undefined || !(await readFile(join(folder, path))).equals(file.content)) return false;
  }
  return true;
};

const filesBelow = async (folder: string, prefix: string): Promise<string[]> => {
  const found: string[] = [];
  const entries = await readdir(join(folder, prefix), { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesBelow(folder, path)));
    else found.push(path);
  }
  return found;
};

/** Makes the links that users see and removes those whose file is gone. */
const link = async (folder: string, names: ReadonlySet<string>): Promise<void> => {
  for (const name of names) {
    const target = `${DATA}/${name}`;
    const present = await readlink(join(folder, name)).catch(() => undefined);
    if (present === target) continue;
    await rm(join(folder, name), { force: true, recursive: true });
    await symlink(target, join(folder, name));
  }
  for (const name of await readdir(folder)) {
    if (!name.startsWith('..') && !names.has(name)) await rm(join(folder, name), { force: true, recursive: true });
  }
};

/** Removes hidden folders that are not current: of before, and of writes that a crash cut off. */
const removeOld = async (folder: string): Promise<void> => {
  const current = await readlink(join(folder, DATA));
  for (const name of await readdir(folder)) {
    if (name === DATA || name === current || !name.startsWith('..')) continue;
    if ((await lstat(join(folder, name))).isDirectory()) await rm(join(folder, name), { recursive: true, force: true });
  }
};
