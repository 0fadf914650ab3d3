import { nodeZlib } from '../builtin-modules.js';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

/** The types in a pack's object headers. */
const TYPES = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' } as const;
const OFS_DELTA = 6;
const REF_DELTA = 7;
/** An object header with the name of its delta base is never longer. */
const HEADER_BYTES = 64;
/** Read at once from a pack for one object: most trees and manifests fit. */
const FIRST_READ = 4096;

export type GitObjectType = (typeof TYPES)[keyof typeof TYPES];

export interface GitObject {
  readonly type: GitObjectType;
  readonly content: Buffer;
}

interface Header {
  readonly code: number;
  /** Bytes after inflating: of the object, or of the delta. */
  readonly size: number;
  /** Where the compressed data starts. */
  readonly data: number;
  readonly baseOffset?: number;
  readonly baseId?: string;
}

/** Looks an object up outside this pack: a thin pack's delta base. */
export type FindBase = (id: string) => GitObject;

/**
 * One pack and its index (version 2, gitformat-pack(5)). The index is held in memory; of the pack only what an object
 * needs is read, so that a repository with huge files costs nothing until one of them is asked for.
 */
export class GitPack {
  readonly #index: Buffer;
  readonly #count: number;
  readonly #file: number;
  readonly #packSize: number;
  readonly #bases = new Map<number, GitObject>();
  #baseBytes = 0;

  constructor(
    readonly path: string,
    private readonly hashBytes: number,
  ) {
    this.#index = readFileSync(path.replace(/\.pack$/, '.idx'));
    if (this.#index.length < 1032 || this.#index.readUInt32BE(0) !== 0xff744f63 || this.#index.readUInt32BE(4) !== 2) {
      throw new Error(`${path}: the index is not a version 2 pack index`);
    }
    this.#count = this.#index.readUInt32BE(8 + 255 * 4);
    this.#file = openSync(path, 'r');
    this.#packSize = fstatSync(this.#file).size;
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Where an object starts in this pack, or undefined. */
  offsetOf(id: string): number | undefined {
    const name = Buffer.from(id, 'hex');
    const first = name[0] ?? 0;
    let low = first === 0 ? 0 : this.#index.readUInt32BE(8 + (first - 1) * 4);
    let high = this.#index.readUInt32BE(8 + first * 4);
    const names = 8 + 1024;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = names + middle * this.hashBytes;
      const order = this.#index.compare(name, 0, this.hashBytes, at, at + this.hashBytes);
      if (order === 0) return this.#offsetAt(middle);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /** The size of an object's content without inflating more than a header. */
  sizeAt(offset: number): number {
    const header = this.#header(offset);
    if (header.code !== OFS_DELTA && header.code !== REF_DELTA) return header.size;
    const start = this.#inflate(header.data, Math.min(header.size, 32), true);
    return readVarint(start, readVarint(start, 0).next).value;
  }

  readAt(offset: number, findBase: FindBase): GitObject {
    const chain: Header[] = [];
    let at: number | undefined = offset;
    let base: GitObject | undefined;
    while (base === undefined) {
      const known: GitObject | undefined = at === undefined ? undefined : this.#bases.get(at);
      if (known !== undefined) {
        base = known;
        break;
      }
      const header: Header = this.#header(at ?? 0);
      const type = TYPES[header.code as keyof typeof TYPES];
      if (type !== undefined) {
        base = { type, content: this.#inflate(header.data, header.size, false) };
        if (chain.length > 0) this.#keepBase(at ?? 0, base);
        break;
      }
      chain.push(header);
      if (chain.length > 4096) throw new Error(`${this.path}: a delta chain has no end`);
      at = header.baseOffset ?? this.offsetOf(header.baseId ?? '');
      if (at === undefined) base = findBase(header.baseId ?? '');
    }
    for (const header of chain.reverse()) {
      const delta = this.#inflate(header.data, header.size, false);
      base = { type: base.type, content: applyDelta(base.content, delta, this.path) };
    }
    return base;
  }

  #keepBase(offset: number, base: GitObject): void {
    if (base.content.length > 1024 * 1024) return;
    if (this.#baseBytes > 8 * 1024 * 1024) {
      this.#bases.clear();
      this.#baseBytes = 0;
    }
    this.#bases.set(offset, base);
    this.#baseBytes += base.content.length;
  }

  #offsetAt(position: number): number {
    const offsets = 8 + 1024 + this.#count * (this.hashBytes + 4);
    const small = this.#index.readUInt32BE(offsets + position * 4);
    if (small < 0x80000000) return small;
    const large = offsets + this.#count * 4 + (small - 0x80000000) * 8;
    return Number(this.#index.readBigUInt64BE(large));
  }

  #header(offset: number): Header {
    const bytes = this.#bytes(offset, HEADER_BYTES);
    let position = 0;
    let byte = byteAt(bytes, position++);
    const code = (byte >> 4) & 7;
    let size = byte & 15;
    for (let scale = 16; (byte & 0x80) !== 0; scale *= 128) {
      byte = byteAt(bytes, position++);
      size += (byte & 0x7f) * scale;
    }
    if (code === REF_DELTA) {
      const baseId = bytes.toString('hex', position, position + this.hashBytes);
      return { code, size, data: offset + position + this.hashBytes, baseId };
    }
    if (code !== OFS_DELTA) return { code, size, data: offset + position };
    byte = byteAt(bytes, position++);
    let back = byte & 0x7f;
    while ((byte & 0x80) !== 0) {
      byte = byteAt(bytes, position++);
      back = (back + 1) * 128 + (byte & 0x7f);
    }
    return { code, size, data: offset + position, baseOffset: offset - back };
  }

  /** Inflates `size` bytes. The compressed length is unknown, so the piece that is read grows until it is enough. */
  #inflate(offset: number, size: number, partial: boolean): Buffer {
    if (size === 0) return Buffer.alloc(0);
    for (let length = Math.max(FIRST_READ, size + (size >>> 3) + 64); ; length *= 2) {
      const input = this.#bytes(offset, length);
      try {
        const output = nodeZlib().inflateSync(input, partial ? { finishFlush: 2 } : {});
        if (partial || output.length === size) return output;
        throw new Error(`an object has ${output.length} bytes instead of ${size}`);
      } catch (error) {
        if (offset + length >= this.#packSize || (error as NodeJS.ErrnoException).code !== 'Z_BUF_ERROR') {
          const message = `${this.path}: cannot read the object at ${offset}: ${(error as Error).message}`;
          throw new Error(message, { cause: error });
        }
      }
    }
  }

  #bytes(offset: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.#packSize - offset)));
    const read = readSync(this.#file, buffer, 0, buffer.length, offset);
    return buffer.subarray(0, read);
  }
}

const byteAt = (bytes: Buffer, position: number): number => {
  const byte = bytes[position];
  if (byte === undefined) throw new Error('the pack ends inside an object');
  return byte;
};

const readVarint = (bytes: Buffer, start: number): { value: number; next: number } => {
  let value = 0;
  let position = start;
  for (let scale = 1; ; scale *= 128) {
    const byte = byteAt(bytes, position++);
    value += (byte & 0x7f) * scale;
    if ((byte & 0x80) === 0) return { value, next: position };
  }
};

/** Rebuilds an object from its base and a delta: copies of pieces of the base, and new bytes. */
export const applyDelta = (base: Buffer, delta: Buffer, place: string): Buffer => {
  const baseSize = readVarint(delta, 0);
  const resultSize = readVarint(delta, baseSize.next);
  if (baseSize.value !== base.length) throw new Error(`${place}: a delta does not fit its base`);
  const result = Buffer.allocUnsafe(resultSize.value);
  let written = 0;
  let position = resultSize.next;
  while (position < delta.length) {
    const command = byteAt(delta, position++);
    if ((command & 0x80) === 0) {
      if (command === 0) throw new Error(`${place}: a delta has a reserved instruction`);
      written += delta.copy(result, written, position, position + command);
      position += command;
      continue;
    }
    let from = 0;
    let length = 0;
    for (let bit = 0; bit < 4; bit++) if ((command & (1 << bit)) !== 0) from += byteAt(delta, position++) * 256 ** bit;
    for (let bit = 0; bit < 3; bit++) {
      if ((command & (16 << bit)) !== 0) length += byteAt(delta, position++) * 256 ** bit;
    }
    if (length === 0) length = 0x10000;
    written += base.copy(result, written, from, from + length);
  }
  if (written !== result.length) throw new Error(`${place}: a delta gives ${written} bytes, not ${result.length}`);
  return result;
};
