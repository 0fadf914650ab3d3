import assert from 'node:assert/strict';
import { createInformerSet } from '../../../src/cluster/client/informer-set.js';
import { systemClock } from '../../../src/objects/clock.js';
import { Pod } from '../../../src/objects/kinds/core-v1.js';
import { startKubelet } from '../../../src/runtime/kubelet/kubelet.js';
import type { TestCluster } from './test-cluster.js';
import { isReady, log, startTestCluster } from './test-cluster.js';

describe('startKubelet', () => {
  let cluster: TestCluster;

  beforeEach(async () => {
    cluster = await startTestCluster();
  });

  afterEach(() => cluster.stop());

  it('runs a pod and reports it ready', async () => {
    await cluster.run('web', {});
    const pod = await cluster.until('web', isReady);
    assert.equal(pod.status?.phase, 'Running');
    const [status] = pod.status?.containerStatuses ?? [];
    assert.equal(status?.restartCount, 0);
    assert.equal(status?.started, true);
    assert.match(status?.containerID ?? '', /^simulated:\/\//);
    assert.equal(pod.status?.qosClass, 'BestEffort');
    assert.ok(pod.status?.podIP);
    assert.deepEqual(
      (await cluster.events('web')).map((event) => event.replace(/:.*/, '')),
      ['Normal Pulled', 'Normal Created', 'Normal Started'],
    );
  });

  it('ends a deleted pod and removes what is left of it', async () => {
    await cluster.run('web', { terminationGracePeriodSeconds: 1 });
    await cluster.until('web', isReady);
    await cluster.client.delete(Pod, { namespace: 'default', name: 'web' });
    await cluster.untilGone('web');
    assert.deepEqual(await cluster.runtime.listPodSandboxes(AbortSignal.timeout(1000)), []);
    assert.deepEqual(await cluster.runtime.listContainers(AbortSignal.timeout(1000)), []);
  });

  it('completes a pod that is not restarted', async () => {
    await cluster.run('job', { restartPolicy: 'Never' });
    const pod = await cluster.until('job', ({ status }) => status?.phase === 'Succeeded');
    assert.equal(pod.status?.containerStatuses?.[0]?.state?.terminated?.reason, 'Completed');
    assert.equal(isReady(pod), false);
  });

  it('leaves a completed pod as it was after a restart', async () => {
    await cluster.run('job', { restartPolicy: 'Never' });
    const before = await cluster.until('job', ({ status }) => status?.phase === 'Succeeded');
    await cluster.kubelet.context.statuses.flush(before);
    const settled = await cluster.client.get(Pod, { namespace: 'default', name: 'job' });
    await cluster.restartKubelet();
    await cluster.run('second', {});
    await cluster.until('second', isReady);
    assert.deepEqual(await cluster.client.get(Pod, { namespace: 'default', name: 'job' }), settled);
  });

  it('changes a running container when its image is changed', async () => {
    await cluster.run('web', {});
    const before = await cluster.until('web', isReady);
    const body = { spec: { containers: [{ name: 'c', image: 'busybox:2' }] } };
    await cluster.client.patch(Pod, { namespace: 'default', name: 'web' }, { type: 'strategic', body });
    const after = await cluster.until(
      'web',
      (pod) => pod.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(pod),
    );
    assert.equal(after.status?.containerStatuses?.[0]?.image, 'busybox:2');
    assert.notEqual(
      after.status?.containerStatuses?.[0]?.containerID,
      before.status?.containerStatuses?.[0]?.containerID,
    );
    assert.ok(
      (await cluster.events('web')).includes('Normal Killing: Container c definition changed, will be restarted'),
    );
  });

  it('ends a pod that finalizers keep, and removes its object when they go', async () => {
    await cluster.run('held', { terminationGracePeriodSeconds: 1 }, { finalizers: ['example.com/hold'] });
    await cluster.until('held', isReady);
    await cluster.client.delete(Pod, { namespace: 'default', name: 'held' });
    await cluster.until('held', ({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded');
    const body = { metadata: { finalizers: [] } };
    await cluster.client.patch(Pod, { namespace: 'default', name: 'held' }, { type: 'merge', body });
    await cluster.untilGone('held');
  });

  it('ends a pod that is deleted by force', async () => {
    await cluster.run('forced', {});
    const pod = await cluster.until('forced', isReady);
    await cluster.client.delete(Pod, { namespace: 'default', name: 'forced' }, { gracePeriodSeconds: 0 });
    await cluster.run('forced', {});
    const next = await cluster.until('forced', isReady);
    assert.notEqual(next.metadata.uid, pod.metadata.uid);
    for (let turn = 0; turn < 100; turn += 1) {
      const left = await cluster.runtime.listPodSandboxes(AbortSignal.timeout(1000));
      if (left.every(({ podUid }) => podUid === next.metadata.uid)) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.fail('the sandbox of the first pod is still there');
  });

  it('adopts what runs after it is started anew', async () => {
    await cluster.run('web', {});
    const before = await cluster.until('web', isReady);
    await cluster.restartKubelet();
    await cluster.run('second', {});
    await cluster.until('second', isReady);
    const after = await cluster.client.get(Pod, { namespace: 'default', name: 'web' });
    assert.deepEqual(after?.status, before.status);
    assert.equal((await cluster.runtime.listContainers(AbortSignal.timeout(1000))).length, 2);
  });
});

describe('startKubelet beside another', () => {
  it('leaves the pods of other nodes alone', async () => {
    const cluster = await startTestCluster();
    const stop = new AbortController();
    const { client, runtime, folder } = cluster;
    const informers = createInformerSet(client, { log, clock: systemClock });
    const { view, volumes } = cluster.kubelet.context;
    const rootFolder = `${folder}/n2`;
    const options = { client, informers, runtime, view, volumes, nodeName: 'n2', rootFolder, clock: systemClock, log };
    const second = await startKubelet(options, stop.signal);
    await Promise.all([cluster.run('one', {}), cluster.run('two', { nodeName: 'n2' })]);
    await Promise.all([cluster.until('one', isReady), cluster.until('two', isReady)]);
    await cluster.restartKubelet();
    stop.abort();
    await second.stopped;
    await cluster.run('three', {});
    await cluster.until('three', isReady);
    assert.equal((await runtime.listPodSandboxes(AbortSignal.timeout(1000))).length, 3);
    assert.deepEqual(
      cluster.kubelet
        .pods()
        .map(({ metadata }) => metadata.name)
        .sort(),
      ['one', 'three'],
    );
    await cluster.stop();
  });
});
