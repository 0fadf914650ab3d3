import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid } from 'node:process';
import pino from 'pino';
import { systemClock } from '../../../src/objects/clock.js';
import type { Pod } from '../../../src/objects/kinds/core-v1.js';
import type { ContainerRuntime } from '../../../src/runtime/containers/container-runtime.js';
import { createDockerRuntime } from '../../../src/runtime/containers/docker/docker-runtime.js';
import { createVolumeManager } from '../../../src/runtime/volumes/create-volume-manager.js';
import type { VolumeManager } from '../../../src/runtime/volumes/volume-manager.js';
import { skipWithout } from '../../components/components.js';
import { BUSYBOX_IMAGE, DOCKER_SOCKET, makeTestImages, realDocker } from '../../components/images.js';
import { ClusterStub } from '../../runtime/cluster-stub.js';
import { containerConfig, sandboxConfig, signal, SLEEP } from './runtime-contract.js';

const log = pino({ level: 'silent' });
const CONTEXT = { nodeName: 'n1', podIps: [], hostIps: [] };

/** What containers see of their volumes, and what needs root. */
describe('Volumes in containers', function () {
  this.timeout(60_000);
  let root: string;
  let runtime: ContainerRuntime;
  let cluster: ClusterStub;
  let volumes: VolumeManager;

  before(async function () {
    if (getuid?.() !== 0) skipWithout(this, 'root', 'run as root: only root may mount and give files to groups');
    await makeTestImages(this, await realDocker(this));
    root = mkdtempSync(join(tmpdir(), 'fairlead-volumes-'));
    runtime = createDockerRuntime({ socketPath: DOCKER_SOCKET, root, clock: systemClock, log });
    cluster = new ClusterStub();
    const { client, informers } = cluster;
    volumes = createVolumeManager({ client, informers, root, clock: systemClock, log });
  });

  after(async () => {
    if (runtime === undefined) return;
    for (const { id } of await runtime.listPodSandboxes(signal)) await runtime.removePodSandbox(id, signal);
    for (const uid of await volumes.mountedPods()) await volumes.unmountAll(uid, signal);
    volumes.close();
    await runtime.close();
    rmSync(root, { recursive: true, force: true });
  });

  const put = (name: string, data: Record<string, string>): void =>
    cluster.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'conformance', name }, data });

  const start = async (pod: Pod, changes: Partial<Parameters<typeof containerConfig>[2]> = {}) => {
    const mounted = await volumes.mountAll(pod, CONTEXT, signal);
    const [container] = pod.spec.containers;
    assert.ok(container !== undefined);
    const mounts = await mounted.mounts(container, []);
    const config = sandboxConfig({ podUid: pod.metadata.uid ?? '' });
    const sandbox = await runtime.runPodSandbox(config, signal);
    const imageId = (await runtime.imageStatus(BUSYBOX_IMAGE, signal))?.id ?? '';
    const wanted = containerConfig(imageId, SLEEP, { mounts, ...changes });
    const id = await runtime.createContainer(sandbox.id, wanted, config, signal);
    await runtime.startContainer(id, signal);
    return async (command: string): Promise<string> => {
      const result = await runtime.execSync(id, ['sh', '-c', command], 5000, signal);
      return Buffer.concat([result.stdout, result.stderr]).toString();
    };
  };

  const pod = (uid: string, spec: Pod['spec']): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'conformance', name: 'web', uid },
    spec,
  });

  it('shows a running container the new content of a ConfigMap', async () => {
    put('settings', { color: 'red' });
    const made = pod('files', {
      containers: [{ name: 'main', image: 'x', volumeMounts: [{ name: 'v', mountPath: '/etc/app' }] }],
      volumes: [{ name: 'v', configMap: { name: 'settings' } }],
    });
    const run = await start(made);
    assert.equal(await run('cat /etc/app/color'), 'red');
    assert.match(await run('echo x > /etc/app/color'), /Read-only file system/);
    put('settings', { color: 'blue', more: 'yes' });
    await volumes.refresh(made, CONTEXT, signal);
    assert.equal(await run('cat /etc/app/color /etc/app/more'), 'blueyes');
  });

  it('keeps a single file mounted by subPath as it was', async () => {
    put('single', { 'app.conf': 'first' });
    const mount = { name: 'v', mountPath: '/app.conf', subPath: 'app.conf' };
    const made = pod('single', {
      containers: [{ name: 'main', image: 'x', volumeMounts: [mount] }],
      volumes: [{ name: 'v', configMap: { name: 'single' } }],
    });
    const run = await start(made);
    assert.equal(await run('cat /app.conf'), 'first');
    put('single', { 'app.conf': 'second' });
    await volumes.refresh(made, CONTEXT, signal);
    assert.equal(await run('cat /app.conf'), 'first');
  });

  it('makes an emptyDir in memory of the size that is asked for, and unmounts it', async () => {
    const made = pod('memory', {
      containers: [{ name: 'main', image: 'x', volumeMounts: [{ name: 'v', mountPath: '/scratch' }] }],
      volumes: [{ name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }],
    });
    const run = await start(made);
    assert.match(await run('grep " /scratch " /proc/mounts'), /^tmpfs \/scratch tmpfs .*size=1024k/);
    await run('head -c 3000000 /dev/zero > /scratch/big');
    assert.equal(await run('stat -c %s /scratch/big'), `${1024 * 1024}\n`);
    for (const { id, podUid } of await runtime.listPodSandboxes(signal)) {
      if (podUid === 'memory') await runtime.removePodSandbox(id, signal);
    }
    await volumes.unmountAll('memory', signal);
    assert.doesNotMatch(await readFile('/proc/self/mountinfo', 'utf8'), new RegExp(root));
    assert.ok(!(await volumes.mountedPods()).includes('memory'));
  });

  it('gives volumes to the group of the pod, so that a user of it can write', async () => {
    put('owned', { key: 'value' });
    const made = pod('group', {
      securityContext: { fsGroup: 4000 },
      containers: [
        {
          name: 'main',
          image: 'x',
          volumeMounts: [
            { name: 'data', mountPath: '/data' },
            { name: 'files', mountPath: '/files' },
          ],
        },
      ],
      volumes: [
        { name: 'data', emptyDir: {} },
        { name: 'files', configMap: { name: 'owned', defaultMode: 0o400 } },
      ],
    });
    const security = {
      ...containerConfig('', []).security,
      runAsUser: 1000,
      runAsGroup: 1000,
      supplementalGroups: [4000],
    };
    const run = await start(made, { security });
    assert.equal(await run('id -u; cat /files/key; mkdir /data/made && stat -c %g /data/made'), '1000\nvalue4000\n');
    const folder = join(root, 'pods', 'group', 'volumes', 'emptyDir', 'data');
    assert.equal(statSync(folder).gid, 4000);
    assert.equal(statSync(folder).mode & 0o2000, 0o2000);
  });
});
