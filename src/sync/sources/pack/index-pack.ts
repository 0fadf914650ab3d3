import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { GitObjects } from '../../../render/files/git-objects.js';
import type { GitObject, GitObjectType } from '../../../render/files/git-pack.js';
import { applyDelta } from '../../../render/files/git-pack.js';
import { SourceError } from '../errors.js';
import type { IndexEntry } from './pack-index.js';
import { packIndex } from './pack-index.js';
import type { EntryHeader } from './pack-reader.js';
import { PackReader } from './pack-reader.js';

/** What a pack may hold. Sizes are those of objects after they are unpacked. */
export interface PackLimits {
  readonly maxObjectBytes: number;
  readonly maxTotalBytes: number;
}

export const DEFAULT_PACK_LIMITS: PackLimits = {
  maxObjectBytes: 256 * 1024 * 1024,
  maxTotalBytes: 2 * 1024 * 1024 * 1024,
};

const TYPES: Readonly<Record<number, GitObjectType | undefined>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const TRAILER_BYTES = 20;
/** Bytes of objects that are kept because the next delta may build on them. */
const KEPT_BYTES = 32 * 1024 * 1024;
const LONGEST_CHAIN = 4096;

interface Delta {
  readonly header: EntryHeader;
  readonly offset: number;
  readonly crc: number;
}

export interface IndexPackInput {
  /** The pack. Its index is written beside it, with the suffix `.idx`. */
  readonly file: string;
  readonly gitdir: string;
  readonly limits: PackLimits;
  /** The repository, for messages. */
  readonly name: string;
}

/**
 * Checks a pack and writes its index. The pack may be thin: its deltas may build on what the repository has. It is read piece by piece: what it takes in memory are deltas and what they build on. Throws
 * `too-large` for what would unpack to more than the limits, before it is unpacked, and `corrupt`. Resolves with the
 * pack's checksum, which names it.
 */
export const indexPack = async ({ file, gitdir, limits, name }: IndexPackInput): Promise<string> => {
  const reader = new PackReader(file);
  const objects = new GitObjects(gitdir, { cacheBytes: KEPT_BYTES });
  try {
    const count = checkHeader(reader);
    const trailer = checkTrailer(reader);
    const indexer = new Indexer(reader, new Budget(limits, name), (id) => objects.object(id));
    const entries = await indexer.entries(count);
    writeFileSync(`${file}.idx`, packIndex(entries, trailer));
    return trailer.toString('hex');
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError(
      'corrupt',
      `Cannot read ${name}: the server sent a damaged pack: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  } finally {
    reader.close();
    objects.close();
  }
};

const checkHeader = (reader: PackReader): number => {
  const head = reader.bytes(0, 12);
  if (head.length < 12 || head.toString('latin1', 0, 4) !== 'PACK') throw new Error('it is no pack');
  if (head.readUInt32BE(4) !== 2) throw new Error(`its version is ${head.readUInt32BE(4)}, not 2`);
  return head.readUInt32BE(8);
};

const checkTrailer = (reader: PackReader): Buffer => {
  const hash = createHash('sha1');
  const end = reader.size - TRAILER_BYTES;
  reader.forEachPiece(0, end, (piece) => hash.update(piece));
  const trailer = Buffer.from(reader.bytes(end, TRAILER_BYTES));
  if (!hash.digest().equals(trailer)) throw new Error('its checksum is wrong');
  return trailer;
};

/** Moves a pack and its index into a repository. */
export const installPack = (file: string, gitdir: string, checksum: string): void => {
  const folder = join(gitdir, 'objects', 'pack');
  mkdirSync(folder, { recursive: true });
  // Readers take a pack for one when it has an index.
  renameSync(file, join(folder, `pack-${checksum}.pack`));
  renameSync(`${file}.idx`, join(folder, `pack-${checksum}.idx`));
};

/** Counts what a pack unpacks to. */
class Budget {
  #total = 0;

  constructor(
    private readonly limits: PackLimits,
    private readonly name: string,
  ) {}

  add(bytes: number): void {
    const { maxObjectBytes, maxTotalBytes } = this.limits;
    this.#total += bytes;
    if (bytes <= maxObjectBytes && this.#total <= maxTotalBytes) return;
    const what = bytes > maxObjectBytes ? `an object of ${bytes} bytes` : `more than ${maxTotalBytes} bytes`;
    throw new SourceError('too-large', `Cannot read ${this.name}: the commit has ${what}, which is over the limit`);
  }
}

/** Finds out the name of every object: first of those that stand for themselves, then of those that build on them. */
class Indexer {
  readonly #entries: IndexEntry[] = [];
  readonly #byId = new Map<string, number>();
  readonly #headers = new Map<number, EntryHeader>();
  readonly #kept = new Map<number, GitObject>();
  #keptBytes = 0;

  constructor(
    private readonly reader: PackReader,
    private readonly budget: Budget,
    private readonly findOutside: (id: string) => GitObject | undefined,
  ) {}

  async entries(count: number): Promise<readonly IndexEntry[]> {
    let waiting: Delta[] = [];
    let at = 12;
    for (let index = 0; index < count; index++) {
      const offset = at;
      const header = this.reader.header(offset);
      this.budget.add(header.size);
      this.#headers.set(offset, header);
      const type = TYPES[header.code];
      if (type === undefined) {
        const { content, end } = this.reader.inflate(header);
        this.budget.add(deltaResultSize(content));
        at = end;
        waiting.push({ header, offset, crc: this.#crc(offset, end) });
        continue;
      }
      const hash = createHash('sha1').update(`${type} ${header.size}\0`);
      at = await this.reader.inflatePieces(header, (piece) => hash.update(piece));
      this.#add({ id: hash.digest('hex'), crc: this.#crc(offset, at), offset });
    }
    if (at !== this.reader.size - TRAILER_BYTES) throw new Error('it does not end where its objects do');
    // A delta may name a base that comes later in the pack, and is itself one.
    while (waiting.length > 0) {
      const rest = waiting.filter((delta) => !this.#resolve(delta));
      if (rest.length === waiting.length) throw new Error(`${rest.length} deltas build on objects that are not there`);
      waiting = rest;
    }
    return this.#entries;
  }

  #resolve({ header, offset, crc }: Delta): boolean {
    const object = this.#content(offset, header);
    if (object === undefined) return false;
    const id = createHash('sha1').update(`${object.type} ${object.content.length}\0`).update(object.content);
    this.#add({ id: id.digest('hex'), crc, offset });
    return true;
  }

  #add(entry: IndexEntry): void {
    this.#entries.push(entry);
    this.#byId.set(entry.id, entry.offset);
  }

  /** An object of this pack; undefined while its base is not known. */
  #content(offset: number, first: EntryHeader): GitObject | undefined {
    const chain: { readonly offset: number; readonly header: EntryHeader }[] = [];
    let object: GitObject | undefined;
    for (let [at, header]: [number, EntryHeader] = [offset, first]; object === undefined; ) {
      object = this.#kept.get(at);
      if (object !== undefined) break;
      const type = TYPES[header.code];
      if (type !== undefined) {
        object = this.#keep(at, { type, content: this.reader.inflate(header).content });
        break;
      }
      if (chain.push({ offset: at, header }) > LONGEST_CHAIN) throw new Error('a chain of deltas has no end');
      const base = header.baseOffset ?? this.#byId.get(header.baseId ?? '');
      const next = base === undefined ? undefined : this.#headers.get(base);
      if (base !== undefined && next === undefined) throw new Error('a delta builds on what is no object');
      if (base === undefined || next === undefined) {
        object = this.findOutside(header.baseId ?? '');
        if (object === undefined) return undefined;
      } else [at, header] = [base, next];
    }
    for (const { offset: at, header } of chain.reverse()) {
      const { content } = this.reader.inflate(header);
      object = this.#keep(at, { type: object.type, content: applyDelta(object.content, content, 'the pack') });
    }
    return object;
  }

  #keep(offset: number, object: GitObject): GitObject {
    if (object.content.length > KEPT_BYTES / 8) return object;
    this.#kept.set(offset, object);
    this.#keptBytes += object.content.length;
    for (const [oldest, { content }] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= content.length;
    }
    return object;
  }

  #crc(from: number, to: number): number {
    let crc = 0;
    this.reader.forEachPiece(from, to, (piece) => {
      crc = crc32(piece, crc);
    });
    return crc;
  }
}

/** A delta begins with the sizes of what it changes and of what comes out. */
const deltaResultSize = (delta: Buffer): number => {
  let at = 0;
  while (((delta[at++] ?? 0) & 0x80) !== 0);
  let size = 0;
  for (let factor = 1; ; factor *= 128) {
    const byte = delta[at++] ?? 0;
    size += (byte & 0x7f) * factor;
    if ((byte & 0x80) === 0) return size;
  }
};
