import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Mount points of this machine, deepest last; none where the system does not tell. */
const mountPoints = async (): Promise<readonly string[]> => {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return text
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path !== '')
    .map((path) => path.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
};

export const isMountPoint = async (path: string): Promise<boolean> => (await mountPoints()).includes(path);

/** Unmounts everything at or below `folder`, so that removing the folder removes only what is its own. */
export const unmountBelow = async (folder: string): Promise<void> => {
  const below = (await mountPoints()).filter((path) => path === folder || path.startsWith(`${folder}/`));
  for (const path of below.reverse()) await promisify(execFile)('umount', [path]);
};
