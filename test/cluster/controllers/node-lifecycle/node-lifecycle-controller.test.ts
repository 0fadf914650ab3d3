import assert from 'node:assert/strict';
import { createNodeLifecycleController } from '../../../../src/cluster/controllers/node-lifecycle/node-lifecycle-controller.js';
import { evictionIntervalMs } from '../../../../src/cluster/controllers/node-lifecycle/node-health.js';
import { createTaintEvictionController } from '../../../../src/cluster/controllers/taint-eviction/taint-eviction-controller.js';
import { microTimestamp, timestamp } from '../../../../src/objects/conditions.js';
import { Lease } from '../../../../src/objects/kinds/coordination-k8s-io-v1.js';
import type { Toleration } from '../../../../src/objects/kinds/core-v1.js';
import { Event, Node, Pod } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

const key = (name: string) => ({ namespace: 'kube-node-lease', name });

describe('the node lifecycle', () => {
  let cluster: ClusterUnderTest;
  beforeEach(async () => {
    cluster = await ClusterUnderTest.start((deps) => [
      createNodeLifecycleController(deps),
      createTaintEvictionController(deps),
    ]);
  });
  afterEach(() => cluster.close());

  const addNode = async (name: string): Promise<void> => {
    await cluster.client.create<Node>({ ...Node, metadata: { name }, spec: {} });
    const node = await cluster.client.get(Node, { name });
    assert.ok(node);
    const time = timestamp(cluster.clock.now());
    const conditions = [
      { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: time, lastTransitionTime: time },
    ];
    await cluster.client.updateStatus<Node>({ ...node, status: { conditions } });
    await cluster.client.create<Lease>({
      ...Lease,
      metadata: key(name),
      spec: { holderIdentity: name, renewTime: microTimestamp(cluster.clock.now()) },
    });
  };
  const renew = async (name: string): Promise<void> => {
    const lease = await cluster.client.get(Lease, key(name));
    assert.ok(lease);
    await cluster.client.update<Lease>({
      ...lease,
      spec: { ...lease.spec, renewTime: microTimestamp(cluster.clock.now()) },
    });
  };
  /** Time goes by; the nodes that are named keep renewing their leases. */
  const pass = async (seconds: number, ...alive: string[]): Promise<void> => {
    for (let second = 0; second < seconds; second += 5) {
      for (const name of alive) await renew(name);
      await cluster.clock.advance(5000);
    }
  };
  const ready = async (name: string): Promise<string> =>
    (await cluster.client.get(Node, { name }))?.status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? '';
  const taints = async (name: string): Promise<string[]> =>
    ((await cluster.client.get(Node, { name }))?.spec?.taints ?? [])
      .map((taint) => `${taint.key}:${taint.effect}`)
      .sort();
  const addPod = async (name: string, tolerations: Toleration[] = []): Promise<void> => {
    const pod = await cluster.client.create<Pod>({
      ...Pod,
      metadata: { name, namespace: NAMESPACE },
      spec: { nodeName: 'n1', tolerations, containers: [{ name: 'c', image: 'i' }] },
    });
    await cluster.client.updateStatus<Pod>({ ...pod, status: cluster.readyStatus() });
  };
  const unreachable = (tolerationSeconds?: number): Toleration => ({
    key: 'node.kubernetes.io/unreachable',
    operator: 'Exists',
    effect: 'NoExecute',
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  });
  const alivePods = async (): Promise<string[]> =>
    (await cluster.list(Pod))
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.name);

  it('tells that a node came and went, and gives it the older names of its labels', async () => {
    const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64', 'beta.kubernetes.io/arch': 'wrong' };
    await cluster.client.create<Node>({ ...Node, metadata: { name: 'n1', labels }, spec: {} });
    const legacy = { 'beta.kubernetes.io/os': 'linux', 'beta.kubernetes.io/arch': 'arm64' };
    await cluster.until('labelled', async () => {
      const known = (await cluster.client.get(Node, { name: 'n1' }))?.metadata.labels ?? {};
      return Object.entries(legacy).every(([key, value]) => known[key] === value);
    });
    await cluster.client.delete(Node, { name: 'n1' });
    const told = (await cluster.client.list(Event)).items.map(({ reason, message }) => `${reason} ${message}`);
    assert.ok(told.includes('RegisteredNode Node n1 event: Registered Node n1 in Controller'));
    await cluster.until('told', async () =>
      (await cluster.client.list(Event)).items.some(
        ({ message }) => message === 'Node n1 event: Removing Node n1 from Controller',
      ),
    );
  });

  it('leaves nodes that renew their lease alone', async () => {
    await addNode('n1');
    await pass(300, 'n1');
    assert.deepEqual([await ready('n1'), await taints('n1')], ['True', []]);
  });

  it('taints a node that falls silent, takes its pods out of service and evicts them when their time is up', async () => {
    await addNode('n1');
    await addNode('n2');
    await addPod('impatient');
    await addPod('patient', [unreachable(300)]);
    await addPod('forever', [unreachable()]);
    await pass(40, 'n2');
    assert.equal(await ready('n1'), 'True');
    await pass(25, 'n2');
    assert.equal(await ready('n1'), 'Unknown');
    assert.deepEqual(await taints('n1'), [
      'node.kubernetes.io/unreachable:NoExecute',
      'node.kubernetes.io/unreachable:NoSchedule',
    ]);
    assert.deepEqual(await alivePods(), ['forever', 'patient']);
    assert.ok(
      (await cluster.list(Pod)).every((pod) =>
        pod.status?.conditions?.every(({ type, status }) => type !== 'Ready' || status === 'False'),
      ),
    );
    await pass(310, 'n2');
    assert.deepEqual(await alivePods(), ['forever']);
    assert.ok((await cluster.events()).some((event) => event.startsWith('TaintManagerEviction')));
  });

  it('takes the taints away when the node is back', async () => {
    await addNode('n1');
    await addNode('n2');
    await pass(70, 'n2');
    assert.equal((await taints('n1')).length, 2);
    const node = await cluster.client.get(Node, { name: 'n1' });
    assert.ok(node);
    const conditions = (node.status?.conditions ?? []).map((condition) => ({
      ...condition,
      status: condition.type === 'Ready' ? 'True' : 'False',
      lastHeartbeatTime: timestamp(cluster.clock.now()),
    }));
    await cluster.client.updateStatus<Node>({ ...node, status: { ...node.status, conditions } });
    await pass(10, 'n1', 'n2');
    assert.deepEqual(await taints('n1'), []);
  });

  it('evicts nobody when every node is lost', async () => {
    await addNode('n1');
    await addPod('stays');
    await pass(400);
    assert.equal(await ready('n1'), 'Unknown');
    assert.deepEqual(await taints('n1'), ['node.kubernetes.io/unreachable:NoSchedule']);
    assert.deepEqual(await alivePods(), ['stays']);
  });

  it('marks a cordoned node', async () => {
    await addNode('n1');
    const node = await cluster.client.get(Node, { name: 'n1' });
    assert.ok(node);
    await cluster.client.update<Node>({ ...node, spec: { ...node.spec, unschedulable: true } });
    await cluster.until(
      'tainted',
      async () => (await taints('n1')).join() === 'node.kubernetes.io/unschedulable:NoSchedule',
    );
  });
});

describe('evictionIntervalMs', () => {
  it('slows down and stops as more of the cluster is lost', () => {
    assert.equal(evictionIntervalMs(9, 1), 10_000);
    assert.equal(evictionIntervalMs(1, 2), 10_000);
    assert.equal(evictionIntervalMs(2, 8), undefined);
    assert.equal(evictionIntervalMs(20, 80), 100_000);
    assert.equal(evictionIntervalMs(0, 3), undefined);
  });
});
