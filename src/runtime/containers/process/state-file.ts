import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { pid } from 'node:process';

/** Replaces a file in one step, so that a crash leaves the old or the new one. Readable by its owner only. */
export const writeJson = (path: string, value: unknown): void => {
  const temporary = `${path}.${pid}.new`;
  writeFileSync(temporary, JSON.stringify(value), { mode: 0o600 });
  renameSync(temporary, path);
};

/** The file's content, or undefined when it is not there or was cut off by a full disk. */
export const readJson = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};
