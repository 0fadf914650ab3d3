import { createHash } from 'node:crypto';

/** One object of a pack, as its index names it. */
export interface IndexEntry {
  /** Hexadecimal. */
  readonly id: string;
  /** Of the compressed entry with its header. */
  readonly crc: number;
  readonly offset: number;
}

const LARGE = 0x80000000;

/** A pack index of version 2 (gitformat-pack(5)), byte for byte as git writes it. `trailer`: the pack's checksum. */
export const packIndex = (entries: readonly IndexEntry[], trailer: Buffer): Buffer => {
  const sorted = [...entries].sort((left, right) => (left.id < right.id ? -1 : left.id > right.id ? 1 : 0));
  const fanout = Buffer.alloc(1024);
  const names = Buffer.alloc(sorted.length * 20);
  const crcs = Buffer.alloc(sorted.length * 4);
  const offsets = Buffer.alloc(sorted.length * 4);
  const large: number[] = [];
  const counts = Array.from({ length: 256 }, () => 0);
  for (const [position, { id, crc, offset }] of sorted.entries()) {
    names.write(id, position * 20, 'hex');
    crcs.writeUInt32BE(crc, position * 4);
    const first = Number.parseInt(id.slice(0, 2), 16);
    counts[first] = (counts[first] ?? 0) + 1;
    if (offset < LARGE) offsets.writeUInt32BE(offset, position * 4);
    else offsets.writeUInt32BE(LARGE + large.push(offset) - 1, position * 4);
  }
  let sum = 0;
  for (const [first, count] of counts.entries()) fanout.writeUInt32BE((sum += count), first * 4);
  const larges = Buffer.alloc(large.length * 8);
  for (const [position, offset] of large.entries()) larges.writeBigUInt64BE(BigInt(offset), position * 8);
  const head = Buffer.from('ff744f6300000002', 'hex');
  const body = Buffer.concat([head, fanout, names, crcs, offsets, larges, trailer]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
};
