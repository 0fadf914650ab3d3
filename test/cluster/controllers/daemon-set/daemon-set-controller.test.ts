import assert from 'node:assert/strict';
import { createDaemonSetController } from '../../../../src/cluster/controllers/daemon-set/daemon-set-controller.js';
import { nodeNameOf } from '../../../../src/cluster/controllers/daemon-set/daemon-pod.js';
import type { DaemonSetSpec } from '../../../../src/objects/kinds/apps-v1.js';
import { DaemonSet } from '../../../../src/objects/kinds/apps-v1.js';
import type { Taint } from '../../../../src/objects/kinds/core-v1.js';
import { Node, Pod } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

describe('the DaemonSet controller', () => {
  let cluster: ClusterUnderTest;
  beforeEach(async () => {
    cluster = await ClusterUnderTest.start((deps) => [createDaemonSetController(deps)]);
  });
  afterEach(() => cluster.close());

  const addNode = (name: string, labels = {}, taints: Taint[] = []) =>
    cluster.client.create<Node>({ ...Node, metadata: { name, labels }, spec: { taints } });
  const create = (more: Partial<DaemonSetSpec> = {}, nodeSelector = {}) =>
    cluster.client.create<DaemonSet>({
      ...DaemonSet,
      metadata: { name: 'agent', namespace: NAMESPACE },
      spec: {
        selector: { matchLabels: { app: 'agent' } },
        template: {
          metadata: { name: '', labels: { app: 'agent' } },
          spec: { nodeSelector, containers: [{ name: 'c', image: 'agent:1' }] },
        },
        ...more,
      },
    });
  const pods = async (): Promise<string[]> =>
    (await cluster.list(Pod)).map((pod) => `${nodeNameOf(pod)} ${pod.spec.containers[0]?.image}`).sort();
  const are = (...wanted: string[]): Promise<void> =>
    cluster.until(wanted.join(), async () => {
      await cluster.makeReady();
      return (await pods()).join() === wanted.join();
    });
  const status = async () => (await cluster.get(DaemonSet, 'agent')).status;
  const setImage = (image: string) =>
    cluster.client.patch(
      DaemonSet,
      { namespace: NAMESPACE, name: 'agent' },
      { type: 'merge', body: { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } } },
    );

  it('runs one pod on every node that fits, also on those that come later', async () => {
    await addNode('n1', { disk: 'ssd' });
    await addNode('n2');
    await addNode('n3', { disk: 'ssd' }, [{ key: 'dedicated', effect: 'NoSchedule' }]);
    await create({}, { disk: 'ssd' });
    await are('n1 agent:1');
    await addNode('n4', { disk: 'ssd' }, [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }]);
    await are('n1 agent:1', 'n4 agent:1');
    await cluster.until('status', async () => (await status())?.numberAvailable === 2);
    const { desiredNumberScheduled, currentNumberScheduled, numberReady, updatedNumberScheduled, numberUnavailable } =
      (await status()) ?? {};
    assert.deepEqual(
      [desiredNumberScheduled, currentNumberScheduled, numberReady, updatedNumberScheduled, numberUnavailable ?? 0],
      [2, 2, 2, 2, 0],
    );
  });

  it('removes its pod from a node that does not fit any more', async () => {
    await addNode('n1', { disk: 'ssd' });
    await create({}, { disk: 'ssd' });
    await are('n1 agent:1');
    const node = await cluster.client.get(Node, { name: 'n1' });
    assert.ok(node);
    await cluster.client.update<Node>({ ...node, metadata: { ...node.metadata, labels: {} } });
    await are();
  });

  it('rolls over one node at a time', async () => {
    await addNode('n1');
    await addNode('n2');
    await create();
    await are('n1 agent:1', 'n2 agent:1');
    await cluster.until('available', async () => (await status())?.numberAvailable === 2);
    await setImage('agent:2');
    await cluster.until(
      'one replaced',
      async () => (await pods()).filter((pod) => pod.endsWith('agent:2')).length === 1,
    );
    await cluster.quiet();
    assert.equal((await pods()).filter((pod) => pod.endsWith('agent:1')).length, 1);
    await are('n1 agent:2', 'n2 agent:2');
  });

  it('starts the new pod before the old one goes with maxSurge', async () => {
    await addNode('n1');
    await create({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
    await are('n1 agent:1');
    await cluster.until('available', async () => (await status())?.numberAvailable === 1);
    await setImage('agent:2');
    await cluster.until('both', async () => (await pods()).length === 2);
    await cluster.quiet();
    assert.equal((await pods()).length, 2);
    await are('n1 agent:2');
  });

  it('leaves pods alone with OnDelete', async () => {
    await addNode('n1');
    await create({ updateStrategy: { type: 'OnDelete' } });
    await are('n1 agent:1');
    await setImage('agent:2');
    await cluster.quiet();
    assert.deepEqual(await pods(), ['n1 agent:1']);
    for (const pod of await cluster.list(Pod)) await cluster.delete(pod);
    await are('n1 agent:2');
  });

  it('replaces a pod that failed, and waits longer every time', async () => {
    await addNode('n1');
    await create();
    await are('n1 agent:1');
    const fail = async (): Promise<string | undefined> => {
      const [pod] = await cluster.list(Pod);
      await cluster.setPods(() => true, { phase: 'Failed' });
      return pod?.metadata.uid;
    };
    const first = await fail();
    await cluster.until(
      'replaced',
      async () => (await cluster.list(Pod)).every((pod) => pod.metadata.uid !== first) && (await pods()).length === 1,
    );
    const second = await fail();
    await cluster.clock.advance(500);
    assert.equal((await cluster.list(Pod))[0]?.metadata.uid, second);
    await cluster.clock.advance(600);
    await cluster.until(
      'replaced again',
      async () => (await cluster.list(Pod)).every((pod) => pod.metadata.uid !== second) && (await pods()).length === 1,
    );
    assert.ok(
      (await cluster.events()).some((event) => event.startsWith('FailedDaemonPod Found failed daemon pod shop/agent-')),
    );
  });
});
