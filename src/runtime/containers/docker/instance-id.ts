import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineTraits } from './create-options.js';

/** The name under which this data folder's containers are known to the engine; made once, kept in `root`. */
export const instanceId = (root: string): string => {
  const path = join(root, 'docker-instance');
  mkdirSync(root, { recursive: true });
  try {
    // Fails when there is one already, also when another process has just made it.
    writeFileSync(path, randomUUID(), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(path, 'utf8').trim();
};

/** A mark that the engine cannot protect processes from the out-of-memory killer, as was once found out. */
const UNPROTECTED = 'docker-cannot-lower-oom-score';

export const loadTraits = (root: string): EngineTraits => ({ protectsFromOom: !existsSync(join(root, UNPROTECTED)) });

export const rememberUnprotected = (root: string): void => writeFileSync(join(root, UNPROTECTED), '');
