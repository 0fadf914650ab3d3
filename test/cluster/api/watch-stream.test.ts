import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { streamWatch } from '../../../src/cluster/api/http/watch-stream.js';
import type { WatchFrame } from '../../../src/cluster/api/operations/watch.js';
import { ResourceRegistry } from '../../../src/cluster/api/resource-registry.js';

describe('streamWatch', () => {
  it('closes the connection of a client that does not read', async () => {
    const resource = new ResourceRegistry().find('v1', 'configmaps');
    assert.ok(resource);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { x: 'x'.repeat(1 << 20) } };
    let sent = 0;
    const endless = async function* (): AsyncGenerator<WatchFrame> {
      for (; sent < 1000; sent += 1) yield await Promise.resolve({ type: 'ADDED' as const, item: { object } });
    };
    const server = createServer((_request, response) => {
      void streamWatch(response, endless(), resource, undefined, 50);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const asked = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.pause();
    answer.on('error', () => undefined);
    await new Promise((resolve) => server.close(resolve));
    assert.ok(sent < 1000, 'it stopped before everything was written');
    answer.destroy();
  });
});
