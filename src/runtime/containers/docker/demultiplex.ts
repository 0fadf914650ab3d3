const HEADER_BYTES = 8;

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/**
 * Splits the engine's stream of both outputs: frames of one byte for the stream (1 stdout, 2 stderr), three zero bytes,
 * four bytes of length, and the data. With `tty` there is one stream without frames.
 */
export async function* demultiplex(source: AsyncIterable<Buffer | string>, tty: boolean): AsyncGenerator<OutputChunk> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (tty) {
      yield { stream: 'stdout', data: bytes };
      continue;
    }
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    while (rest.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + rest.readUInt32BE(4);
      if (rest.length < end) break;
      yield { stream: rest[0] === 2 ? 'stderr' : 'stdout', data: rest.subarray(HEADER_BYTES, end) };
      rest = rest.subarray(end);
    }
  }
}
