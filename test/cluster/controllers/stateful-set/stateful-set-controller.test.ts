import assert from 'node:assert/strict';
import { createStatefulSetController } from '../../../../src/cluster/controllers/stateful-set/stateful-set-controller.js';
import type { StatefulSetSpec } from '../../../../src/objects/kinds/apps-v1.js';
import { ControllerRevision, StatefulSet } from '../../../../src/objects/kinds/apps-v1.js';
import { PersistentVolumeClaim, Pod } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

describe('the StatefulSet controller', () => {
  let cluster: ClusterUnderTest;
  beforeEach(async () => {
    cluster = await ClusterUnderTest.start((deps) => [createStatefulSetController(deps)]);
  });
  afterEach(() => cluster.close());

  const create = (replicas: number, more: Partial<StatefulSetSpec> = {}) =>
    cluster.client.create<StatefulSet>({
      ...StatefulSet,
      metadata: { name: 'db', namespace: NAMESPACE },
      spec: {
        replicas,
        serviceName: 'db',
        selector: { matchLabels: { app: 'db' } },
        template: {
          metadata: { name: '', labels: { app: 'db' } },
          spec: { containers: [{ name: 'c', image: 'db:1' }] },
        },
        ...more,
      },
    });
  const data = {
    ...PersistentVolumeClaim,
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  const setImage = (image: string) =>
    cluster.client.patch(
      StatefulSet,
      { namespace: NAMESPACE, name: 'db' },
      { type: 'merge', body: { spec: { template: { spec: { containers: [{ name: 'c', image }] } } } } },
    );
  const setReplicas = (replicas: number) =>
    cluster.client.patch(
      StatefulSet,
      { namespace: NAMESPACE, name: 'db' },
      { type: 'merge', body: { spec: { replicas } } },
    );
  const pods = async (): Promise<string[]> =>
    (await cluster.list(Pod)).map((pod) => `${pod.metadata.name} ${pod.spec.containers[0]?.image}`).sort();
  const status = async () => (await cluster.get(StatefulSet, 'db')).status;
  const ready = async (count: number): Promise<void> => {
    await cluster.until(`${count} ready`, async () => {
      await cluster.makeReady();
      const now = await status();
      return (
        now?.readyReplicas === count &&
        now.replicas === count &&
        now.updatedReplicas === count &&
        now.currentRevision === now.updateRevision
      );
    });
  };

  it('creates pods one after the other, each when the one before is ready', async () => {
    await create(2);
    await cluster.until('the first', async () => (await pods()).length === 1);
    await cluster.quiet();
    assert.deepEqual(await pods(), ['db-0 db:1']);
    await ready(2);
    const pod = await cluster.get(Pod, 'db-1');
    assert.deepEqual([pod.spec.hostname, pod.spec.subdomain], ['db-1', 'db']);
    assert.equal(pod.metadata.labels?.['statefulset.kubernetes.io/pod-name'], 'db-1');
    assert.equal(pod.metadata.labels?.['apps.kubernetes.io/pod-index'], '1');
    assert.equal(pod.metadata.labels?.['controller-revision-hash'], (await status())?.updateRevision);
    assert.ok((await cluster.events()).includes('SuccessfulCreate Create Pod db-0 in StatefulSet db successful'));
  });

  it('creates all at once with Parallel', async () => {
    await create(3, { podManagementPolicy: 'Parallel' });
    await cluster.until('three', async () => (await pods()).length === 3);
  });

  it('gives each pod claims of its own that outlive it', async () => {
    await create(2, { volumeClaimTemplates: [data] });
    await ready(2);
    assert.deepEqual(
      (await cluster.list(PersistentVolumeClaim)).map(({ metadata }) => metadata.name),
      ['data-db-0', 'data-db-1'],
    );
    assert.deepEqual((await cluster.get(Pod, 'db-1')).spec.volumes?.[0], {
      name: 'data',
      persistentVolumeClaim: { claimName: 'data-db-1' },
    });
    await setReplicas(1);
    await cluster.until('one pod', async () => (await pods()).length === 1);
    assert.equal((await cluster.list(PersistentVolumeClaim)).length, 2);
  });

  it('hands the claims of pods that are scaled away to the garbage collector where it should', async () => {
    await create(2, {
      volumeClaimTemplates: [data],
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Delete' },
    });
    await ready(2);
    const owner = async (name: string): Promise<string | undefined> =>
      (await cluster.get(PersistentVolumeClaim, name)).metadata.ownerReferences?.[0]?.kind;
    assert.equal(await owner('data-db-1'), 'StatefulSet');
    await setReplicas(1);
    await cluster.until('one pod', async () => (await pods()).length === 1);
    assert.deepEqual([await owner('data-db-0'), await owner('data-db-1')], ['StatefulSet', 'Pod']);
  });

  it('rolls from the highest ordinal down, one at a time, and keeps a history that undo can use', async () => {
    await create(2);
    await ready(2);
    await setImage('db:2');
    await cluster.until('one is replaced', async () => (await pods()).includes('db-1 db:2'));
    assert.deepEqual(await pods(), ['db-0 db:1', 'db-1 db:2']);
    await cluster.quiet();
    assert.deepEqual(await pods(), ['db-0 db:1', 'db-1 db:2']);
    await ready(2);
    assert.deepEqual(await pods(), ['db-0 db:2', 'db-1 db:2']);
    const revisions = await cluster.list(ControllerRevision);
    assert.deepEqual(
      revisions.map(({ revision }) => revision).sort((a, b) => a - b),
      [1, 2],
    );
    await setImage('db:1');
    await ready(2);
    assert.deepEqual(
      (await cluster.list(ControllerRevision)).map(({ revision }) => revision).sort((a, b) => a - b),
      [2, 3],
    );
  });

  it('leaves the ordinals below the partition as they are, also when their pods are made anew', async () => {
    await create(2, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } });
    await ready(2);
    await setImage('db:2');
    await cluster.until('rolled', async () => {
      await cluster.makeReady();
      return (await pods()).includes('db-1 db:2') && (await status())?.readyReplicas === 2;
    });
    await cluster.delete(await cluster.get(Pod, 'db-0'));
    await cluster.until('made anew', async () => (await pods()).length === 2);
    assert.deepEqual(await pods(), ['db-0 db:1', 'db-1 db:2']);
  });

  it('replaces a pod that has failed', async () => {
    await create(1);
    await ready(1);
    const before = (await cluster.get(Pod, 'db-0')).metadata.uid;
    await cluster.setPods(() => true, { phase: 'Failed' });
    await cluster.until('another', async () => (await cluster.list(Pod)).some((pod) => pod.metadata.uid !== before));
    assert.ok((await cluster.events()).includes('SuccessfulDelete Delete Pod db-0 in StatefulSet db successful'));
  });
});
