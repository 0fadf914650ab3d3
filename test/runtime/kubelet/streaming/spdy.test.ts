import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { deflateSync } from 'node:zlib';
import { SPDY_DICTIONARY } from '../../../../src/runtime/kubelet/streaming/spdy/dictionary.js';
import {
  controlFrame,
  dataFrame,
  FRAME,
  FrameParser,
  words,
} from '../../../../src/runtime/kubelet/streaming/spdy/frames.js';
import { HeaderReader, HeaderWriter } from '../../../../src/runtime/kubelet/streaming/spdy/headers.js';
import type { SpdyStream } from '../../../../src/runtime/kubelet/streaming/spdy/spdy-connection.js';
import { SpdyConnection } from '../../../../src/runtime/kubelet/streaming/spdy/spdy-connection.js';
import { SpdyClient } from '../spdy-client.js';

/** Two ends of one connection. */
const pair = (): readonly [Duplex, Duplex] => {
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        if (!other().destroyed) other().push(chunk);
        done();
      },
      final: (done) => {
        other().push(null);
        done();
      },
    });
  const a: Duplex = end(() => b);
  const b: Duplex = end(() => a);
  return [a, b];
};

describe('SPDY_DICTIONARY', () => {
  it('is the one of SPDY/3: its checksum stands in every compressed header block', () => {
    const compressed = deflateSync('x', { dictionary: SPDY_DICTIONARY });
    assert.equal(compressed.subarray(0, 6).toString('hex'), '78bbe3c6a7c2');
  });
});

describe('HeaderWriter and HeaderReader', () => {
  it('carry one compression through all blocks', async () => {
    const writer = new HeaderWriter();
    const reader = new HeaderReader();
    const headers = new Map([
      ['streamtype', 'data'],
      ['port', '8080'],
    ]);
    const sizes: number[] = [];
    for (let block = 0; block < 3; block += 1) {
      const bytes = await writer.write(headers);
      sizes.push(bytes.length);
      assert.deepEqual(await reader.read(bytes), headers);
    }
    assert.ok((sizes[1] ?? 0) < (sizes[0] ?? 0));
    writer.close();
    reader.close();
  });

  it('refuse blocks that are no headers', async () => {
    const reader = new HeaderReader();
    await assert.rejects(reader.read(Buffer.from('nonsense')));
    reader.close();
  });
});

describe('FrameParser', () => {
  it('finds frames however the bytes are cut', () => {
    const bytes = Buffer.concat([controlFrame(FRAME.ping, 0, words(7)), dataFrame(3, 1, Buffer.from('hello'))]);
    for (let size = 1; size <= bytes.length; size += 1) {
      const parser = new FrameParser();
      const frames = [];
      for (let at = 0; at < bytes.length; at += size) frames.push(...parser.push(bytes.subarray(at, at + size)));
      assert.deepEqual(
        frames.map(({ kind, payload }) => [kind, payload.toString('latin1')]),
        [
          ['control', '\0\0\0\x07'],
          ['data', 'hello'],
        ],
      );
    }
  });

  it('refuses other versions and enormous frames', () => {
    assert.throws(() => new FrameParser().push(Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0])), /version 2/);
    assert.throws(() => new FrameParser().push(Buffer.from([0, 0, 0, 1, 0, 0xff, 0xff, 0xff])), /bytes/);
  });
});

describe('SpdyConnection', () => {
  const connect = (onStream: (stream: SpdyStream) => boolean) => {
    const [near, far] = pair();
    return { connection: new SpdyConnection(near, onStream), client: new SpdyClient(far), near };
  };

  it('echoes', async () => {
    const { connection, client } = connect((stream) => {
      stream.pipe(stream);
      return true;
    });
    const ids = [await client.open({ a: '1' }), await client.open({ a: '2' })];
    for (const id of ids) {
      client.send(id, `stream ${id}`);
      client.end(id);
    }
    await Promise.all(ids.map((id) => client.untilEnded(id)));
    assert.deepEqual(
      ids.map((id) => client.text(id)),
      ['stream 1', 'stream 3'],
    );
    assert.deepEqual(client.replies, [1, 3]);
    connection.close();
    client.close();
  });

  it('resets streams that nobody wants', async () => {
    const { connection, client } = connect(() => false);
    const id = await client.open({});
    await client.untilEnded(id);
    assert.deepEqual(client.resets, [id]);
    connection.close();
    client.close();
  });

  it('stops reading while nobody reads a stream', async () => {
    let stream: SpdyStream | undefined;
    const { connection, client, near } = connect((opened) => {
      stream = opened;
      return true;
    });
    const id = await client.open({});
    for (let part = 0; part < 8; part += 1) client.send(id, 'x'.repeat(16_384));
    while (!near.isPaused()) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(stream);
    let size = 0;
    for await (const chunk of stream) {
      size += (chunk as Buffer).length;
      if (size === 8 * 16_384) break;
    }
    assert.equal(size, 8 * 16_384);
    connection.close();
    client.close();
  });
});
