import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, normalize, sep } from 'node:path';
import { type Entry, type FileTree, FileTreeError } from '../../render/file-tree.js';

const MAX_LINKS = 255;

/** Every file of this machine by its absolute path, links followed: what the person at the command line can read. */
export class MachineFiles implements FileTree {
  async read(path: string): Promise<Uint8Array> {
    try {
      return readFileSync(path);
    } catch (error) {
      throw failure(path, error);
    }
  }

  async list(path: string): Promise<readonly Entry[]> {
    try {
      return readdirSync(path, { withFileTypes: true }).flatMap((entry): Entry[] => {
        if (entry.isSymbolicLink()) return [{ name: entry.name, kind: 'link' }];
        if (entry.isDirectory()) return [{ name: entry.name, kind: 'folder' }];
        return entry.isFile() ? [{ name: entry.name, kind: 'file' }] : [];
      });
    } catch (error) {
      throw failure(path, error);
    }
  }

  async stat(path: string): Promise<Entry | undefined> {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (!found.isDirectory() && !found.isFile()) {
      const message = `cannot load irregular file ${path} as it has file mode type bits set`;
      throw new FileTreeError('not-a-file', path, message);
    }
    return { name: path, kind: found.isDirectory() ? 'folder' : 'file', size: found.size };
  }

  async resolve(path: string): Promise<string | undefined> {
    try {
      return realpathSync(path);
    } catch {
      return undefined;
    }
  }

  async missing(path: string): Promise<string | undefined> {
    let rest = path.split(sep);
    let at = '';
    for (let links = 0; rest.length > 0 && links < MAX_LINKS; ) {
      const step = rest.shift() ?? '';
      if (step === '') continue;
      const next = normalize(`${at}${sep}${step}`);
      const found = lstatSync(next, { throwIfNoEntry: false });
      if (found === undefined) return next;
      if (!found.isSymbolicLink()) {
        at = next;
        continue;
      }
      const target = readlinkSync(next);
      links += 1;
      if (isAbsolute(target)) at = '';
      rest = [...target.split(sep), ...rest];
    }
    return undefined;
  }

  async id(): Promise<string | undefined> {
    return undefined;
  }
}

const failure = (path: string, error: unknown): FileTreeError =>
  new FileTreeError('not-found', path, error instanceof Error ? error.message : String(error));
