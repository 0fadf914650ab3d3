import assert from 'node:assert/strict';
import { createPodGcController } from '../../../../src/cluster/controllers/pod-gc/pod-gc-controller.js';
import { planPodGc } from '../../../../src/cluster/controllers/pod-gc/pod-gc-plan.js';
import { Node, Pod } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

describe('the pod garbage collector', () => {
  it('removes the pods of a node that is gone, after a while', async () => {
    const cluster = await ClusterUnderTest.start((deps) => [createPodGcController(deps)]);
    await cluster.client.create<Node>({ ...Node, metadata: { name: 'n1' }, spec: {} });
    for (const nodeName of ['n1', 'n2']) {
      await cluster.client.create<Pod>({
        ...Pod,
        metadata: { name: `on-${nodeName}`, namespace: NAMESPACE },
        spec: { nodeName, containers: [{ name: 'c', image: 'i' }] },
      });
    }
    await cluster.clock.advance(30_000);
    assert.equal((await cluster.list(Pod)).length, 2);
    await cluster.clock.advance(60_000);
    assert.deepEqual(
      (await cluster.list(Pod)).map(({ metadata }) => metadata.name),
      ['on-n1'],
    );
    await cluster.close();
  });
});

describe('planPodGc', () => {
  const pod = (name: string, phase: string, second: number): Pod => ({
    ...Pod,
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, creationTimestamp: `2026-01-01T00:00:0${second}Z` },
    spec: { nodeName: 'n', containers: [] },
    status: { phase },
  });

  it('removes the oldest finished pods beyond the limit', () => {
    const pods = [pod('b', 'Failed', 2), pod('a', 'Succeeded', 1), pod('running', 'Running', 0), pod('c', 'Failed', 3)];
    assert.deepEqual(
      planPodGc(pods, () => true, 1).surplus.map(({ metadata }) => metadata.name),
      ['a', 'b'],
    );
  });
});
