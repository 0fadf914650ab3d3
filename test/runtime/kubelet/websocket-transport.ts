import { Duplex } from 'node:stream';

/**
 * A byte stream over binary WebSocket messages, from an upgraded connection. By hand, as the library refuses the
 * subprotocol that tunnels SPDY. Frames of the server are never masked nor fragmented here.
 */
export const websocketTransport = (connection: Duplex): Duplex => {
  let buffered = Buffer.alloc(0);
  const transport = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      connection.write(maskedFrame(chunk), (error) => done(error));
    },
    destroy: (error, done) => {
      connection.destroy();
      done(error);
    },
  });
  connection.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (;;) {
      const frame = readFrame(buffered);
      if (frame === undefined) return;
      buffered = buffered.subarray(frame.end);
      if (frame.opcode === 2) transport.push(frame.payload);
      else if (frame.opcode === 8) transport.push(null);
    }
  });
  connection.once('close', () => transport.destroy());
  connection.on('error', () => undefined);
  return transport;
};

const maskedFrame = (payload: Buffer): Buffer => {
  const header = Buffer.alloc(14);
  header[0] = 0x82;
  header[1] = 0x80 | 127;
  header.writeBigUInt64BE(BigInt(payload.length), 2);
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([header, payload]);
};

const readFrame = (buffer: Buffer): { opcode: number; payload: Buffer; end: number } | undefined => {
  const [first, second] = buffer;
  if (first === undefined || second === undefined) return undefined;
  const short = second & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (buffer.length < 2 + extra) return undefined;
  const length = extra === 2 ? buffer.readUInt16BE(2) : extra === 8 ? Number(buffer.readBigUInt64BE(2)) : short;
  const end = 2 + extra + length;
  return buffer.length < end ? undefined : { opcode: first & 0x0f, payload: buffer.subarray(2 + extra, end), end };
};
