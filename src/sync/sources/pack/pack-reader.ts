import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createInflate, inflateSync } from 'node:zlib';

const WINDOW_BYTES = 1024 * 1024;
/** Objects up to this size are inflated at once; larger ones piece by piece, so that they are never whole in memory. */
const WHOLE_BYTES = 1024 * 1024;
const OFFSET_DELTA = 6;
const REFERENCE_DELTA = 7;
/** Bytes of an object's name: packs of the SHA-1 format. */
const NAME_BYTES = 20;
/** Type, size and base are never longer. */
const HEADER_BYTES = 64;

/** What stands before an object's compressed content. */
export interface EntryHeader {
  /** 1 commit, 2 tree, 3 blob, 4 tag, 6 and 7 deltas. */
  readonly code: number;
  /** Bytes of the content, or of the delta, when inflated. */
  readonly size: number;
  /** Where the compressed content begins. */
  readonly data: number;
  readonly baseOffset?: number;
  readonly baseId?: string;
}

/** A pack on disk, read through a window: nothing of it is in memory for long. */
export class PackReader {
  readonly size: number;
  readonly #file: number;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    this.size = fstatSync(this.#file).size;
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Up to `length` bytes: fewer only at the end. Good until the next call. */
  bytes(at: number, length: number): Buffer {
    const end = Math.min(at + length, this.size);
    if (at >= this.#windowAt && end <= this.#windowAt + this.#window.length) {
      return this.#window.subarray(at - this.#windowAt, end - this.#windowAt);
    }
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(Math.max(length, WINDOW_BYTES), this.size - at)));
    const read = readSync(this.#file, buffer, 0, buffer.length, at);
    this.#window = buffer.subarray(0, read);
    this.#windowAt = at;
    return this.#window.subarray(0, length);
  }

  /** Hands over a stretch of the file in pieces. */
  forEachPiece(from: number, to: number, take: (piece: Buffer) => void): void {
    for (let at = from; at < to; ) {
      const piece = this.bytes(at, Math.min(WINDOW_BYTES, to - at));
      if (piece.length === 0) throw new Error('the pack ends too early');
      take(piece);
      at += piece.length;
    }
  }

  header(offset: number): EntryHeader {
    const bytes = this.bytes(offset, HEADER_BYTES);
    let at = 0;
    const next = (): number => {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('the pack ends inside an object');
      return byte;
    };
    let byte = next();
    const code = (byte >> 4) & 7;
    let size = byte & 15;
    for (let factor = 16; (byte & 0x80) !== 0; factor *= 128) {
      byte = next();
      size += (byte & 0x7f) * factor;
    }
    if (code === REFERENCE_DELTA) {
      const baseId = bytes.toString('hex', at, at + NAME_BYTES);
      return { code, size, data: offset + at + NAME_BYTES, baseId };
    }
    if (code !== OFFSET_DELTA) return { code, size, data: offset + at };
    byte = next();
    let back = byte & 0x7f;
    while ((byte & 0x80) !== 0) {
      byte = next();
      back = (back + 1) * 128 + (byte & 0x7f);
    }
    return { code, size, data: offset + at, baseOffset: offset - back };
  }

  /** The inflated content, and where the next object begins. */
  inflate({ data, size }: EntryHeader): { readonly content: Buffer; readonly end: number } {
    for (let length = size + (size >>> 3) + 256; ; length *= 2) {
      try {
        const { buffer, engine } = inflateSync(this.bytes(data, length), {
          info: true,
          maxOutputLength: Math.max(size, 1),
        }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
        if (buffer.length !== size) throw new Error(`an object has ${buffer.length} bytes instead of ${size}`);
        return { content: buffer, end: data + engine.bytesWritten };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'Z_BUF_ERROR' || data + length >= this.size) throw error;
      }
    }
  }

  /** Hands over the inflated content in pieces; returns where the next object begins. */
  async inflatePieces(header: EntryHeader, take: (piece: Buffer) => void): Promise<number> {
    if (header.size <= WHOLE_BYTES) {
      const { content, end } = this.inflate(header);
      take(content);
      return end;
    }
    const inflate = createInflate();
    let size = 0;
    const ended = new Promise<void>((resolve, reject) => {
      inflate.on('end', resolve).on('error', reject);
    });
    ended.catch(() => undefined);
    inflate.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size > header.size) inflate.destroy(new Error(`an object has more than ${header.size} bytes`));
      else take(piece);
    });
    for (let at = header.data; at < this.size && !inflate.destroyed; ) {
      const piece = this.bytes(at, WINDOW_BYTES);
      at += piece.length;
      await new Promise<void>((resolve) => {
        inflate.write(piece, () => resolve());
      });
      // What comes after the end is not taken in.
      if (inflate.bytesWritten < at - header.data) break;
    }
    inflate.end();
    await ended;
    if (size !== header.size) throw new Error(`an object has ${size} bytes instead of ${header.size}`);
    return header.data + inflate.bytesWritten;
  }
}
