import assert from 'node:assert/strict';
import {
  createReplicaSetController,
  createReplicationControllerController,
} from '../../../../src/cluster/controllers/replica-set/replica-set-controller.js';
import type { Client } from '../../../../src/cluster/client/client.js';
import { ApiError } from '../../../../src/objects/api-error.js';
import { ReplicaSet } from '../../../../src/objects/kinds/apps-v1.js';
import { Pod, ReplicationController } from '../../../../src/objects/kinds/core-v1.js';
import type { KubeObject } from '../../../../src/objects/object.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

const labels = { app: 'web' };
const template = { metadata: { name: '', labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const replicaSet = (replicas: number): ReplicaSet => ({
  ...ReplicaSet,
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web', namespace: NAMESPACE },
  spec: { replicas, selector: { matchLabels: labels }, template },
});

describe('the ReplicaSet controller', () => {
  let cluster: ClusterUnderTest;
  const start = async (wrap?: (client: Client) => Client): Promise<void> => {
    cluster = await ClusterUnderTest.start(
      (deps) => [createReplicaSetController(deps), createReplicationControllerController(deps)],
      wrap === undefined ? {} : { wrap },
    );
  };
  afterEach(() => cluster.close());

  const pods = () => cluster.list(Pod);
  const counted = (count: number): Promise<void> =>
    cluster.until(`${count} pods`, async () => (await pods()).length === count);
  const scale = (replicas: number) =>
    cluster.change(ReplicaSet, 'web', (object) => ({ ...object, spec: { ...object.spec, replicas } }));

  it('adopts pods that match, releases those that do not, and makes up for them', async () => {
    await start();
    const pod = (name: string): Pod => ({
      ...Pod,
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE, labels },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    await cluster.client.create(pod('stray'));
    await cluster.client.create(replicaSet(2));
    await counted(2);
    assert.equal((await cluster.get(Pod, 'stray')).metadata.ownerReferences?.[0]?.name, 'web');
    await cluster.change(Pod, 'stray', (object) => ({
      ...object,
      metadata: { ...object.metadata, labels: { app: 'other' } },
    }));
    await counted(3);
    assert.deepEqual((await cluster.get(Pod, 'stray')).metadata.ownerReferences ?? [], []);
  });

  it('deletes the pods first that serve least', async () => {
    await start();
    await cluster.client.create(replicaSet(3));
    await counted(3);
    const [spared] = await pods();
    await cluster.makeReady((pod) => pod.metadata.name === spared?.metadata.name);
    await scale(1);
    await counted(1);
    assert.equal((await pods())[0]?.metadata.name, spared?.metadata.name);
  });

  it('replaces pods that are deleted or have failed, and says so', async () => {
    await start();
    await cluster.client.create(replicaSet(2));
    await counted(2);
    const [pod] = await pods();
    assert.ok(pod);
    await cluster.delete(pod);
    await cluster.until(
      'replaced',
      async () => (await pods()).length === 2 && (await pods()).every((each) => each.metadata.uid !== pod.metadata.uid),
    );
    assert.equal(
      (await cluster.events()).filter((event) => event.startsWith('SuccessfulCreate Created pod: web-')).length,
      3,
    );
  });

  it('starts slowly, and tells of a failure in its status until it is over', async () => {
    let refused = 0;
    let refuses = true;
    await start((client) => {
      const create = <T extends KubeObject>(object: T): Promise<T> => {
        if (object.kind !== 'Pod' || !refuses) return client.create(object);
        refused += 1;
        return Promise.reject(new ApiError('Forbidden', 'exceeded quota'));
      };
      return new Proxy(client, {
        get: (target, name) => {
          const method: unknown = Reflect.get(target, name);
          if (name === 'create') return create;
          return typeof method === 'function' ? (method.bind(target) as unknown) : method;
        },
      });
    });
    await cluster.client.create(replicaSet(50));
    const failure = async () => (await cluster.get(ReplicaSet, 'web')).status?.conditions?.[0];
    await cluster.until('told', async () => (await failure())?.reason === 'FailedCreate', 1);
    assert.ok(refused < 5, `${refused} attempts`);
    assert.equal((await failure())?.message, 'exceeded quota');
    refuses = false;
    await counted(50);
    await cluster.until('over', async () => (await failure()) === undefined);
  });

  it('never creates more pods than wanted, however often it is asked', async () => {
    await start();
    let most = 0;
    await cluster.client.create(replicaSet(10));
    for (let round = 0; round < 20; round++) {
      const body = { metadata: { annotations: { round: String(round) } } };
      await cluster.client.patch(ReplicaSet, { namespace: NAMESPACE, name: 'web' }, { type: 'merge', body });
      most = Math.max(most, (await pods()).length);
    }
    await counted(10);
    await cluster.quiet();
    assert.equal(Math.max(most, (await pods()).length), 10);
  });

  it('does the same for ReplicationControllers', async () => {
    await start();
    await cluster.client.create<ReplicationController>({
      ...ReplicationController,
      metadata: { name: 'old', namespace: NAMESPACE },
      spec: { replicas: 2, selector: labels, template },
    });
    await counted(2);
    await cluster.makeReady();
    await cluster.until(
      'ready',
      async () => (await cluster.get(ReplicationController, 'old')).status?.readyReplicas === 2,
    );
    const before = (await cluster.get(ReplicationController, 'old')).metadata.resourceVersion;
    await cluster.quiet();
    assert.equal((await cluster.get(ReplicationController, 'old')).metadata.resourceVersion, before);
  });
});
