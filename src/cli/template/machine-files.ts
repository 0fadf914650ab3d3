import { readdirSync, readFileSync, statSync } from 'node:fs';
import { type Entry, type FileTree, FileTreeError } from '../../render/file-tree.js';

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
    return { name: path, kind: found.isDirectory() ? 'folder' : 'file', size: found.size };
  }

  async id(): Promise<string | undefined> {
    return undefined;
  }
}

const failure = (path: string, error: unknown): FileTreeError =>
  new FileTreeError('not-found', path, error instanceof Error ? error.message : String(error));
