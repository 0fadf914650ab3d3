import assert from 'node:assert/strict';
import { systemClock } from '../../../src/objects/clock.js';
import { createDockerRuntime } from '../../../src/runtime/containers/docker/docker-runtime.js';
import { BUSYBOX_IMAGE, DOCKER_SOCKET, makeTestImages, realDocker } from '../../components/images.js';
import type { TestCluster } from '../../runtime/kubelet/test-cluster.js';
import { isReady, log } from '../../runtime/kubelet/test-cluster.js';
import type { RuntimeUnderTest } from './kubelet-contract.js';
import { describeKubelet, FOREVER, realCluster, removeAllPods, sh } from './kubelet-contract.js';

const prepare = async (context: Mocha.Context): Promise<RuntimeUnderTest> => {
  await makeTestImages(context, await realDocker(context));
  return {
    make: (folder) =>
      createDockerRuntime({ socketPath: DOCKER_SOCKET, root: `${folder}/runtime`, clock: systemClock, log }),
    image: BUSYBOX_IMAGE,
    limitsMemory: true,
  };
};

describeKubelet('docker', prepare);

describe('startKubelet with images and limits on docker', function () {
  this.timeout(60_000);
  let cluster: TestCluster;

  before(async function () {
    cluster = await realCluster(await prepare(this));
  });

  after(async () => {
    if (cluster === undefined) return;
    await removeAllPods(cluster);
    await cluster.stop();
  });

  const firstOf = (pod: Awaited<ReturnType<TestCluster['run']>>) => pod.status?.containerStatuses?.[0];

  it('says that a container was killed for its memory', async () => {
    await cluster.run('oom', {
      restartPolicy: 'Never',
      containers: [
        sh(BUSYBOX_IMAGE, 'x=0123456789; while :; do x=$x$x; done', { resources: { limits: { memory: '16Mi' } } }),
      ],
    });
    const pod = await cluster.until('oom', ({ status }) => status?.phase === 'Failed');
    assert.equal(firstOf(pod)?.state?.terminated?.reason, 'OOMKilled');
    assert.equal(firstOf(pod)?.state?.terminated?.exitCode, 137);
  });

  it('says that an image cannot be pulled, and backs off', async () => {
    await cluster.run('no-image', { containers: [{ name: 'c', image: '127.0.0.1:9/nothing:1' }] });
    const failed = await cluster.until('no-image', (pod) => firstOf(pod)?.state?.waiting?.reason === 'ErrImagePull');
    assert.equal(failed.status?.phase, 'Pending');
    const waits = await cluster.until('no-image', (pod) => firstOf(pod)?.state?.waiting?.reason === 'ImagePullBackOff');
    assert.match(firstOf(waits)?.state?.waiting?.message ?? '', /^Back-off pulling image "127.0.0.1:9\/nothing:1"/);
  });

  it('says that an image is never pulled', async () => {
    await cluster.run('never', {
      containers: [{ name: 'c', image: 'fairlead.test/none:1', imagePullPolicy: 'Never' }],
    });
    const pod = await cluster.until(
      'never',
      (found) =>
        firstOf(found)?.state?.waiting !== undefined && firstOf(found)?.state?.waiting?.reason !== 'ContainerCreating',
    );
    assert.equal(firstOf(pod)?.state?.waiting?.reason, 'ErrImageNeverPull');
  });

  it('says that a command cannot be run', async () => {
    await cluster.run('no-command', { containers: [{ name: 'c', image: BUSYBOX_IMAGE, command: ['/no/such'] }] });
    const pod = await cluster.until(
      'no-command',
      (found) => firstOf(found)?.state?.waiting?.reason === 'RunContainerError',
    );
    assert.match(firstOf(pod)?.state?.waiting?.message ?? '', /no such file/);
  });

  it('refuses root where the pod forbids it', async () => {
    await cluster.run('root', {
      securityContext: { runAsNonRoot: true },
      containers: [sh(BUSYBOX_IMAGE, FOREVER)],
    });
    const pod = await cluster.until(
      'root',
      (found) => firstOf(found)?.state?.waiting?.reason === 'CreateContainerConfigError',
    );
    assert.match(firstOf(pod)?.state?.waiting?.message ?? '', /^container has runAsNonRoot and image will run as root/);
  });

  it('runs as the user that the pod names', async () => {
    await cluster.run('user', {
      restartPolicy: 'Never',
      securityContext: { runAsUser: 1234, runAsGroup: 2345, fsGroup: 3456 },
      containers: [sh(BUSYBOX_IMAGE, 'test "$(id -u) $(id -g)" = "1234 2345" && id -G | grep -q 3456')],
    });
    const pod = await cluster.until('user', ({ status }) => ['Failed', 'Succeeded'].includes(status?.phase ?? ''));
    assert.equal(pod.status?.phase, 'Succeeded');
  });

  it('probes over HTTP and TCP', async () => {
    const httpGet = { path: '/', port: 'web' };
    const serve = 'mkdir -p /www; echo hi > /www/index.html; exec httpd -f -p 8080 -h /www';
    await cluster.run('served', {
      terminationGracePeriodSeconds: 1,
      containers: [
        sh(BUSYBOX_IMAGE, `sleep 0.3; ${serve}`, {
          ports: [{ name: 'web', containerPort: 8080 }],
          readinessProbe: { httpGet },
          livenessProbe: { tcpSocket: { port: 8080 }, initialDelaySeconds: 1 },
        }),
      ],
    });
    const startedAt = Date.now();
    const pod = await cluster.until('served', isReady);
    // The first attempt fails; the next regular one would be ten seconds later.
    assert.ok(Date.now() - startedAt < 8000);
    assert.equal(firstOf(pod)?.restartCount, 0);
  });

  it('starts a debug container in a running pod', async () => {
    await cluster.run('debugged', { terminationGracePeriodSeconds: 1, containers: [sh(BUSYBOX_IMAGE, FOREVER)] });
    const pod = await cluster.until('debugged', isReady);
    const ephemeralContainers = [
      { ...sh(BUSYBOX_IMAGE, 'echo seen; exit 0'), name: 'debug', targetContainerName: 'c' },
    ];
    await cluster.client.patch(
      { apiVersion: 'v1', kind: 'Pod' },
      { namespace: 'default', name: 'debugged' },
      { type: 'strategic', body: { spec: { ephemeralContainers } } },
      { subresource: 'ephemeralcontainers' },
    );
    const after = await cluster.until(
      'debugged',
      ({ status }) => status?.ephemeralContainerStatuses?.[0]?.state?.terminated !== undefined,
    );
    assert.equal(firstOf(after)?.containerID, firstOf(pod)?.containerID);
  });
});
