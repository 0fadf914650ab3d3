import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { WebSocket } from 'ws';
import { decodeProtobuf } from '../../../src/objects/protobuf/protobuf.js';
import { WireReader } from '../../../src/objects/protobuf/wire-reader.js';
import { ServerUnderTest } from './server-under-test.js';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

interface Event {
  readonly type: string;
  readonly object: Readonly<Record<string, unknown>> & { readonly metadata: Readonly<Record<string, unknown>> };
}

/** The frames of a watch in protobuf: each follows its length. */
const eventsIn = (bytes: Buffer): readonly Event[] => {
  const events: Event[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    const frame = new WireReader(bytes.subarray(at + 4, end));
    assert.equal(frame.tag().number, 1);
    const type = frame.text();
    assert.equal(frame.tag().number, 2);
    const extension = new WireReader(frame.span());
    assert.equal(extension.tag().number, 1);
    events.push({ type, object: decodeProtobuf(extension.span()) as unknown as Event['object'] });
    at = end;
  }
  return events;
};

describe('a watch', () => {
  let server: ServerUnderTest;
  before(async () => {
    server = await ServerUnderTest.start();
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'seen' }, data: { a: '1' } };
    await server.ask(CONFIG_MAPS, { method: 'POST', body });
  });
  after(() => server.stop());

  const headers = (): Record<string, string> => ({ authorization: `Bearer ${server.credentials.adminToken}` });

  /** What a watch sends until it ends, or until it is enough. */
  const read = async (
    query: string,
    accept: string,
    isEnough: (bytes: Buffer) => boolean,
  ): Promise<{ answer: IncomingMessage; bytes: Buffer }> => {
    const asked = get({
      host: '127.0.0.1',
      port: server.server.port,
      path: `${CONFIG_MAPS}?watch=1${query}`,
      headers: { ...headers(), accept },
      agent: server.agent,
    });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    let bytes = Buffer.alloc(0);
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes = Buffer.concat([bytes, chunk]);
      if (isEnough(bytes)) break;
    }
    return { answer, bytes };
  };

  const STATE = '&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
  const isMarked = (bytes: Buffer): boolean => bytes.includes('BOOKMARK');

  it('is sent as protobuf to those who take nothing else, each frame after its length', async () => {
    const { answer, bytes } = await read(STATE, PROTOBUF, isMarked);
    assert.equal(answer.headers['content-type'], `${PROTOBUF};stream=watch`);
    const events = eventsIn(bytes);
    assert.deepEqual([events[0]?.type, events.at(-1)?.type], ['ADDED', 'BOOKMARK']);
    const seen = events.find(({ object }) => object.metadata['name'] === 'seen');
    assert.deepEqual(seen?.object['data'], { a: '1' });
    assert.match(String(events.at(-1)?.object.metadata['resourceVersion']), /^\d+$/);
  });

  it('tells metadata only as protobuf as well, and its end when the version is forgotten', async () => {
    const { bytes } = await read(STATE, `${PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`, isMarked);
    assert.equal(eventsIn(bytes)[0]?.object['kind'], 'PartialObjectMetadata');
    await server.api.pipeline.machinery.store.compact(server.api.pipeline.machinery.store.revision);
    const [end] = eventsIn((await read('&resourceVersion=1', PROTOBUF, () => false)).bytes);
    assert.deepEqual([end?.type, end?.object['reason']], ['ERROR', 'Expired']);
  });

  it('has no form for Tables in protobuf', async () => {
    const accept = `${PROTOBUF};as=Table;g=meta.k8s.io;v=v1`;
    assert.equal((await server.ask(CONFIG_MAPS, { headers: { accept } })).code, 406);
  });

  it('is told over a websocket, a message for each frame', async () => {
    const url = `wss://127.0.0.1:${server.server.port}${CONFIG_MAPS}?watch=1&fieldSelector=metadata.name%3Dlater&timeoutSeconds=30`;
    const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(server.credentials.adminToken).toString('base64url')}`;
    const socket = new WebSocket(url, [protocol, 'events'], { rejectUnauthorized: false });
    await once(socket, 'open');
    assert.equal(socket.protocol, 'events');
    const message = once(socket, 'message');
    await server.ask(CONFIG_MAPS, { method: 'POST', body: { metadata: { name: 'other' } } });
    await server.ask(CONFIG_MAPS, { method: 'POST', body: { metadata: { name: 'later' } } });
    const [data, isBinary] = (await message) as [Buffer, boolean];
    assert.equal(isBinary, false);
    const event = JSON.parse(data.toString('utf8')) as Event;
    assert.deepEqual([event.type, event.object.metadata['name']], ['ADDED', 'later']);
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  });

  it('over a websocket is refused like any other request', async () => {
    const url = `wss://127.0.0.1:${server.server.port}${CONFIG_MAPS}?watch=1`;
    const socket = new WebSocket(url, { rejectUnauthorized: false });
    const [error] = (await once(socket, 'error')) as [Error];
    assert.match(error.message, /401/);
  });
});
