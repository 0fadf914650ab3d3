import assert from 'node:assert/strict';
import { createDeploymentController } from '../../../../src/cluster/controllers/deployment/deployment-controller.js';
import { createReplicaSetController } from '../../../../src/cluster/controllers/replica-set/replica-set-controller.js';
import type { DeploymentSpec } from '../../../../src/objects/kinds/apps-v1.js';
import { Deployment, ReplicaSet } from '../../../../src/objects/kinds/apps-v1.js';
import { Pod } from '../../../../src/objects/kinds/core-v1.js';
import { ClusterUnderTest, NAMESPACE } from '../cluster-under-test.js';

export const deployment = (
  name: string,
  replicas: number,
  image = 'web:1',
  more: Partial<DeploymentSpec> = {},
): Deployment => ({
  ...Deployment,
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'web', image }] },
    } as unknown as DeploymentSpec['template'],
    ...more,
  },
});

const withImage =
  (image: string) =>
  (object: Deployment): Deployment => ({
    ...object,
    spec: {
      ...object.spec,
      template: {
        ...object.spec.template,
        spec: { ...object.spec.template.spec, containers: [{ name: 'web', image }] },
      },
    },
  });

const imagesOf = (pods: readonly Pod[]): string[] => pods.map((pod) => pod.spec.containers[0]?.image ?? '').sort();
const condition = (object: Deployment, type: string): string => {
  const found = object.status?.conditions?.find((each) => each.type === type);
  return `${found?.status} ${found?.reason}`;
};

describe('the Deployment controller', () => {
  let cluster: ClusterUnderTest;
  beforeEach(async () => {
    cluster = await ClusterUnderTest.start((deps) => [
      createDeploymentController(deps),
      createReplicaSetController(deps),
    ]);
  });
  afterEach(() => cluster.close());

  const pods = () => cluster.list(Pod);
  const web = () => cluster.get(Deployment, 'web');
  const rolledOut = async (): Promise<void> => {
    await cluster.until('the rollout is complete', async () => {
      await cluster.makeReady();
      const { status, metadata, spec } = await web();
      return (
        status?.observedGeneration === metadata.generation &&
        status?.updatedReplicas === spec.replicas &&
        status?.replicas === spec.replicas &&
        status?.availableReplicas === spec.replicas &&
        condition(await web(), 'Progressing') === 'True NewReplicaSetAvailable'
      );
    });
  };

  it('makes a ReplicaSet and its pods, and reports when they are available', async () => {
    await cluster.client.create(deployment('web', 3));
    await cluster.until('three pods', async () => (await pods()).length === 3);
    assert.equal(condition(await web(), 'Available'), 'False MinimumReplicasUnavailable');
    await rolledOut();
    assert.equal(condition(await web(), 'Available'), 'True MinimumReplicasAvailable');
    const [set] = await cluster.list(ReplicaSet);
    assert.match(set?.metadata.name ?? '', /^web-[bcdfghjklmnpqrstvwxz2456789]+$/);
    assert.equal(set?.metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
    assert.equal((await web()).metadata.annotations?.['deployment.kubernetes.io/revision'], '1');
    const hash = set?.metadata.labels?.['pod-template-hash'];
    assert.ok((await pods()).every((pod) => pod.metadata.labels?.['pod-template-hash'] === hash));
    assert.ok(
      (await cluster.events()).includes(`ScalingReplicaSet Scaled up replica set ${set?.metadata.name} from 0 to 3`),
    );
  });

  it('rolls over without falling below the limits, and keeps the old ReplicaSet', async () => {
    await cluster.client.create(deployment('web', 4));
    await rolledOut();
    await cluster.change(Deployment, 'web', withImage('web:2'));
    let least = 4;
    let most = 4;
    await cluster.until('only new pods', async () => {
      const now = (await pods()).filter((pod) => pod.metadata.deletionTimestamp === undefined);
      most = Math.max(most, now.length);
      least = Math.min(least, now.filter((pod) => pod.status?.phase === 'Running').length);
      await cluster.makeReady();
      return now.every((pod) => pod.spec.containers[0]?.image === 'web:2') && now.length === 4;
    });
    assert.ok(least >= 3, `never fewer than 3 ready, but ${least}`);
    assert.ok(most <= 5, `never more than 5 pods, but ${most}`);
    await rolledOut();
    const sets = await cluster.list(ReplicaSet);
    assert.deepEqual(
      sets.map((set) => set.spec.replicas).sort((a = 0, b = 0) => a - b),
      [0, 4],
    );
  });

  it('returns to an old ReplicaSet, which becomes the newest revision', async () => {
    await cluster.client.create(deployment('web', 1));
    await rolledOut();
    await cluster.change(Deployment, 'web', withImage('web:2'));
    await rolledOut();
    await cluster.change(Deployment, 'web', withImage('web:1'));
    await rolledOut();
    const sets = await cluster.list(ReplicaSet);
    assert.equal(sets.length, 2);
    const current = sets.find((set) => set.spec.replicas === 1);
    assert.equal(current?.spec.template?.spec?.containers[0]?.image, 'web:1');
    assert.equal(current?.metadata.annotations?.['deployment.kubernetes.io/revision'], '3');
    assert.equal(current?.metadata.annotations?.['deployment.kubernetes.io/revision-history'], '1');
    assert.equal((await web()).metadata.annotations?.['deployment.kubernetes.io/revision'], '3');
  });

  it('recreates: no new pod while an old one is there', async () => {
    await cluster.client.create(deployment('web', 2, 'web:1', { strategy: { type: 'Recreate' } }));
    await rolledOut();
    for (const pod of await pods()) {
      await cluster.client.update({ ...pod, metadata: { ...pod.metadata, finalizers: ['test/hold'] } });
    }
    await cluster.change(Deployment, 'web', withImage('web:2'));
    await cluster.until('old pods are being deleted', async () =>
      (await pods()).every((pod) => pod.metadata.deletionTimestamp !== undefined),
    );
    await cluster.quiet();
    assert.deepEqual(imagesOf(await pods()), ['web:1', 'web:1']);
    for (const pod of await pods())
      await cluster.client.update({ ...pod, metadata: { ...pod.metadata, finalizers: [] } });
    await cluster.until('new pods', async () => (await pods()).length === 2);
    assert.deepEqual(imagesOf(await pods()), ['web:2', 'web:2']);
    await rolledOut();
  });

  it('reports a rollout that makes no progress, and recovers', async () => {
    await cluster.client.create(deployment('web', 1, 'web:1', { progressDeadlineSeconds: 60 }));
    await cluster.until('a pod', async () => (await pods()).length === 1);
    await cluster.clock.advance(59_000);
    assert.match(condition(await web(), 'Progressing'), /^True/);
    await cluster.clock.advance(4000);
    await cluster.until(
      'timed out',
      async () => condition(await web(), 'Progressing') === 'False ProgressDeadlineExceeded',
    );
    await rolledOut();
  });

  it('waits minReadySeconds before a pod counts', async () => {
    await cluster.client.create(deployment('web', 1, 'web:1', { minReadySeconds: 30 }));
    await cluster.until('a pod', async () => (await pods()).length === 1);
    await cluster.makeReady();
    await cluster.quiet();
    assert.deepEqual([(await web()).status?.readyReplicas, (await web()).status?.availableReplicas ?? 0], [1, 0]);
    await cluster.clock.advance(30_000);
    await rolledOut();
  });

  it('changes nothing in the pods while paused, but scales', async () => {
    await cluster.client.create(deployment('web', 2));
    await rolledOut();
    await cluster.change(Deployment, 'web', (object) => ({ ...object, spec: { ...object.spec, paused: true } }));
    await cluster.change(Deployment, 'web', withImage('web:2'));
    await cluster.until('paused', async () => condition(await web(), 'Progressing') === 'Unknown DeploymentPaused');
    await cluster.change(Deployment, 'web', (object) => ({ ...object, spec: { ...object.spec, replicas: 3 } }));
    await cluster.until('three pods', async () => (await pods()).length === 3);
    assert.deepEqual(imagesOf(await pods()), ['web:1', 'web:1', 'web:1']);
    await cluster.change(Deployment, 'web', (object) => ({ ...object, spec: { ...object.spec, paused: false } }));
    await rolledOut();
    assert.deepEqual(imagesOf(await pods()), ['web:2', 'web:2', 'web:2']);
  });

  it('keeps as many old ReplicaSets as revisionHistoryLimit says', async () => {
    await cluster.client.create(deployment('web', 1, 'web:1', { revisionHistoryLimit: 2 }));
    await rolledOut();
    for (const image of ['web:2', 'web:3', 'web:4', 'web:5']) {
      await cluster.change(Deployment, 'web', withImage(image));
      await rolledOut();
    }
    await cluster.until('two old sets', async () => (await cluster.list(ReplicaSet)).length === 3);
    const revisions = (await cluster.list(ReplicaSet)).map(
      (set) => set.metadata.annotations?.['deployment.kubernetes.io/revision'],
    );
    assert.deepEqual(
      revisions.toSorted((a = '', b = '') => a.localeCompare(b)),
      ['3', '4', '5'],
    );
  });

  it('adopts a ReplicaSet that matches and releases one that does not match any more', async () => {
    await cluster.client.create(deployment('web', 1));
    await rolledOut();
    const [set] = await cluster.list(ReplicaSet);
    assert.ok(set);
    await cluster.client.update({ ...set, metadata: { ...set.metadata, ownerReferences: [] } });
    await cluster.until('adopted again', async () => {
      const [now] = await cluster.list(ReplicaSet);
      return now?.metadata.ownerReferences?.[0]?.name === 'web';
    });
    const [adopted] = await cluster.list(ReplicaSet);
    assert.ok(adopted);
    await cluster.client.update({ ...adopted, metadata: { ...adopted.metadata, labels: { app: 'other' } } });
    await cluster.until('released', async () =>
      (await cluster.list(ReplicaSet)).some((each) => (each.metadata.ownerReferences ?? []).length === 0),
    );
  });

  it('writes nothing when there is nothing to do', async () => {
    await cluster.client.create(deployment('web', 2));
    await rolledOut();
    await cluster.quiet();
    const before = (await cluster.client.list(Deployment)).resourceVersion;
    await cluster.clock.advance(3_600_000);
    const after = (await cluster.client.list(Deployment)).resourceVersion;
    assert.equal(after, before);
  });
});
