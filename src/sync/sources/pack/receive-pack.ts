import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const LENGTH_BYTES = 4;
/** Everything in an answer that is not the pack: a list of boundaries and what the server says. */
const MAX_REST_BYTES = 16 * 1024 * 1024;
const PACK_BAND = 1;

/**
 * Writes the pack in an answer to a fetch (the packets of the first side band) to a file, as it arrives. Resolves with
 * the rest of the answer, which holds a pack without objects in place of it, and whether there was one.
 */
export const receivePack = async (
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  file: string,
): Promise<{ readonly rest: Buffer; readonly hasPack: boolean }> => {
  const handle = await open(file, 'w', 0o600);
  const rest: Buffer[] = [];
  let restBytes = 0;
  let packBytes = 0;
  const keep = (packet: Buffer): void => {
    restBytes += packet.length;
    if (restBytes > MAX_REST_BYTES) throw new Error('the answer of the server has no end');
    rest.push(Buffer.from(packet));
  };
  try {
    let left: Buffer = Buffer.alloc(0);
    for await (const chunk of body) {
      const bytes =
        left.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([left, chunk]);
      let at = 0;
      const pieces: Buffer[] = [];
      while (at + LENGTH_BYTES <= bytes.length) {
        const length = Number.parseInt(bytes.toString('latin1', at, at + LENGTH_BYTES), 16);
        if (Number.isNaN(length)) throw new Error('the answer is not that of a Git server');
        const end = at + Math.max(LENGTH_BYTES, length);
        if (end > bytes.length) break;
        if (length > LENGTH_BYTES && bytes[at + LENGTH_BYTES] === PACK_BAND) {
          pieces.push(bytes.subarray(at + LENGTH_BYTES + 1, end));
        } else if (length > 0) keep(bytes.subarray(at, end));
        at = end;
      }
      for (const piece of pieces) packBytes += piece.length;
      if (pieces.length > 0) await handle.writev(pieces);
      left = Buffer.from(bytes.subarray(at));
    }
    if (left.length > 0) keep(left);
  } finally {
    await handle.close();
  }
  if (packBytes === 0) return { rest: Buffer.concat(rest), hasPack: false };
  return { rest: Buffer.concat([...rest, emptyPackPacket(), Buffer.from('0000')]), hasPack: true };
};

const emptyPackPacket = (): Buffer => {
  const head = Buffer.from('5041434b0000000200000000', 'hex');
  const pack = Buffer.concat([head, createHash('sha1').update(head).digest()]);
  const length = (LENGTH_BYTES + 1 + pack.length).toString(16).padStart(LENGTH_BYTES, '0');
  return Buffer.concat([Buffer.from(length), Buffer.from([PACK_BAND]), pack]);
};
