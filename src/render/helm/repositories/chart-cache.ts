import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from './oci-repository.js';

/** Archives of charts on disk, named by their content. A damaged file counts as absent. */
export class ChartCache {
  constructor(private readonly folder: string) {}

  private path(digest: string): string {
    return join(this.folder, `${digest.replace(/^sha256:/, '').replace(/[^0-9a-f]/g, '')}.tgz`);
  }

  async get(digest: string): Promise<Buffer | undefined> {
    try {
      const data = await readFile(this.path(digest));
      return sha256(data) === `sha256:${digest.replace(/^sha256:/, '')}` ? data : undefined;
    } catch {
      return undefined;
    }
  }

  async put(data: Uint8Array): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const target = this.path(sha256(data));
    const unfinished = `${target}.${process.pid}`;
    await writeFile(unfinished, data, { mode: 0o600 });
    await rename(unfinished, target);
  }
}
