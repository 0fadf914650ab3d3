import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClaimController } from '../../../../src/cluster/controllers/persistent-volume/claim-controller.js';
import {
  createClaimProtectionController,
  createVolumeProtectionController,
} from '../../../../src/cluster/controllers/persistent-volume/protection-controller.js';
import { createVolumeController } from '../../../../src/cluster/controllers/persistent-volume/volume-controller.js';
import type { PersistentVolumeClaimSpec } from '../../../../src/objects/kinds/core-v1.js';
import { PersistentVolume, PersistentVolumeClaim, Pod } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

describe('persistent volumes', () => {
  let cluster: ClusterUnderTest;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-volumes-'));
    cluster = await ClusterUnderTest.start((deps) => [
      createClaimController(deps, folder),
      createVolumeController(deps, folder),
      createClaimProtectionController(deps),
      createVolumeProtectionController(deps),
    ]);
  });
  afterEach(async () => {
    await cluster.close();
    await rm(folder, { recursive: true });
  });

  const claim = (storage: string, more: Partial<PersistentVolumeClaimSpec> = {}) =>
    cluster.client.create<PersistentVolumeClaim>({
      ...PersistentVolumeClaim,
      metadata: { name: 'data', namespace: NAMESPACE },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...more },
    });
  const volume = (name: string, storage: string) =>
    cluster.client.create<PersistentVolume>({
      ...PersistentVolume,
      metadata: { name },
      spec: {
        capacity: { storage },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'manual',
        persistentVolumeReclaimPolicy: 'Retain',
        hostPath: { path: '/srv/x' },
      },
    });
  const data = () => cluster.get(PersistentVolumeClaim, 'data');
  const volumes = async () => (await cluster.client.list(PersistentVolume)).items;
  const bound = (): Promise<void> => cluster.until('bound', async () => (await data()).status?.phase === 'Bound');

  it('makes a folder volume for a claim that names no class, and removes it with the claim', async () => {
    const made = await claim('2Gi');
    await bound();
    const [pv] = await volumes();
    assert.equal(pv?.spec?.hostPath?.path, join(folder, `pvc-${made.metadata.uid}`));
    assert.deepEqual(
      [(await data()).spec?.storageClassName, (await data()).status?.capacity],
      ['local-path', { storage: '2Gi' }],
    );
    await cluster.until('PV bound', async () => (await volumes())[0]?.status?.phase === 'Bound');
    await mkdir(pv?.spec?.hostPath?.path ?? '');
    await writeFile(join(pv?.spec?.hostPath?.path ?? '', 'file'), 'x');
    await cluster.delete(made);
    await cluster.until('all gone', async () => {
      // Removing files takes real time: a look at the folder waits as long.
      await stat(folder);
      return (await volumes()).length === 0;
    });
    assert.equal(existsSync(pv?.spec?.hostPath?.path ?? ''), false);
    assert.ok(
      (await cluster.events()).some((event) =>
        event.startsWith('ProvisioningSucceeded Successfully provisioned volume pvc-'),
      ),
    );
  });

  it('binds the smallest volume that is large enough, and leaves it released afterwards', async () => {
    await volume('small', '1Gi');
    await volume('large', '10Gi');
    await volume('right', '5Gi');
    const made = await claim('3Gi', { storageClassName: 'manual' });
    await bound();
    assert.equal((await data()).spec?.volumeName, 'right');
    await cluster.delete(made);
    await cluster.until(
      'released',
      async () => (await volumes()).find(({ metadata }) => metadata.name === 'right')?.status?.phase === 'Released',
    );
    assert.equal((await volumes()).find(({ metadata }) => metadata.name === 'small')?.status?.phase, 'Available');
  });

  it('waits for a volume when the class is not its own', async () => {
    await claim('1Gi', { storageClassName: 'manual' });
    await cluster.quiet();
    assert.notEqual((await data()).status?.phase, 'Bound');
    assert.ok((await cluster.events()).includes('ProvisioningFailed storageclass.storage.k8s.io "manual" not found'));
    await volume('late', '1Gi');
    await bound();
  });

  it('keeps a claim that is deleted until no pod uses it', async () => {
    const made = await claim('1Gi');
    await bound();
    const pod = await cluster.client.create<Pod>({
      ...Pod,
      metadata: { name: 'p', namespace: NAMESPACE },
      spec: {
        nodeName: 'n1',
        containers: [{ name: 'c', image: 'i' }],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
      },
    });
    await cluster.delete(made);
    await cluster.quiet();
    assert.ok((await data()).metadata.deletionTimestamp !== undefined);
    await cluster.delete(pod, { gracePeriodSeconds: 0 });
    await cluster.until('gone', async () => (await cluster.list(PersistentVolumeClaim)).length === 0);
  });
});
