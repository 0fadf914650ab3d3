/** Framing of SPDY/3.1 as far as Kubernetes uses it. */
const VERSION = 3;

export const FRAME = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export const FLAG_FIN = 0x01;

export type Frame =
  | { readonly kind: 'control'; readonly type: number; readonly flags: number; readonly payload: Buffer }
  | { readonly kind: 'data'; readonly streamId: number; readonly flags: number; readonly payload: Buffer };

const HEADER_BYTES = 8;
/** No client sends frames that large; a length beyond is nonsense or an attack. */
const MOST_PAYLOAD_BYTES = 1024 * 1024;

/** Cuts a byte stream into frames. */
export class FrameParser {
  #buffered: Buffer = Buffer.alloc(0);

  /** The frames that are complete with this chunk. Throws for what is not SPDY/3. */
  push(chunk: Buffer): readonly Frame[] {
    this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk]);
    const frames: Frame[] = [];
    while (this.#buffered.length >= HEADER_BYTES) {
      const length = this.#buffered.readUIntBE(5, 3);
      if (length > MOST_PAYLOAD_BYTES) throw new Error(`SPDY frame of ${length} bytes`);
      if (this.#buffered.length < HEADER_BYTES + length) break;
      frames.push(readFrame(this.#buffered, length));
      this.#buffered = this.#buffered.subarray(HEADER_BYTES + length);
    }
    return frames;
  }
}

const readFrame = (buffer: Buffer, length: number): Frame => {
  const first = buffer.readUInt32BE(0);
  const flags = buffer.readUInt8(4);
  const payload = buffer.subarray(HEADER_BYTES, HEADER_BYTES + length);
  if (first < 0x8000_0000) return { kind: 'data', streamId: first, flags, payload };
  const version = (first >>> 16) & 0x7fff;
  if (version !== VERSION) throw new Error(`SPDY version ${version}`);
  return { kind: 'control', type: first & 0xffff, flags, payload };
};

export const controlFrame = (type: number, flags: number, payload: Buffer): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE((0x8000_0000 + VERSION * 0x1_0000 + type) >>> 0, 0);
  header.writeUInt8(flags, 4);
  header.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([header, payload]);
};

export const dataFrame = (streamId: number, flags: number, payload: Buffer): Buffer => {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(streamId, 0);
  header.writeUInt8(flags, 4);
  header.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([header, payload]);
};

/** Numbers of four bytes, as most control frames consist of. */
export const words = (...values: readonly number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) buffer.writeUInt32BE(value, index * 4);
  return buffer;
};
