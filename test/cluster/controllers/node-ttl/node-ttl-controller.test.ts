import assert from 'node:assert/strict';
import { createNodeTtlController, nodeTtl } from '../../../../src/cluster/controllers/node-ttl/node-ttl-controller.js';
import { Node } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest } from '../cluster-under-test.js';

describe('nodeTtl', () => {
  it('grows with the cluster, and shrinks later than it grew', () => {
    assert.deepEqual(
      [1, 100, 101, 600, 5000].map((nodes) => nodeTtl(nodes, 0)),
      [0, 0, 15, 30, 300],
    );
    assert.deepEqual(
      [95, 89, 460, 449].map((nodes, index) => nodeTtl(nodes, index < 2 ? 15 : 30)),
      [15, 0, 30, 15],
    );
  });
});

describe('the node TTL controller', () => {
  it('annotates nodes', async () => {
    const cluster = await ClusterUnderTest.start((deps) => [createNodeTtlController(deps)]);
    await cluster.client.create<Node>({ ...Node, metadata: { name: 'one' }, spec: {} });
    const ttl = async () =>
      (await cluster.client.get(Node, { name: 'one' }))?.metadata.annotations?.['node.alpha.kubernetes.io/ttl'];
    await cluster.until('annotated', async () => (await ttl()) === '0');
    await cluster.close();
  });
});
