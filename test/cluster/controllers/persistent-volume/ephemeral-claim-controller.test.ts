import assert from 'node:assert/strict';
import { createEphemeralClaimController } from '../../../../src/cluster/controllers/persistent-volume/ephemeral-claim-controller.js';
import { PersistentVolumeClaim, Pod } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest } from '../cluster-under-test.js';

const SPEC = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

describe('the claims of ephemeral volumes', () => {
  let cluster: ClusterUnderTest;
  beforeEach(async () => {
    cluster = await ClusterUnderTest.start((deps) => [createEphemeralClaimController(deps)]);
  });
  afterEach(() => cluster.close());

  const createPod = (): Promise<Pod> =>
    cluster.client.create<Pod>({
      ...Pod,
      metadata: { namespace: 'shop', name: 'web' },
      spec: {
        containers: [{ name: 'c', image: 'web' }],
        volumes: [
          {
            name: 'cache',
            ephemeral: { volumeClaimTemplate: { metadata: { name: '', labels: { a: 'b' } }, spec: SPEC } },
          },
        ],
      },
    });
  const claim = async (): Promise<PersistentVolumeClaim | undefined> => (await cluster.list(PersistentVolumeClaim))[0];

  it('are made for the pod, and again when they are deleted', async () => {
    const pod = await createPod();
    await cluster.until('made', async () => (await claim()) !== undefined);
    const { metadata, spec } = (await claim()) ?? assert.fail();
    assert.deepEqual([metadata.name, metadata.labels, spec.accessModes], ['web-cache', { a: 'b' }, ['ReadWriteOnce']]);
    const { uid = '' } = pod.metadata;
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid, controller: true, blockOwnerDeletion: true };
    assert.deepEqual(metadata.ownerReferences, [owner]);
    await cluster.change(PersistentVolumeClaim, 'web-cache', (object) => ({
      ...object,
      metadata: { ...object.metadata, finalizers: [] },
    }));
    await cluster.client.delete(PersistentVolumeClaim, { namespace: 'shop', name: 'web-cache' });
    await cluster.until('made again', async () => {
      const again = await claim();
      return again !== undefined && again.metadata.uid !== metadata.uid;
    });
  });

  it("are not taken from somebody else, and the pod's events say so", async () => {
    await cluster.client.create<PersistentVolumeClaim>({
      ...PersistentVolumeClaim,
      metadata: { namespace: 'shop', name: 'web-cache' },
      spec: SPEC,
    });
    await createPod();
    const message = 'ephemeral volume cache: PVC shop/web-cache was not created for pod shop/web (pod is not owner)';
    await cluster.until('told', async () => (await cluster.events()).some((event) => event.endsWith(message)));
  });
});
