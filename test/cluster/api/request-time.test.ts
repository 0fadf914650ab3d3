import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { Traffic } from '../../../src/cluster/api/http/traffic/traffic.js';
import { createMemoryStore } from '../../../src/cluster/store/memory-store.js';
import { ServerUnderTest } from './server-under-test.js';

const MAPS = '/api/v1/namespaces/default/configmaps';
const TOO_LATE =
  '{"metadata":{},"status":"Failure","message":"Timeout: request did not complete within the allotted timeout",' +
  '"reason":"Timeout","details":{},"code":504}\n';

/** A connection on which requests are written by hand. */
class Raw {
  readonly ended: Promise<void>;
  #text = '';

  private constructor(private readonly socket: TLSSocket) {
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.#text += text;
    });
    this.ended = once(socket, 'end').then(() => undefined);
  }

  static async to({ server }: ServerUnderTest): Promise<Raw> {
    const socket = connect({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    return new Raw(socket);
  }

  write(text: string): void {
    this.socket.write(text);
  }

  close(): void {
    this.socket.destroy();
  }

  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#text)) await once(this.socket, 'data');
  }

  /** Everything that was answered, when the server has ended the connection. */
  async rest(): Promise<string> {
    await this.ended;
    this.socket.destroy();
    return this.#text;
  }
}

const head = (server: ServerUnderTest, line: string, ...more: readonly string[]): string =>
  [`${line} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${server.credentials.adminToken}`, ...more, '', ''].join(
    '\r\n',
  );

const JSON_BODY = 'Content-Type: application/json';

describe('the time of a request', () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await ServerUnderTest.start();
  });
  after(() => server.stop());

  it('is what it asks for, in the words of Kubernetes', async () => {
    const past = await server.ask(`${MAPS}?timeout=1ns`);
    assert.deepEqual([past.code, past.text], [504, TOO_LATE]);
    assert.equal(past.headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal((await server.ask('/version?timeout=1ns')).code, 504);
    for (const given of ['', '0', '0s', '-1s', '10000h']) {
      assert.equal((await server.ask(`${MAPS}?timeout=${given}`)).code, 200, given);
    }
  });

  it('must be a duration', async () => {
    const wrong = await server.ask(`${MAPS}?timeout=abc`);
    assert.equal(wrong.code, 400);
    const message = 'invalid timeout specified in the request URL - time: invalid duration "abc"';
    assert.equal(wrong.json()['message'], message);
    const bare = await server.ask('/healthz?timeout=1');
    assert.equal(bare.json()['message'], message.replace('invalid duration "abc"', 'missing unit in duration "1"'));
  });

  it('does not end what lasts for long', async () => {
    const watch = await Raw.to(server);
    watch.write(head(server, `GET ${MAPS}?watch=1&timeout=1ns&resourceVersion=0`));
    await watch.until(/^HTTP\/1\.1 200 OK[^]*\r\n\r\n/);
    watch.close();
  });

  it('ends while the body is on its way', async () => {
    const late = await ServerUnderTest.start(createMemoryStore(), new Traffic({ requestMs: 30 }));
    try {
      const raw = await Raw.to(late);
      raw.write(`${head(late, `POST ${MAPS}`, JSON_BODY, 'Content-Length: 100')}{"metadata"`);
      const answer = await raw.rest();
      assert.match(answer, /^HTTP\/1\.1 504 Gateway Timeout\r\n/);
      assert.match(answer, /^Connection: close\r$/m);
      assert.ok(answer.endsWith(TOO_LATE));
    } finally {
      await late.stop();
    }
  });
});

describe('what cannot be read as a request', () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await ServerUnderTest.start();
  });
  after(() => server.stop());

  it('is refused, and may have headers of up to a megabyte', async () => {
    const size = async (bytes: number): Promise<string> => {
      const raw = await Raw.to(server);
      raw.write(head(server, 'GET /version', 'Connection: close', `X-Long: ${'a'.repeat(bytes)}`));
      return (await raw.rest()).slice(0, 12);
    };
    assert.equal(await size(100_000), 'HTTP/1.1 200');
    assert.equal(await size(1_200_000), 'HTTP/1.1 431');
    const raw = await Raw.to(server);
    raw.write('GET\r\n\r\n');
    assert.match(await raw.rest(), /^HTTP\/1\.1 400 [^]*\r\n\r\n400 Bad Request$/);
  });

  it('is told to clients that are still sending', async () => {
    const raw = await Raw.to(server);
    raw.write(head(server, `POST ${MAPS}`, JSON_BODY, 'Content-Length: 4000000') + 'x'.repeat(4_000_000));
    assert.match(await raw.rest(), /^HTTP\/1\.1 413 [^]*"Request entity too large: limit is 3145728"/);
  });
});

describe('a server that is closed', () => {
  it('finishes what is under way and ends watches', async () => {
    const server = await ServerUnderTest.start();
    const [watch, write, slow] = [await Raw.to(server), await Raw.to(server), await Raw.to(server)];
    watch.write(head(server, `GET ${MAPS}?watch=1&resourceVersion=0&allowWatchBookmarks=true`));
    await watch.until(/\r\n\r\n/);
    const body = JSON.stringify({ metadata: { name: 'late' } });
    for (const raw of [write, slow]) {
      raw.write(head(server, `POST ${MAPS}`, JSON_BODY, 'Expect: 100-continue', `Content-Length: ${body.length}`));
      await raw.until(/100 Continue/);
    }
    const closed = server.server.close();
    // In chunks, with the empty one that says that nothing is missing.
    assert.match(await watch.rest(), /"BOOKMARK"[^]*\r\n0\r\n\r\n$/);
    write.write(body);
    assert.match(await write.rest(), /HTTP\/1\.1 201 Created/);
    slow.write(body);
    assert.match(await slow.rest(), /HTTP\/1\.1 409 Conflict/);
    await closed;
    await server.stop().catch(() => undefined);
  });
});
