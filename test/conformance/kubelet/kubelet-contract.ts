import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { createInformerSet } from '../../../src/cluster/client/informer-set.js';
import { systemClock } from '../../../src/objects/clock.js';
import type { ConfigMap, Container, ContainerStatus, Secret } from '../../../src/objects/kinds/core-v1.js';
import { Pod } from '../../../src/objects/kinds/core-v1.js';
import type { ContainerRuntime } from '../../../src/runtime/containers/container-runtime.js';
import { createVolumeManager } from '../../../src/runtime/volumes/create-volume-manager.js';
import type { ClusterOptions, TestCluster } from '../../runtime/kubelet/test-cluster.js';
import { isReady, log, startTestCluster } from '../../runtime/kubelet/test-cluster.js';

export interface RuntimeUnderTest {
  make(folder: string): ContainerRuntime;
  /** An image that has /bin/sh, as far as the runtime knows images. */
  readonly image: string;
  readonly limitsMemory: boolean;
}

export const realCluster = (
  runtime: RuntimeUnderTest,
  server?: NonNullable<ClusterOptions['server']>,
  kubelets?: NonNullable<ClusterOptions['kubelets']>,
): Promise<TestCluster> => {
  const stop = new AbortController();
  return startTestCluster({
    runtime: (folder) => runtime.make(folder),
    volumes: (client, folder) => {
      const informers = createInformerSet(client, { log, clock: systemClock });
      void informers.start(stop.signal);
      return createVolumeManager({ client, informers, root: folder, clock: systemClock, log });
    },
    ...(server === undefined ? {} : { server }),
    ...(kubelets === undefined ? {} : { kubelets }),
  });
};

export const sh = (image: string, script: string, more: Partial<Container> = {}): Container => ({
  name: 'c',
  image,
  command: ['/bin/sh', '-c', script],
  ...more,
});

/** Sleeps, and ends at once when it is told to. */
export const FOREVER = 'trap "exit 0" TERM INT; while :; do sleep 0.1; done';

const first = (pod: Pod): ContainerStatus => {
  const [status] = pod.status?.containerStatuses ?? [];
  return status ?? { name: '', ready: false, restartCount: 0, image: '', imageID: '' };
};

const now = AbortSignal.timeout(600_000);

const logOf = async (cluster: TestCluster, status: ContainerStatus): Promise<string> => {
  const id = status.containerID?.replace(/^.*:\/\//, '') ?? '';
  const log = await cluster.runtime.logs(id, { follow: false, timestamps: false, stream: 'all' }, now);
  const chunks: Buffer[] = [];
  for await (const chunk of log) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString('utf8');
};

export const removeAllPods = async (cluster: TestCluster): Promise<void> => {
  const { items } = await cluster.client.list(Pod);
  for (const { metadata } of items) {
    await cluster.client.delete(Pod, { namespace: 'default', name: metadata.name }, { gracePeriodSeconds: 1 });
  }
  for (const { metadata } of items) await cluster.untilGone(metadata.name);
};

/** What a kubelet does with pods, on a runtime that really runs them. */
export const describeKubelet = (name: string, prepare: (context: Mocha.Context) => Promise<RuntimeUnderTest>): void => {
  describe(`startKubelet on ${name}`, function () {
    this.timeout(60_000);
    let cluster: TestCluster;
    let runtime: RuntimeUnderTest;
    let image: string;

    before(async function () {
      runtime = await prepare(this);
      ({ image } = runtime);
      cluster = await realCluster(runtime);
    });

    after(async () => {
      if (cluster === undefined) return;
      await removeAllPods(cluster);
      assert.deepEqual(await cluster.runtime.listPodSandboxes(now), []);
      await cluster.stop();
    });

    it('runs init containers in order before the others', async () => {
      const init = (order: number): Container => sh(image, `echo init-${order}; sleep 0.1`, { name: `i${order}` });
      await cluster.run('ordered', {
        restartPolicy: 'Never',
        initContainers: [init(1), init(2)],
        containers: [sh(image, 'echo main')],
      });
      const pod = await cluster.until('ordered', ({ status }) => status?.phase === 'Succeeded');
      const ends = (pod.status?.initContainerStatuses ?? []).map(({ state }) => state?.terminated);
      assert.deepEqual(
        ends.map((end) => end?.reason),
        ['Completed', 'Completed'],
      );
      assert.match(await logOf(cluster, first(pod)), /main/);
      const initialized = pod.status?.conditions?.find(({ type }) => type === 'Initialized');
      assert.equal(initialized?.status, 'True');
    });

    it('fails a pod whose init container fails and may not restart', async () => {
      await cluster.run('init-fails', {
        restartPolicy: 'Never',
        initContainers: [sh(image, 'exit 3', { name: 'i' })],
        containers: [sh(image, 'echo never')],
      });
      const pod = await cluster.until('init-fails', ({ status }) => status?.phase === 'Failed');
      assert.equal(pod.status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode, 3);
      assert.equal(first(pod).containerID, undefined);
    });

    it('keeps sidecars up while the main container runs and ends them after it', async () => {
      await cluster.run('sidecar', {
        restartPolicy: 'Never',
        initContainers: [sh(image, FOREVER, { name: 'side', restartPolicy: 'Always' })],
        containers: [sh(image, 'sleep 0.3; exit 0')],
        terminationGracePeriodSeconds: 2,
      });
      const pod = await cluster.until('sidecar', ({ status }) => status?.phase === 'Succeeded');
      assert.ok(pod.status?.initContainerStatuses?.[0]?.state?.terminated);
      assert.equal(pod.status?.initContainerStatuses?.[0]?.restartCount, 0);
    });

    it('restarts a crashing container and backs off', async () => {
      await cluster.run('crash', { containers: [sh(image, 'echo gone > /dev/stderr; exit 7')] });
      const pod = await cluster.until('crash', (found) => first(found).state?.waiting?.reason === 'CrashLoopBackOff');
      assert.equal(first(pod).restartCount, 1);
      assert.equal(first(pod).lastState?.terminated?.exitCode, 7);
      assert.equal(
        first(pod).state?.waiting?.message,
        `back-off 10s restarting failed container=c pod=crash_default(${pod.metadata.uid})`,
      );
      assert.equal(pod.status?.phase, 'Running');
      assert.ok(
        (await cluster.events('crash')).some((event) => event.startsWith('Warning BackOff: Back-off restarting')),
      );
      await cluster.restartKubelet();
      await delay(300);
      const later = await cluster.client.get(Pod, { namespace: 'default', name: 'crash' });
      assert.equal(later === undefined ? undefined : first(later).restartCount, 1);
    });

    it('gives configuration, secrets, fields and references to the environment', async () => {
      const namespace = 'default';
      await cluster.client.create<ConfigMap>({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'settings', namespace },
        data: { COLOR: 'blue', SIZE: 'big' },
      });
      await cluster.client.create<Secret>({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'hidden', namespace },
        data: { password: Buffer.from('s3cret').toString('base64') },
      });
      const env = [
        { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'hidden', key: 'password' } } },
        { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
        { name: 'BOTH', value: '$(CFG_COLOR)-$(NAME)-$$(NAME)' },
        { name: 'MAYBE', valueFrom: { configMapKeyRef: { name: 'no', key: 'no', optional: true } } },
      ];
      const script = 'echo "$CFG_COLOR $PASSWORD $NAME $LIMIT $BOTH [$MAYBE] $IP" $0';
      await cluster.run('env', {
        restartPolicy: 'Never',
        containers: [
          sh(image, script, {
            env,
            args: ['$(CFG_SIZE)'],
            envFrom: [{ prefix: 'CFG_', configMapRef: { name: 'settings' } }],
            resources: { limits: { memory: '64Mi' } },
          }),
        ],
      });
      const pod = await cluster.until('env', ({ status }) => status?.phase === 'Succeeded');
      const expected = `blue s3cret env 64 blue-env-$(NAME) [] ${pod.status?.podIP} big\n`;
      assert.equal(await logOf(cluster, first(pod)), expected);
    });

    it('waits for a ConfigMap that is not there and starts when it comes', async () => {
      const valueFrom = { configMapKeyRef: { name: 'late', key: 'a' } };
      await cluster.run('late', { containers: [sh(image, FOREVER, { env: [{ name: 'A', valueFrom }] })] });
      const waiting = await cluster.until(
        'late',
        (pod) => first(pod).state?.waiting?.reason === 'CreateContainerConfigError',
      );
      assert.equal(first(waiting).state?.waiting?.message, 'configmap "late" not found');
      await cluster.client.create<ConfigMap>({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'late', namespace: 'default' },
        data: { a: '1' },
      });
      await cluster.until('late', isReady);
    });

    it('mounts volumes, and shares an emptyDir between containers', async () => {
      await cluster.client.create<ConfigMap>({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'files', namespace: 'default' },
        data: { 'a.txt': 'from the map' },
      });
      await cluster.run('volumes', {
        restartPolicy: 'Never',
        volumes: [
          { name: 'scratch', emptyDir: {} },
          { name: 'files', configMap: { name: 'files' } },
        ],
        initContainers: [
          sh(image, 'echo from init > /scratch/x', {
            name: 'i',
            volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
          }),
        ],
        containers: [
          sh(image, 'cat /scratch/x /files/a.txt', {
            volumeMounts: [
              { name: 'scratch', mountPath: '/scratch' },
              { name: 'files', mountPath: '/files' },
            ],
          }),
        ],
      });
      const pod = await cluster.until('volumes', ({ status }) => status?.phase === 'Succeeded');
      assert.equal((await logOf(cluster, first(pod))).trim(), 'from init\nfrom the map');
    });

    it('says what a volume misses, and starts when it comes', async () => {
      await cluster.run('mount-late', {
        volumes: [{ name: 'v', configMap: { name: 'mount-late' } }],
        containers: [sh(image, FOREVER)],
      });
      await delay(200);
      assert.ok((await cluster.events('mount-late')).some((event) => event.startsWith('Warning FailedMount')));
      await cluster.client.create<ConfigMap>({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'mount-late', namespace: 'default' },
      });
      await cluster.until('mount-late', isReady);
    });

    it('restarts a container whose liveness probe fails', async () => {
      const livenessProbe = { exec: { command: ['/bin/sh', '-c', 'exit 1'] }, periodSeconds: 1, failureThreshold: 2 };
      await cluster.run('unlive', {
        terminationGracePeriodSeconds: 2,
        containers: [sh(image, FOREVER, { livenessProbe })],
      });
      const pod = await cluster.until('unlive', (found) => first(found).restartCount === 1);
      assert.ok(first(pod).lastState?.terminated);
      const events = await cluster.events('unlive');
      assert.ok(events.some((event) => event.startsWith('Warning Unhealthy: Liveness probe failed')));
      assert.ok(events.includes('Normal Killing: Container c failed liveness probe, will be restarted'));
    });

    it('follows a readiness probe that fails and recovers', async () => {
      const readinessProbe = {
        exec: { command: ['/bin/sh', '-c', 'test -e /state/ok'] },
        periodSeconds: 1,
        failureThreshold: 1,
      };
      await cluster.run('changing', {
        volumes: [{ name: 'state', emptyDir: {} }],
        containers: [
          sh(image, 'touch /state/ok; sleep 2; rm /state/ok; sleep 2.5; touch /state/ok; sleep 600', {
            readinessProbe,
            volumeMounts: [{ name: 'state', mountPath: '/state' }],
          }),
        ],
        terminationGracePeriodSeconds: 1,
      });
      await cluster.until('changing', isReady);
      const unready = await cluster.until('changing', (pod) => !isReady(pod));
      const ready = unready.status?.conditions?.find(({ type }) => type === 'Ready');
      assert.equal(ready?.message, 'containers with unready status: [c]');
      const again = await cluster.until('changing', isReady);
      assert.equal(first(again).restartCount, 0);
    });

    it('holds other probes back until the startup probe passes', async () => {
      const exec = (file: string) => ({ exec: { command: ['/bin/sh', '-c', `test -e ${file}`] }, periodSeconds: 1 });
      await cluster.run('slow-start', {
        volumes: [{ name: 'state', emptyDir: {} }],
        containers: [
          sh(image, 'sleep 1.5; touch /state/started; sleep 600', {
            startupProbe: { ...exec('/state/started'), failureThreshold: 10 },
            livenessProbe: { ...exec('/state/started'), failureThreshold: 1 },
            volumeMounts: [{ name: 'state', mountPath: '/state' }],
          }),
        ],
        terminationGracePeriodSeconds: 1,
      });
      const before = await cluster.until('slow-start', (pod) => first(pod).state?.running !== undefined);
      assert.equal(first(before).started, false);
      const after = await cluster.until('slow-start', isReady);
      assert.equal(first(after).restartCount, 0);
    });

    it('runs postStart, and preStop inside the grace period', async () => {
      await cluster.run('hooks', {
        terminationGracePeriodSeconds: 5,
        volumes: [{ name: 'host', hostPath: { path: cluster.folder } }],
        containers: [
          sh(image, FOREVER, {
            volumeMounts: [{ name: 'host', mountPath: '/host' }],
            lifecycle: {
              postStart: { exec: { command: ['/bin/sh', '-c', 'echo started >> /host/hooks'] } },
              preStop: { exec: { command: ['/bin/sh', '-c', 'echo stopping >> /host/hooks'] } },
            },
          }),
        ],
      });
      await cluster.until('hooks', isReady);
      await cluster.client.delete(Pod, { namespace: 'default', name: 'hooks' });
      await cluster.untilGone('hooks');
      const { readFileSync } = await import('node:fs');
      assert.equal(readFileSync(`${cluster.folder}/hooks`, 'utf8'), 'started\nstopping\n');
    });

    it('tells when a pod that ends is no longer ready', async () => {
      const test = { command: ['/bin/sh', '-c', 'test ! -e /state/draining'] };
      await cluster.run('draining', {
        terminationGracePeriodSeconds: 20,
        volumes: [{ name: 'state', emptyDir: {} }],
        containers: [
          sh(image, 'trap "touch /state/draining; sleep 3; exit 0" TERM; while :; do sleep 0.1; done', {
            readinessProbe: { exec: test, periodSeconds: 1, failureThreshold: 1 },
            volumeMounts: [{ name: 'state', mountPath: '/state' }],
          }),
        ],
      });
      await cluster.until('draining', isReady);
      await cluster.client.delete(Pod, { namespace: 'default', name: 'draining' });
      const unready = await cluster.until('draining', (pod) => !isReady(pod));
      assert.ok(unready.metadata.deletionTimestamp);
      assert.equal(unready.status?.phase, 'Running');
      assert.ok(first(unready).state?.running);
      await cluster.untilGone('draining');
    });

    it('says why a postStart hook failed', async () => {
      await cluster.run('bad-hook', {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 1,
        containers: [
          sh(image, FOREVER, { lifecycle: { postStart: { exec: { command: ['/bin/sh', '-c', 'exit 4'] } } } }),
        ],
      });
      await cluster.until('bad-hook', ({ status }) => status?.phase === 'Failed' || status?.phase === 'Succeeded');
      assert.ok((await cluster.events('bad-hook')).some((event) => event.startsWith('Warning FailedPostStartHook')));
    });

    it('kills what does not end by itself when the grace period is over', async () => {
      await cluster.run('stubborn', {
        terminationGracePeriodSeconds: 30,
        containers: [sh(image, 'trap "" TERM; while :; do sleep 0.2; done')],
      });
      await cluster.until('stubborn', isReady);
      const startedAt = Date.now();
      await cluster.client.delete(Pod, { namespace: 'default', name: 'stubborn' });
      await cluster.client.delete(Pod, { namespace: 'default', name: 'stubborn' }, { gracePeriodSeconds: 1 });
      await cluster.untilGone('stubborn');
      assert.ok(Date.now() - startedAt < 20_000);
    });

    it('ends a pod at its deadline', async () => {
      await cluster.run('deadline', { activeDeadlineSeconds: 1, containers: [sh(image, FOREVER)] });
      const pod = await cluster.until('deadline', ({ status }) => status?.phase === 'Failed');
      assert.equal(pod.status?.reason, 'DeadlineExceeded');
      assert.equal(pod.status?.message, 'Pod was active on the node longer than the specified deadline');
      const ended = await cluster.until('deadline', (found) => first(found).state?.terminated !== undefined);
      assert.equal(ended.status?.phase, 'Failed');
    });

    it('reports the termination message, from the file or the log', async () => {
      await cluster.run('message', {
        restartPolicy: 'Never',
        containers: [
          sh(image, 'echo from the log; exit 1', { name: 'l', terminationMessagePolicy: 'FallbackToLogsOnError' }),
          ...(name === 'process' ? [] : [sh(image, 'echo -n from the file > /dev/termination-log', { name: 'f' })]),
        ],
      });
      const pod = await cluster.until('message', ({ status }) => ['Failed', 'Succeeded'].includes(status?.phase ?? ''));
      const message = (container: string) =>
        pod.status?.containerStatuses?.find((status) => status.name === container)?.state?.terminated?.message;
      assert.equal(message('l'), 'from the log\n');
      if (name !== 'process') assert.equal(message('f'), 'from the file');
    });

    it('adopts running containers after a restart: same ids, nothing started anew', async () => {
      await cluster.run('adopted', {
        containers: [
          sh(image, FOREVER, { readinessProbe: { exec: { command: ['/bin/sh', '-c', 'true'] }, periodSeconds: 1 } }),
        ],
      });
      const before = await cluster.until('adopted', isReady);
      await cluster.restartKubelet();
      await delay(500);
      const after = await cluster.client.get(Pod, { namespace: 'default', name: 'adopted' });
      assert.deepEqual(after?.status, before.status);
    });

    it('removes what deleted pods left behind while it was away', async () => {
      await cluster.run('orphan', { terminationGracePeriodSeconds: 1, containers: [sh(image, FOREVER)] });
      const pod = await cluster.until('orphan', isReady);
      await cluster.restartKubelet(async () => {
        await cluster.client.delete(Pod, { namespace: 'default', name: 'orphan' }, { gracePeriodSeconds: 0 });
      });
      for (let tries = 0; tries < 100; tries += 1) {
        const left = await cluster.runtime.listPodSandboxes(now);
        if (!left.some(({ podUid }) => podUid === pod.metadata.uid)) return;
        await delay(100);
      }
      assert.fail('the sandbox is still there');
    });

    it('starts a pod anew whose sandbox died', async () => {
      await cluster.run('reborn', { terminationGracePeriodSeconds: 1, containers: [sh(image, FOREVER)] });
      const pod = await cluster.until('reborn', isReady);
      const sandboxes = await cluster.runtime.listPodSandboxes(now);
      const sandbox = sandboxes.find(({ podUid }) => podUid === pod.metadata.uid);
      await cluster.runtime.stopPodSandbox(sandbox?.id ?? '', now);
      // Once more where the container is seen to end before its sandbox: then it is first started in the old one.
      await cluster.until('reborn', (found) => isReady(found) && first(found).containerID !== first(pod).containerID);
      const left = await cluster.runtime.listPodSandboxes(now);
      assert.ok(left.some(({ podUid, attempt }) => podUid === pod.metadata.uid && attempt === 1));
      assert.ok((await cluster.events('reborn')).some((event) => event.startsWith('Normal SandboxChanged')));
    });

    it('says that an image name is invalid', async () => {
      await cluster.run('bad-name', { containers: [{ name: 'c', image: 'UPPER CASE' }] });
      const pod = await cluster.until(
        'bad-name',
        (found) => first(found).state?.waiting?.reason === 'InvalidImageName',
      );
      assert.match(first(pod).state?.waiting?.message ?? '', /couldn't parse image name/);
    });
  });
};
