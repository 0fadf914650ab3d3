import assert from 'node:assert/strict';
import { podsToDelete } from '../../../../src/cluster/controllers/pods/deletion-order.js';
import type { Pod, PodStatus } from '../../../../src/objects/kinds/core-v1.js';

const now = Date.parse('2026-01-02T00:00:00Z');
interface Shape {
  readonly node?: string;
  readonly phase?: string;
  readonly readyAt?: string;
  readonly cost?: string;
  readonly restarts?: number;
  readonly createdAt?: string;
}

const pod = (
  name: string,
  { node = 'n1', phase = 'Running', readyAt, cost, restarts = 0, createdAt = '2026-01-01T00:00:00Z' }: Shape,
): Pod => {
  const status: PodStatus = {
    phase,
    conditions: readyAt === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: readyAt }],
    containerStatuses: [{ name: 'c', image: 'i', imageID: '', ready: true, restartCount: restarts }],
  };
  const annotations: Record<string, string> =
    cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': cost };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, uid: name, creationTimestamp: createdAt, annotations },
    spec: { nodeName: node, containers: [] },
    status,
  };
};
const first = (a: Shape, b: Shape, related: readonly Pod[] = []): string => {
  const pods = [pod('a', a), pod('b', b)];
  const [chosen] = podsToDelete(pods, [...pods, ...related], 1, now);
  const [reversed] = podsToDelete(pods.toReversed(), [...pods, ...related], 1, now);
  assert.equal(chosen, reversed, 'the order of the list must not matter');
  return chosen?.metadata.name ?? '';
};
const ready = '2026-01-01T01:00:00Z';

describe('podsToDelete', () => {
  it('takes, in this order: unassigned, pending, not ready, cheap, crowded, ready for a shorter time, restarted, young', () => {
    assert.equal(first({ readyAt: ready }, { node: '' }), 'b');
    assert.equal(first({}, { phase: 'Pending' }), 'b');
    assert.equal(first({ readyAt: ready }, {}), 'b');
    assert.equal(first({ readyAt: ready, cost: '5' }, { readyAt: ready, cost: '-1' }), 'b');
    assert.equal(first({ readyAt: ready }, { readyAt: ready, node: 'n2' }, [pod('c', { node: 'n2' })]), 'b');
    assert.equal(first({ readyAt: ready }, { readyAt: '2026-01-01T23:59:00Z' }), 'b');
    assert.equal(first({ readyAt: ready }, { readyAt: ready, restarts: 3 }), 'b');
    assert.equal(first({}, { createdAt: '2026-01-01T23:59:00Z' }), 'b');
  });

  it('takes all when all must go', () => {
    assert.equal(podsToDelete([pod('a', {}), pod('b', {})], [], 5, now).length, 2);
  });
});
