import assert from 'node:assert/strict';
import { createDisruptionController } from '../../../../src/cluster/controllers/disruption/disruption-controller.js';
import { createReplicaSetController } from '../../../../src/cluster/controllers/replica-set/replica-set-controller.js';
import { ReplicaSet } from '../../../../src/objects/kinds/apps-v1.js';
import { Pod } from '../../../../src/objects/kinds/core-v1.js';
import type { PodDisruptionBudgetSpec } from '../../../../src/objects/kinds/policy-v1.js';
import { PodDisruptionBudget } from '../../../../src/objects/kinds/policy-v1.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

describe('the disruption controller', () => {
  let cluster: ClusterUnderTest;
  beforeEach(async () => {
    cluster = await ClusterUnderTest.start((deps) => [
      createDisruptionController(deps),
      createReplicaSetController(deps),
    ]);
  });
  afterEach(() => cluster.close());

  const labels = { app: 'web' };
  const pods = async (count: number): Promise<void> => {
    await cluster.client.create<ReplicaSet>({
      ...ReplicaSet,
      metadata: { name: 'web', namespace: NAMESPACE },
      spec: {
        replicas: count,
        selector: { matchLabels: labels },
        template: { metadata: { name: '', labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    });
    await cluster.until('pods', async () => (await cluster.list(Pod)).length === count);
    await cluster.makeReady();
  };
  const budget = (spec: PodDisruptionBudgetSpec) =>
    cluster.client.create<PodDisruptionBudget>({
      ...PodDisruptionBudget,
      metadata: { name: 'web', namespace: NAMESPACE },
      spec: { selector: { matchLabels: labels }, ...spec },
    });
  const numbers = async (): Promise<readonly number[]> => {
    const { status } = await cluster.get(PodDisruptionBudget, 'web');
    return [
      status?.expectedPods ?? -1,
      status?.desiredHealthy ?? -1,
      status?.currentHealthy ?? -1,
      status?.disruptionsAllowed ?? -1,
    ];
  };
  const are = (...wanted: number[]): Promise<void> =>
    cluster.until(wanted.join(), async () => (await numbers()).join() === wanted.join());

  it('counts by a number, a percentage, and what may be missing, always rounding up', async () => {
    await pods(7);
    await budget({ minAvailable: 5 });
    await are(7, 5, 7, 2);
    const set = (spec: object) =>
      cluster.client.patch(
        PodDisruptionBudget,
        { namespace: NAMESPACE, name: 'web' },
        { type: 'merge', body: { spec } },
      );
    await set({ minAvailable: '50%' });
    await are(7, 4, 7, 3);
    await set({ minAvailable: null, maxUnavailable: '30%' });
    await are(7, 4, 7, 3);
    await set({ maxUnavailable: 1 });
    await are(7, 6, 7, 1);
  });

  it('allows nothing when too few are healthy', async () => {
    await pods(2);
    await budget({ minAvailable: 2 });
    await are(2, 2, 2, 0);
    const { status } = await cluster.get(PodDisruptionBudget, 'web');
    assert.deepEqual([status?.conditions?.[0]?.status, status?.conditions?.[0]?.reason], ['False', 'InsufficientPods']);
  });

  it('takes an eviction that was allowed into account until the pod is gone, or for two minutes', async () => {
    await pods(3);
    await budget({ maxUnavailable: 1 });
    await are(3, 2, 3, 1);
    const [pod] = await cluster.list(Pod);
    const current = await cluster.get(PodDisruptionBudget, 'web');
    const disruptedPods = { [pod?.metadata.name ?? '']: '2026-01-01T00:00:00Z' };
    assert.ok(current.status);
    await cluster.client.updateStatus<PodDisruptionBudget>({
      ...current,
      status: { ...current.status, disruptionsAllowed: 0, disruptedPods },
    });
    await are(3, 2, 2, 0);
    await cluster.clock.advance(121_000);
    await are(3, 2, 3, 1);
  });

  it('allows nothing for pods that nobody controls, and says so', async () => {
    await cluster.client.create<Pod>({
      ...Pod,
      metadata: { name: 'bare', namespace: NAMESPACE, labels },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    await cluster.makeReady();
    await budget({ maxUnavailable: 1 });
    await cluster.until(
      'told',
      async () =>
        (await cluster.get(PodDisruptionBudget, 'web')).status?.conditions?.[0]?.reason === 'InsufficientPods',
    );
    assert.ok(
      (await cluster.events()).some((event) => /^UnmanagedPods .*map\[string\]string\{app: web,\}/.test(event)),
    );
    assert.equal((await cluster.get(PodDisruptionBudget, 'web')).status?.disruptionsAllowed, 0);
  });
});
