import assert from 'node:assert/strict';
import { mkdtemp, mkdir, readFile, readlink, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import pino from 'pino';
import type { Clock } from '../../../src/objects/clock.js';
import type { Container, Pod, Volume, VolumeMount } from '../../../src/objects/kinds/core-v1.js';
import type { KubeObject } from '../../../src/objects/object.js';
import { createVolumeManager } from '../../../src/runtime/volumes/create-volume-manager.js';
import type { VolumeContext, VolumeManager } from '../../../src/runtime/volumes/volume-manager.js';
import { VolumeFailure } from '../../../src/runtime/volumes/volume-manager.js';
import { volumePathParts } from '../../../src/runtime/volumes/volume-path.js';
import { ClusterStub } from '../cluster-stub.js';

const { signal } = new AbortController();
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const configMap = (name: string, data: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'shop', name },
  data,
});

const podWith = (
  volumes: readonly Volume[],
  mounts: readonly VolumeMount[] = [],
  spec: Partial<Pod['spec']> = {},
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name: 'web', uid: 'uid-1', labels: { app: 'web', tier: 'a "b"' } },
  spec: {
    containers: [{ name: 'c', image: 'x', volumeMounts: mounts, resources: { limits: { cpu: '1500m' } } }],
    volumes,
    serviceAccountName: 'robot',
    ...spec,
  },
});

const CONTEXT: VolumeContext = { nodeName: 'n1', podIps: ['10.0.0.7'], hostIps: ['10.0.0.1'] };

const containerOf = (pod: Pod): Container => {
  const [container] = pod.spec.containers;
  assert.ok(container !== undefined);
  return container;
};

describe('createVolumeManager', () => {
  let root: string;
  let cluster: ClusterStub;
  let volumes: VolumeManager;
  let now: number;
  const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };

  const mountPath = async (pod: Pod, env: { name: string; value: string }[] = []): Promise<string> => {
    const mounted = await volumes.mountAll(pod, CONTEXT, signal);
    const [mount] = await mounted.mounts(containerOf(pod), env);
    assert.ok(mount !== undefined);
    return mount.hostPath;
  };

  const text = (path: string, name: string): Promise<string> => readFile(join(path, name), 'utf8');

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'fairlead-volumes-'));
    cluster = new ClusterStub();
    now = Date.parse('2030-01-01T00:00:00Z');
    const { client, informers } = cluster;
    volumes = createVolumeManager({ client, informers, root, clock, log: pino({ level: 'silent' }) });
  });

  afterEach(async () => {
    volumes.close();
    await volumes.unmountAll('uid-1', signal);
    await rm(root, { recursive: true, force: true });
  });

  it('writes the keys of a ConfigMap, text and binary, and mounts them read-only', async () => {
    cluster.put({ ...configMap('settings', { 'a.conf': 'one' }), binaryData: { b: base64('\u0000\u0001') } });
    const pod = podWith([{ name: 'v', configMap: { name: 'settings' } }], [{ name: 'v', mountPath: '/etc/app' }]);
    const mounted = await volumes.mountAll(pod, CONTEXT, signal);
    const [mount] = await mounted.mounts(containerOf(pod), []);
    assert.equal(mount?.containerPath, '/etc/app');
    assert.equal(mount?.readOnly, true);
    assert.equal(await text(mount?.hostPath ?? '', 'a.conf'), 'one');
    assert.deepEqual([...(await readFile(join(mount?.hostPath ?? '', 'b')))], [0, 1]);
    assert.equal((await stat(join(mount?.hostPath ?? '', 'a.conf'))).mode & 0o777, 0o644);
  });

  it('writes only the items that are listed, under their paths and modes', async () => {
    cluster.put(configMap('settings', { a: 'one', b: 'two' }));
    const items = [{ key: 'a', path: 'deep/er/file', mode: 0o600 }];
    const path = await mountPath(
      podWith([{ name: 'v', configMap: { name: 'settings', items } }], [{ name: 'v', mountPath: '/c' }]),
    );
    assert.deepEqual(
      (await readdir(path)).filter((name) => !name.startsWith('..')),
      ['deep'],
    );
    assert.equal(await text(path, 'deep/er/file'), 'one');
    assert.equal((await stat(join(path, 'deep/er/file'))).mode & 0o777, 0o600);
  });

  it('replaces all files at once when the ConfigMap changes, and removes those that are gone', async () => {
    cluster.put(configMap('settings', { a: 'one', b: 'one' }));
    const pod = podWith([{ name: 'v', configMap: { name: 'settings' } }], [{ name: 'v', mountPath: '/c' }]);
    const path = await mountPath(pod);
    const before = await readlink(join(path, '..data'));
    cluster.put(configMap('settings', { a: 'two', c: 'two' }));
    // The change is followed without a call; this one waits for its turn behind it.
    await volumes.refresh(pod, CONTEXT, signal);
    assert.notEqual(await readlink(join(path, '..data')), before);
    assert.deepEqual((await readdir(path)).filter((name) => !name.startsWith('..')).sort(), ['a', 'c']);
    assert.equal(await text(path, 'a'), 'two');
    assert.equal((await readdir(path)).filter((name) => name.startsWith('..2')).length, 1);
  });

  it('leaves files alone that have not changed', async () => {
    cluster.put(configMap('settings', { a: 'one' }));
    const pod = podWith([{ name: 'v', configMap: { name: 'settings' } }], [{ name: 'v', mountPath: '/c' }]);
    const path = await mountPath(pod);
    const before = await readlink(join(path, '..data'));
    await volumes.refresh(pod, CONTEXT, signal);
    assert.equal(await readlink(join(path, '..data')), before);
  });

  it('says what is missing, and does without what is optional until it appears', async () => {
    await assert.rejects(
      mountPath(podWith([{ name: 'v', secret: { secretName: 'no' } }], [])),
      (error: VolumeFailure) =>
        error.code === 'not-ready' &&
        error.message === 'MountVolume.SetUp failed for volume "v" : secret "no" not found',
    );
    const pod = podWith(
      [{ name: 'v', configMap: { name: 'later', optional: true } }],
      [{ name: 'v', mountPath: '/c' }],
    );
    const path = await mountPath(pod);
    cluster.put(configMap('later', { a: 'here' }));
    await volumes.refresh(pod, CONTEXT, signal);
    assert.equal(await text(path, 'a'), 'here');
  });

  for (const key of ['../x', '/etc/passwd', 'a/../../x', '..', '..data']) {
    it(`refuses the path ${key}`, async () => {
      cluster.put(configMap('settings', { a: 'one' }));
      const items = [{ key: 'a', path: key }];
      await assert.rejects(mountPath(podWith([{ name: 'v', configMap: { name: 'settings', items } }], [])), {
        code: 'invalid',
      });
    });
  }

  it('refuses a key that leads out of the volume, whatever the API let through', async () => {
    cluster.put(configMap('settings', { '../../escaped': 'one' }));
    await assert.rejects(mountPath(podWith([{ name: 'v', configMap: { name: 'settings' } }], [])), { code: 'invalid' });
    assert.deepEqual(await readdir(root), ['pods']);
  });

  it('refuses a pod uid that is a path', async () => {
    const pod = podWith([{ name: 'v', emptyDir: {} }]);
    await assert.rejects(volumes.mountAll({ ...pod, metadata: { ...pod.metadata, uid: '../up' } }, CONTEXT, signal), {
      code: 'invalid',
    });
    await assert.rejects(volumes.unmountAll('..', signal), { code: 'invalid' });
  });

  it('puts ConfigMap, Secret, facts about the pod and a token into one projected folder', async () => {
    cluster.put(configMap('settings', { a: 'one' }));
    cluster.put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: 'shop', name: 's' },
      data: { p: base64('hush') },
    });
    let asked: KubeObject | undefined;
    cluster.onSubresource = (_name, _key, body) => {
      asked = body;
      return { ...body, status: { token: 't0ken', expirationTimestamp: '2030-01-01T01:00:00Z' } };
    };
    const sources = [
      { configMap: { name: 'settings' } },
      { secret: { name: 's', items: [{ key: 'p', path: 'secret/p' }] } },
      {
        downwardAPI: {
          items: [
            { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
            { path: 'ip', fieldRef: { fieldPath: 'status.podIP' } },
            { path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '1m' } },
          ],
        },
      },
      { serviceAccountToken: { path: 'token', audience: 'vault', expirationSeconds: 600 } },
    ];
    const path = await mountPath(podWith([{ name: 'v', projected: { sources } }], [{ name: 'v', mountPath: '/c' }]));
    assert.equal(await text(path, 'a'), 'one');
    assert.equal(await text(path, 'secret/p'), 'hush');
    assert.equal(await text(path, 'labels'), 'app="web"\ntier="a \\"b\\""');
    assert.equal(await text(path, 'ip'), '10.0.0.7');
    assert.equal(await text(path, 'cpu'), '1500');
    assert.equal(await text(path, 'token'), 't0ken');
    assert.deepEqual(asked?.['spec'], {
      audiences: ['vault'],
      expirationSeconds: 600,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: 'uid-1' },
    });
  });

  it('renews a token when most of its life is over', async () => {
    let count = 0;
    cluster.onSubresource = (_name, _key, body) => {
      count += 1;
      return { ...body, status: { token: `t${count}`, expirationTimestamp: new Date(now + 1000_000).toISOString() } };
    };
    const sources = [{ serviceAccountToken: { path: 'token' } }];
    const pod = podWith([{ name: 'v', projected: { sources } }], [{ name: 'v', mountPath: '/c' }]);
    const path = await mountPath(pod);
    now += 700_000;
    await volumes.refresh(pod, CONTEXT, signal);
    assert.equal(await text(path, 'token'), 't1');
    now += 200_000;
    await volumes.refresh(pod, CONTEXT, signal);
    assert.equal(await text(path, 'token'), 't2');
  });

  it('keeps an emptyDir over repeated mounts and removes it with the pod', async () => {
    const pod = podWith([{ name: 'v', emptyDir: {} }], [{ name: 'v', mountPath: '/c' }]);
    const path = await mountPath(pod);
    await writeFile(join(path, 'kept'), 'x');
    assert.equal(await mountPath(pod), path);
    assert.equal(await text(path, 'kept'), 'x');
    assert.deepEqual(await volumes.mountedPods(), ['uid-1']);
    await volumes.unmountAll('uid-1', signal);
    assert.deepEqual(await volumes.mountedPods(), []);
  });

  it('checks the type of a hostPath and never removes what is there', async () => {
    const host = join(root, 'host');
    const missing = podWith([{ name: 'v', hostPath: { path: host, type: 'Directory' } }], []);
    await assert.rejects(mountPath(missing), /hostPath type check failed: .* is not a directory/);
    const made = podWith(
      [{ name: 'v', hostPath: { path: host, type: 'DirectoryOrCreate' } }],
      [{ name: 'v', mountPath: '/c' }],
    );
    assert.equal(await mountPath(made), host);
    await writeFile(join(host, 'precious'), 'x');
    await volumes.unmountAll('uid-1', signal);
    assert.equal(await text(host, 'precious'), 'x');
  });

  it('waits for a claim to be bound, then mounts the local volume behind it', async () => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { namespace: 'shop', name: 'data', uid: 'claim-1' },
      spec: { volumeName: 'pv' },
      status: { phase: 'Pending' },
    };
    cluster.put(claim);
    const pod = podWith(
      [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
      [{ name: 'v', mountPath: '/c' }],
    );
    await assert.rejects(mountPath(pod), /persistentvolumeclaim "data" is not bound/);
    cluster.put({ ...claim, status: { phase: 'Bound' } });
    const local = join(root, 'disk');
    await mkdir(local);
    cluster.put({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'pv' },
      spec: { local: { path: local } },
    });
    assert.equal(await mountPath(pod), local);
  });

  it('refuses volume types that it does not have', async () => {
    const pod = podWith([{ name: 'v', nfs: { server: 'a', path: '/' } }]);
    await assert.rejects(mountPath(pod), { code: 'unsupported' });
  });

  it('makes the folder of a subPath, with variables expanded', async () => {
    const mounts = [{ name: 'v', mountPath: '/c', subPathExpr: 'logs/$(POD)' }];
    const path = await mountPath(podWith([{ name: 'v', emptyDir: {} }], mounts), [{ name: 'POD', value: 'web-0' }]);
    assert.ok(path.endsWith('/v/logs/web-0'));
    assert.ok((await stat(path)).isDirectory());
  });

  it('refuses a subPath that leads out of the volume, by dots or by a link', async () => {
    const pod = podWith([{ name: 'v', emptyDir: {} }], [{ name: 'v', mountPath: '/c' }]);
    const path = await mountPath(pod);
    await symlink(root, join(path, 'out'));
    await symlink(join(root, 'missing'), join(path, 'dangling'));
    for (const subPath of ['../x', '/etc', 'out', 'out/pods', 'dangling']) {
      const other = podWith([{ name: 'v', emptyDir: {} }], [{ name: 'v', mountPath: '/c', subPath }]);
      await assert.rejects(mountPath(other), VolumeFailure);
    }
    assert.deepEqual(await readdir(root), ['pods']);
  });

  it('has paths stay inside the volume, or refuses them', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('..', '.', '', 'a', '..data', '/', 'b'), { maxLength: 6 }), (parts) => {
        const path = parts.join('/');
        try {
          const inside = join('/volume', ...volumePathParts(path));
          assert.ok(inside === '/volume' || inside.startsWith('/volume/'));
        } catch (error) {
          assert.ok(error instanceof VolumeFailure);
        }
      }),
    );
  });
});
