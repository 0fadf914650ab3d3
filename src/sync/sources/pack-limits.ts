import { setImmediate } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import { SourceError } from './errors.js';

/** What a pack may hold. Sizes are those of objects after they are unpacked. */
export interface PackLimits {
  readonly maxObjectBytes: number;
  readonly maxTotalBytes: number;
}

export const DEFAULT_PACK_LIMITS: PackLimits = {
  maxObjectBytes: 256 * 1024 * 1024,
  maxTotalBytes: 2 * 1024 * 1024 * 1024,
};

/** Unpacked bytes after which others get their turn. */
const TURN_BYTES = 8 * 1024 * 1024;
const OFFSET_DELTA = 6;
const REFERENCE_DELTA = 7;

/** The pack in an answer to a fetch: what the packets of the first side band say together. */
export const packIn = (answer: Buffer): Buffer => {
  const parts: Buffer[] = [];
  for (let at = 0; at + 4 <= answer.length; ) {
    const length = Number.parseInt(answer.toString('latin1', at, at + 4), 16);
    if (Number.isNaN(length)) break;
    if (length > 4 && answer[at + 4] === 1) parts.push(answer.subarray(at + 5, at + length));
    at += Math.max(4, length);
  }
  return Buffer.concat(parts);
};

/**
 * Reads through a pack and throws `too-large` when something in it would unpack to more than the limits, however small
 * it is packed: what reads packs after this keeps whole objects in memory.
 */
export const checkPack = async (pack: Buffer, limits: PackLimits, name: string): Promise<void> => {
  if (pack.length < 12 || pack.toString('latin1', 0, 4) !== 'PACK') return;
  const count = pack.readUInt32BE(8);
  let total = 0;
  let turn = 0;
  const add = (bytes: number): void => {
    total += bytes;
    if (bytes <= limits.maxObjectBytes && total <= limits.maxTotalBytes) return;
    const what =
      bytes > limits.maxObjectBytes ? `an object of ${bytes} bytes` : `more than ${limits.maxTotalBytes} bytes`;
    throw new SourceError('too-large', `Cannot read ${name}: the commit has ${what}, which is over the limit`);
  };
  let at = 12;
  for (let index = 0; index < count; index++) {
    const header = readHeader(pack, at);
    add(header.size);
    const { content, used } = inflate(pack, header.next, header.size, name);
    if (header.isDelta) add(deltaResultSize(content));
    at = header.next + used;
    turn += header.size;
    if (turn < TURN_BYTES) continue;
    turn = 0;
    await setImmediate();
  }
};

const inflate = (
  pack: Buffer,
  at: number,
  size: number,
  name: string,
): { readonly content: Buffer; readonly used: number } => {
  try {
    const { buffer, engine } = inflateSync(pack.subarray(at), {
      info: true,
      maxOutputLength: Math.max(size, 1),
    }) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    return { content: buffer, used: engine.bytesWritten };
  } catch (error) {
    throw new SourceError('corrupt', `Cannot read ${name}: the server sent a damaged pack`, { cause: error });
  }
};

/** Type and size of an object, and where its compressed content begins. */
const readHeader = (
  pack: Buffer,
  from: number,
): { readonly size: number; readonly next: number; readonly isDelta: boolean } => {
  let at = from;
  let byte = pack[at++] ?? 0;
  const type = (byte >> 4) & 7;
  let size = byte & 15;
  for (let factor = 16; (byte & 0x80) !== 0; factor *= 128) {
    byte = pack[at++] ?? 0;
    size += (byte & 0x7f) * factor;
  }
  if (type === OFFSET_DELTA) {
    while (((pack[at++] ?? 0) & 0x80) !== 0);
  } else if (type === REFERENCE_DELTA) {
    at += 20;
  }
  return { size, next: at, isDelta: type === OFFSET_DELTA || type === REFERENCE_DELTA };
};

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
