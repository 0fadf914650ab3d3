import { createHash } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { mkdir, open, opendir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { readJson, writeJson } from '../../objects/lossless-json.js';
import type { Manifest } from '../../render/render.js';
import type { FreedSpace } from '../freed-space.js';
import { addFreed, NOTHING_FREED, touch } from '../freed-space.js';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

const DIGESTS = new WeakMap<readonly Manifest[], string>();

/** A fingerprint of what a source renders to: of the objects alone, wherever they are written. */
export const manifestsDigest = (manifests: readonly Manifest[]): string => {
  const known = DIGESTS.get(manifests);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  for (const { object } of manifests) hash.update(writeJson(object)).update('\n');
  const made = hash.digest('hex');
  DIGESTS.set(manifests, made);
  return made;
};

/** Sets of manifests that stay in memory after they were read. */
const RECENT = 32;
const SUFFIX = '.json.gz';

/**
 * The manifests of healthy revisions, kept in the operator's data folder by their digests, so that a rollback works
 * when the repository is gone. The folder is readable by its owner alone: manifests hold Secrets.
 */
export class KeptManifests {
  readonly #saving = new Map<string, Promise<void>>();
  /** What was read lately: a quarantined application is reconciled with the same manifests again and again. */
  readonly #recent = new Map<string, readonly Manifest[]>();

  constructor(readonly folder: string) {}

  /** Durable when it resolves. Returns the digest to read it by. */
  async keep(manifests: readonly Manifest[]): Promise<string> {
    const digest = manifestsDigest(manifests);
    let saving = this.#saving.get(digest);
    if (saving === undefined) {
      saving = this.#save(digest, manifests).finally(() => this.#saving.delete(digest));
      this.#saving.set(digest, saving);
    }
    await saving;
    return digest;
  }

  /** Undefined when it was never kept, or is damaged. */
  async read(digest: string): Promise<readonly Manifest[] | undefined> {
    if (!/^[0-9a-f]{64}$/.test(digest)) return undefined;
    const known = this.#recent.get(digest);
    if (known !== undefined) return known;
    const read = await this.#readFile(digest);
    if (read === undefined) return undefined;
    this.#recent.set(digest, read);
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > RECENT && oldest !== undefined) this.#recent.delete(oldest);
    return read;
  }

  async #readFile(digest: string): Promise<readonly Manifest[] | undefined> {
    try {
      const text = (await decompress(await readFile(join(this.folder, digest + SUFFIX)))).toString();
      const manifests = readJson(text) as readonly Manifest[];
      return manifestsDigest(manifests) === digest ? manifests : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Removes what is not in use and was not kept since `before`, in milliseconds since 1970: what is being kept now is
   * named by a status only a moment later.
   */
  async keepOnly(inUse: ReadonlySet<string>, before: number): Promise<FreedSpace> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    let freed = NOTHING_FREED;
    for await (const { name } of await opendir(this.folder)) {
      const digest = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : '';
      if (inUse.has(digest) || this.#saving.has(digest)) continue;
      const path = join(this.folder, name);
      // Without a pause between look and removal: whoever keeps the same meanwhile finds it gone, or has made it new.
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats === undefined || stats.mtimeMs >= before) continue;
      rmSync(path, { force: true });
      freed = addFreed(freed, { removed: 1, bytes: stats.size });
    }
    return freed;
  }

  async #save(digest: string, manifests: readonly Manifest[]): Promise<void> {
    const path = join(this.folder, digest + SUFFIX);
    if ((await this.#readFile(digest)) !== undefined && touch(path)) return;
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(await compress(writeJson(manifests)));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    await syncFolder(this.folder);
  }
}

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
