import assert from 'node:assert/strict';
import type { Pod } from '../../../src/objects/kinds/core-v1.js';
import { Lease } from '../../../src/objects/kinds/coordination-k8s-io-v1.js';
import { Node } from '../../../src/objects/kinds/core-v1.js';
import type { DiskUsage } from '../../../src/runtime/kubelet/node/machine.js';
import { thisMachine } from '../../../src/runtime/kubelet/node/machine.js';
import { ManualClock, settled } from '../../cluster/client/manual-clock.js';
import type { ClusterOptions, TestCluster } from './test-cluster.js';
import { isReady, startTestCluster } from './test-cluster.js';

const FAILS = { annotations: { 'fairlead.dev/simulated-exit-code': '1' } };
const START = Date.parse('2026-01-01T12:00:00Z');

/** Time that is told apart: what the clock says, and what really passed. */
class JumpingClock extends ManualClock {
  skew = 0;

  override now(): number {
    return super.now() + this.skew;
  }

  readonly steady = (): number => super.now();
}

describe('startKubelet over time', () => {
  let cluster: TestCluster;
  let clock: JumpingClock;

  const start = async (options: ClusterOptions = {}): Promise<void> => {
    clock = new JumpingClock(START);
    cluster = await startTestCluster({ clock, steady: clock.steady, ...options });
  };

  afterEach(() => cluster.stop());

  const restarts = async (name: string): Promise<number | undefined> => {
    const pod = await cluster.client.get<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace: 'default', name });
    return pod?.status?.containerStatuses?.[0]?.restartCount;
  };

  const pass = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    await settled(20);
  };

  it('restarts a failing container after 10, 20, 40 seconds', async () => {
    await start();
    await cluster.run('crash', {}, FAILS);
    await cluster.until('crash', ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1);
    await settled(20);
    await pass(9000);
    assert.equal(await restarts('crash'), 1);
    await pass(1500);
    assert.equal(await restarts('crash'), 2);
    await pass(19_000);
    assert.equal(await restarts('crash'), 2);
    await pass(1500);
    assert.equal(await restarts('crash'), 3);
    // The delay lies on the container: a new kubelet goes on waiting.
    await cluster.restartKubelet();
    await settled(20);
    await pass(30_000);
    assert.equal(await restarts('crash'), 3);
    await pass(12_000);
    assert.equal(await restarts('crash'), 4);
  });

  it('keeps one ended run of each container', async () => {
    await start();
    await cluster.run('crash', {}, FAILS);
    await cluster.until('crash', ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1);
    for (let step = 0; step < 20; step += 1) await pass(10_000);
    assert.ok(((await restarts('crash')) ?? 0) >= 4);
    const containers = await cluster.runtime.listContainers(new AbortController().signal);
    assert.equal(containers.length, 2);
  });

  it('touches nothing that runs when the clock jumps', async () => {
    await start();
    await cluster.run('web', { activeDeadlineSeconds: 600 });
    const before = await cluster.until('web', isReady);
    for (const skew of [3_600_000, -7_200_000, 86_400_000_000, 0]) {
      clock.skew = skew;
      await pass(20_000);
      const pod = await cluster.client.get<Pod>(
        { apiVersion: 'v1', kind: 'Pod' },
        { namespace: 'default', name: 'web' },
      );
      assert.deepEqual(pod?.status?.containerStatuses, before.status?.containerStatuses);
      assert.equal(pod?.status?.phase, 'Running');
    }
  });

  it('ends a pod at its deadline', async () => {
    await start();
    await cluster.run('short', { activeDeadlineSeconds: 60 });
    await cluster.until('short', isReady);
    await pass(59_000);
    assert.equal((await cluster.until('short', () => true)).status?.phase, 'Running');
    await pass(1500);
    const pod = await cluster.until('short', ({ status }) => status?.phase === 'Failed');
    assert.equal(pod.status?.reason, 'DeadlineExceeded');
  });

  it('renews its lease every ten seconds and its status when it changes', async () => {
    const disk = { totalBytes: 100, freeBytes: 50, totalInodes: 100, freeInodes: 50 };
    await start({ machine: { ...thisMachine('/tmp'), disk: () => Promise.resolve(disk) } });
    const key = { namespace: 'kube-node-lease', name: 'n1' };
    const lease = await cluster.client.get(Lease, key);
    const node = await cluster.client.get(Node, { name: 'n1' });
    await pass(10_500);
    const renewed = await cluster.client.get(Lease, key);
    assert.equal(Date.parse(renewed?.spec?.renewTime ?? '') - Date.parse(lease?.spec?.renewTime ?? ''), 10_000);
    assert.deepEqual(await cluster.client.get(Node, { name: 'n1' }), node);
    for (let step = 0; step < 30; step += 1) await pass(10_000);
    const ready = async () =>
      (await cluster.client.get(Node, { name: 'n1' }))?.status?.conditions?.find(({ type }) => type === 'Ready');
    assert.notEqual((await ready())?.lastHeartbeatTime, '2026-01-01T12:00:00Z');
    assert.equal((await ready())?.lastTransitionTime, '2026-01-01T12:00:00Z');
  });

  it('reports and taints a node whose disk is full, until it is not', async () => {
    let disk: DiskUsage = { totalBytes: 100, freeBytes: 50, totalInodes: 100, freeInodes: 50 };
    await start({ machine: { ...thisMachine('/tmp'), disk: () => Promise.resolve(disk) } });
    const pressure = async () => {
      const node = await cluster.client.get(Node, { name: 'n1' });
      const condition = node?.status?.conditions?.find(({ type }) => type === 'DiskPressure');
      return [condition?.status, node?.spec.taints?.map(({ key, effect }) => `${key}:${effect}`) ?? []];
    };
    assert.deepEqual(await pressure(), ['False', []]);
    disk = { ...disk, freeBytes: 5 };
    await pass(10_500);
    assert.deepEqual(await pressure(), ['True', ['node.kubernetes.io/disk-pressure:NoSchedule']]);
    disk = { ...disk, freeBytes: 50 };
    await pass(10_500);
    assert.deepEqual(await pressure(), ['False', []]);
  });

  it('says what the node has and is', async () => {
    const disk = { totalBytes: 1024 ** 3, freeBytes: 1024 ** 3, totalInodes: 0, freeInodes: 0 };
    const machine = { ...thisMachine('/tmp'), cpus: 8, memoryBytes: 16 * 1024 ** 3, disk: () => Promise.resolve(disk) };
    await start({ machine, labels: { zone: 'a' }, maxPods: 50 });
    const node = await cluster.client.get(Node, { name: 'n1' });
    assert.deepEqual(node?.status?.capacity, { cpu: '8', memory: '16Gi', pods: '50', 'ephemeral-storage': '1Gi' });
    assert.equal(node?.metadata.labels?.['kubernetes.io/hostname'], 'n1');
    assert.equal(node?.metadata.labels?.['zone'], 'a');
    assert.equal(node?.status?.nodeInfo?.containerRuntimeVersion, 'simulated://1');
    assert.equal(node?.status?.nodeInfo?.kubeletVersion, 'v1.35.2');
  });
});
