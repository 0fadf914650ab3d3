import assert from 'node:assert/strict';
import type { Pod, Secret } from '../../../../src/objects/kinds/core-v1.js';
import type { ContainerRuntime, Image, PullOptions } from '../../../../src/runtime/containers/container-runtime.js';
import { ImageManager, pullPolicy } from '../../../../src/runtime/kubelet/images/image-manager.js';
import { pullCredentials } from '../../../../src/runtime/kubelet/images/pull-secrets.js';
import { container, podOf } from '../pods.js';

const signal = new AbortController().signal;

const make = (present: readonly string[], fails = false) => {
  const images = new Set(present);
  const pulls: (PullOptions | undefined)[] = [];
  const imageOf = (id: string): Image => ({ id, tags: [], digests: [], sizeBytes: 42 });
  const runtime = {
    imageStatus: (name: string) => Promise.resolve(images.has(name) ? imageOf(name) : undefined),
    pullImage: (name: string, options: PullOptions | undefined) => {
      pulls.push(options);
      if (fails || options?.username === 'wrong') return Promise.reject(new Error('no such host'));
      images.add(name);
      return Promise.resolve(name);
    },
  } as unknown as ContainerRuntime;
  let now = 0;
  const events: string[] = [];
  const manager = new ImageManager(runtime, () => now);
  const ensure = (policy?: string, credentials: readonly PullOptions[] = []) =>
    manager.ensure(
      podOf(),
      { role: 'main', spec: container('c', policy === undefined ? {} : { imagePullPolicy: policy }) },
      credentials,
      { event: (_type, reason) => events.push(reason) },
      signal,
    );
  return {
    manager,
    ensure,
    pulls,
    events,
    pass: (ms: number) => {
      now += ms;
    },
  };
};

describe('ImageManager', () => {
  it('pulls what is missing, and what must always be pulled', async () => {
    const missing = make([]);
    await missing.ensure('IfNotPresent');
    assert.deepEqual(missing.events, ['Pulling', 'Pulled']);
    const present = make(['i:1']);
    await present.ensure('IfNotPresent');
    assert.deepEqual(present.events, ['Pulled']);
    await present.ensure('Always');
    assert.equal(present.pulls.length, 1);
  });

  it('never pulls what must not be pulled', async () => {
    await assert.rejects(make([]).ensure('Never'), { reason: 'ErrImageNeverPull' });
    await make(['i:1']).ensure('Never');
  });

  it('backs off after failures, 10 s doubled up to 300 s', async () => {
    const { manager, ensure, pulls, pass } = make([], true);
    const delays: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      await assert.rejects(ensure(), { reason: 'ErrImagePull', message: 'no such host' });
      const before = pulls.length;
      await assert.rejects(ensure(), {
        reason: 'ImagePullBackOff',
        message: 'Back-off pulling image "i:1": ErrImagePull: no such host',
      });
      assert.equal(pulls.length, before);
      const delay = manager.retryAt(podOf(), 'i:1') - delays.reduce((sum, each) => sum + each, 0);
      delays.push(delay);
      pass(delay);
    }
    assert.deepEqual(delays, [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
  });

  it('tries all credentials', async () => {
    const { ensure, pulls } = make([]);
    await ensure('Always', [{ username: 'wrong' }, { username: 'right' }]);
    assert.deepEqual(
      pulls.map((options) => options?.username),
      ['wrong', 'right'],
    );
  });
});

describe('pullPolicy', () => {
  it('is Always for images that may change under their name', () => {
    assert.equal(pullPolicy(undefined, 'nginx'), 'Always');
    assert.equal(pullPolicy(undefined, 'host:5000/nginx:latest'), 'Always');
    assert.equal(pullPolicy(undefined, 'nginx:1'), 'IfNotPresent');
    assert.equal(pullPolicy(undefined, `nginx@sha256:${'0'.repeat(64)}`), 'IfNotPresent');
    assert.equal(pullPolicy('Never', 'nginx'), 'Never');
  });
});

describe('pullCredentials', () => {
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');
  const auth = Buffer.from('me:secret').toString('base64');
  const pod: Pod = podOf({ imagePullSecrets: [{ name: 's' }] });
  const users = (auths: Readonly<Record<string, unknown>>, image: string) => {
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      data: { '.dockerconfigjson': encode({ auths }) },
    };
    return pullCredentials(pod, image, () => secret).map(({ username }) => username);
  };

  it('fit by host, port and path, the longest first', () => {
    const auths = {
      'r.example:5000': { username: 'host', password: 'x' },
      'https://r.example:5000/team': { username: 'team', password: 'x' },
    };
    assert.deepEqual(users(auths, 'r.example:5000/team/app:1'), ['team', 'host']);
    assert.deepEqual(users(auths, 'r.example:5000/other/app:1'), ['host']);
    assert.deepEqual(users(auths, 'r.example/team/app:1'), []);
  });

  it('know Docker Hub by its old name, and globs', () => {
    assert.deepEqual(users({ 'https://index.docker.io/v1/': { auth } }, 'nginx:1'), ['me']);
    assert.deepEqual(users({ '*.example': { auth } }, 'r.example/app'), ['me']);
    assert.deepEqual(users({ '*.example': { auth } }, 'a.b.example/app'), []);
  });

  it('ignore secrets that cannot be read', () => {
    const secret: Secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      data: { '.dockerconfigjson': 'bm8=' },
    };
    assert.deepEqual(
      pullCredentials(pod, 'nginx', () => secret),
      [],
    );
    assert.deepEqual(
      pullCredentials(pod, 'nginx', () => undefined),
      [],
    );
  });
});
