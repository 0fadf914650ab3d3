import { constants, createDeflate, createInflate } from 'node:zlib';
import type { Deflate, Inflate } from 'node:zlib';
import { SPDY_DICTIONARY } from './dictionary.js';

export type SpdyHeaders = ReadonlyMap<string, string>;

/** Larger header blocks are an attack: those of kubectl have a few hundred bytes. */
const MOST_BYTES = 64 * 1024;

/** Feeds one piece through a stream whose state goes on with the next piece. */
const feed = (stream: Deflate | Inflate, input: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const output: Buffer[] = [];
    let size = 0;
    const finish = (error?: Error | null): void => {
      stream.off('data', collect);
      stream.off('error', finish);
      if (error instanceof Error) reject(error);
      else resolve(Buffer.concat(output));
    };
    const collect = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > MOST_BYTES) stream.destroy(new Error('SPDY header block is too large'));
      else output.push(chunk);
    };
    stream.on('data', collect);
    stream.once('error', finish);
    stream.write(input);
    stream.flush(constants.Z_SYNC_FLUSH, () => finish());
  });

/** Header blocks of one direction of a connection; one compression runs through all of them. */
export class HeaderWriter {
  readonly #deflate = createDeflate({ dictionary: SPDY_DICTIONARY });

  write(headers: SpdyHeaders): Promise<Buffer> {
    return feed(this.#deflate, encodePairs(headers));
  }

  close(): void {
    this.#deflate.destroy();
  }
}

export class HeaderReader {
  readonly #inflate = createInflate({ dictionary: SPDY_DICTIONARY });

  async read(block: Buffer): Promise<SpdyHeaders> {
    return decodePairs(await feed(this.#inflate, block));
  }

  close(): void {
    this.#inflate.destroy();
  }
}

const withLength = (text: string): readonly Buffer[] => {
  const content = Buffer.from(text, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return [length, content];
};

const encodePairs = (headers: SpdyHeaders): Buffer => {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(headers.size);
  const pairs = [...headers].flatMap(([name, value]) => [...withLength(name.toLowerCase()), ...withLength(value)]);
  return Buffer.concat([count, ...pairs]);
};

/** Names are lower case; of several values of a name the first counts. Throws when the block is cut off. */
const decodePairs = (block: Buffer): SpdyHeaders => {
  const headers = new Map<string, string>();
  let offset = 0;
  const number = (): number => {
    const value = block.readUInt32BE(offset);
    offset += 4;
    return value;
  };
  const text = (): string => {
    const length = number();
    if (offset + length > block.length) throw new Error('SPDY header block is cut off');
    offset += length;
    return block.toString('latin1', offset - length, offset);
  };
  for (let left = number(); left > 0; left -= 1) {
    const name = text().toLowerCase();
    headers.set(name, text().split('\0', 1)[0] ?? '');
  }
  return headers;
};
