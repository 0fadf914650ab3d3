import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFrameEncoder } from '../../../src/cluster/api/http/watch-encoding.js';
import { responseSink } from '../../../src/cluster/api/http/watch-response.js';
import { streamWatch } from '../../../src/cluster/api/http/watch-stream.js';
import type { ObjectWatch } from '../../../src/cluster/api/operations/watch.js';
import { ResourceRegistry } from '../../../src/cluster/api/resource-registry.js';

describe('streamWatch', () => {
  it('closes the connection of a client that does not read', async () => {
    const resource = new ResourceRegistry().find('v1', 'configmaps');
    assert.ok(resource);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { x: 'x'.repeat(1 << 20) } };
    let sent = 0;
    let markClosed = (): void => undefined;
    const watchClosed = new Promise<void>((resolve) => {
      markClosed = resolve;
    });
    const endless: ObjectWatch = {
      onReady: () => undefined,
      take: () => {
        sent += 1;
        return sent > 1000 ? [] : [{ type: 'ADDED', item: { object }, shared: false }];
      },
      remind: () => undefined,
      close: () => markClosed(),
    };
    const encoder = createFrameEncoder(resource, { format: 'json', asVersion: '' }, '');
    const signal = new AbortController().signal;
    const server = createServer((_request, response) => {
      const sink = responseSink(response, encoder.contentType);
      void streamWatch(sink, endless, encoder, { lastsMs: 60_000, signal, stalledMs: 50 });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const asked = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.pause();
    answer.on('error', () => undefined);
    await new Promise((resolve) => server.close(resolve));
    assert.ok(sent < 1000, 'it stopped before everything was written');
    await watchClosed;
    answer.destroy();
  });
});
