import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import type { ContainerConfig, SandboxConfig } from '../../../src/runtime/containers/container-runtime.js';
import { RuntimeFailure } from '../../../src/runtime/containers/container-runtime.js';
import { parseLabels } from '../../../src/runtime/containers/docker/container-labels.js';
import { containerCreateOptions, sandboxCreateOptions } from '../../../src/runtime/containers/docker/create-options.js';
import { demultiplex } from '../../../src/runtime/containers/docker/demultiplex.js';
import { asFailure, engineMessage } from '../../../src/runtime/containers/docker/engine-errors.js';
import { runtimeEventOf } from '../../../src/runtime/containers/docker/engine-events.js';
import { waitingExecutable } from '../../../src/runtime/containers/docker/sandbox-image.js';
import { workingSet } from '../../../src/runtime/containers/docker/stats.js';
import { findExecutable, skipWithout } from '../../components/components.js';

const SANDBOX: SandboxConfig = {
  podName: 'web',
  podNamespace: 'shop',
  podUid: 'uid-1',
  attempt: 2,
  hostname: 'web',
  labels: { app: 'web' },
  annotations: { note: 'x' },
  hostNetwork: false,
  hostPid: false,
  hostIpc: false,
  sharePid: false,
  dns: { servers: ['10.0.0.1'], searches: [], options: ['ndots:5'] },
  hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }],
  ports: [
    { containerPort: 80, hostPort: 8080, protocol: 'TCP' },
    { containerPort: 81, hostPort: 0, protocol: 'TCP' },
  ],
  sysctls: {},
};

const CONTAINER: ContainerConfig = {
  name: 'main',
  attempt: 3,
  imageId: 'sha256:1',
  image: 'nginx:1',
  command: [],
  args: ['-x'],
  env: [{ name: 'A', value: 'b=c' }],
  mounts: [{ hostPath: '/h', containerPath: '/c', readOnly: true, propagation: 'hostToContainer' }],
  labels: { l: '1' },
  annotations: { a: '2' },
  resources: { memory: 1000, cpuShares: 2, oomScoreAdj: -997 },
  stdin: false,
  stdinOnce: false,
  tty: false,
  security: {
    privileged: false,
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    runAsUser: 0,
    runAsGroup: 7,
    supplementalGroups: [1, 2],
    addCapabilities: ['NET_ADMIN'],
    dropCapabilities: ['ALL'],
  },
};

describe('sandboxCreateOptions', () => {
  it('owns network and IPC, publishes host ports on loopback and asks for nothing more', () => {
    const options = sandboxCreateOptions(SANDBOX, 'image', 'bridge', 'me', { protectsFromOom: true });
    assert.equal(options.name, 'k8s_POD_web_shop_uid-1_2');
    assert.equal(options.HostConfig?.NetworkMode, 'bridge');
    assert.equal(options.HostConfig?.IpcMode, 'shareable');
    assert.deepEqual(options.HostConfig?.PortBindings, { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] });
    assert.deepEqual(options.HostConfig?.ExtraHosts, ['a:1.2.3.4', 'b:1.2.3.4']);
    assert.deepEqual(options.HostConfig?.DnsSearch, ['.']);
    assert.equal(options.HostConfig?.OomScoreAdj, -998);
  });

  it('leaves the machine its own names and ports in the network of the host', () => {
    const config = { ...SANDBOX, hostNetwork: true };
    const options = sandboxCreateOptions(config, 'image', 'bridge', 'me', { protectsFromOom: false });
    assert.equal(options.HostConfig?.NetworkMode, 'host');
    assert.deepEqual(options.HostConfig?.PortBindings, {});
    assert.equal(options.Hostname, undefined);
    assert.equal(options.HostConfig?.OomScoreAdj, undefined);
  });
});

describe('containerCreateOptions', () => {
  const create = (config: ContainerConfig, sandbox = SANDBOX, protectsFromOom = true) =>
    containerCreateOptions('sandbox-id', config, sandbox, 'me', { protectsFromOom });

  it('joins the sandbox and keeps the entrypoint of the image when the pod says none', () => {
    const options = create(CONTAINER);
    assert.equal(options.HostConfig?.NetworkMode, 'container:sandbox-id');
    assert.equal(options.HostConfig?.IpcMode, 'container:sandbox-id');
    assert.equal(options.HostConfig?.PidMode, undefined);
    assert.equal('Entrypoint' in options, false);
    assert.deepEqual(options.Cmd, ['-x']);
    assert.deepEqual(options.Env, ['A=b=c']);
    assert.equal(options.User, '0:7');
    assert.equal(options.HostConfig?.MemorySwap, 1000);
    assert.deepEqual(options.HostConfig?.SecurityOpt, ['no-new-privileges']);
    assert.deepEqual(options.HostConfig?.Mounts, [
      { Type: 'bind', Source: '/h', Target: '/c', ReadOnly: true, BindOptions: { Propagation: 'rslave' } },
    ]);
  });

  it('shares the process table when the pod does', () => {
    assert.equal(create(CONTAINER, { ...SANDBOX, sharePid: true }).HostConfig?.PidMode, 'container:sandbox-id');
    assert.equal(create(CONTAINER, { ...SANDBOX, hostPid: true, sharePid: true }).HostConfig?.PidMode, 'host');
  });

  it('asks for no protection from the out-of-memory killer that the engine cannot give', () => {
    assert.equal(create(CONTAINER).HostConfig?.OomScoreAdj, -997);
    assert.equal(create(CONTAINER, SANDBOX, false).HostConfig?.OomScoreAdj, 0);
  });

  it('keeps everything in labels that a later kubelet must know', () => {
    const parsed = parseLabels(create(CONTAINER).Labels ?? {});
    assert.deepEqual([parsed.podUid, parsed.containerName, parsed.attempt], ['uid-1', 'main', 3]);
    assert.deepEqual([parsed.sandboxId, parsed.image], ['sandbox-id', 'nginx:1']);
    assert.equal(parsed.labels['l'], '1');
    assert.deepEqual(parsed.annotations, { a: '2' });
  });

  it('does not let labels of a pod pass for its own', () => {
    const labels = {
      'io.kubernetes.pod.uid': 'other',
      'fairlead.dev/instance': 'other',
      'io.kubernetes.sandbox.id': 'other',
    };
    const made = create({ ...CONTAINER, labels }).Labels ?? {};
    assert.equal(made['io.kubernetes.pod.uid'], 'uid-1');
    assert.equal(made['fairlead.dev/instance'], 'me');
    assert.equal(made['io.kubernetes.sandbox.id'], 'sandbox-id');
  });
});

describe('demultiplex', () => {
  const frame = (stream: number, data: Buffer): Buffer => {
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(data.length, 4);
    return Buffer.concat([header, data]);
  };

  it('finds the frames however the stream is cut', async () => {
    const frames = fc.array(
      fc.record({ stderr: fc.boolean(), data: fc.uint8Array({ maxLength: 40 }) }, { noNullPrototype: true }),
      {
        maxLength: 8,
      },
    );
    await fc.assert(
      fc.asyncProperty(frames, fc.integer({ min: 1, max: 30 }), async (parts, size) => {
        const all = Buffer.concat(parts.map(({ stderr, data }) => frame(stderr ? 2 : 1, Buffer.from(data))));
        const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
          all.subarray(index * size, (index + 1) * size),
        );
        const seen: { stderr: boolean; data: Uint8Array }[] = [];
        for await (const { stream, data } of demultiplex(Readable.from(chunks), false)) {
          seen.push({ stderr: stream === 'stderr', data: new Uint8Array(data) });
        }
        assert.deepEqual(seen, parts);
      }),
      { numRuns: 50 },
    );
  });
});

describe('waitingExecutable', () => {
  it('is 129 bytes on amd64 and 152 on arm64', () => {
    assert.equal(waitingExecutable('amd64').length, 129);
    assert.equal(waitingExecutable('arm64').length, 152);
    assert.throws(() => waitingExecutable('mips'), RuntimeFailure);
  });

  const runs = async (architecture: string, emulator: string | undefined): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-elf-'));
    try {
      const path = join(folder, 'wait');
      writeFileSync(path, waitingExecutable(architecture), { mode: 0o755 });
      const child = emulator === undefined ? spawn(path) : spawn(emulator, [path]);
      await once(child, 'spawn');
      // A program that could not wait would have ended with an error of its own before the signal.
      await new Promise((resolve) => setTimeout(resolve, 50));
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      assert.deepEqual(await ended, [null, 'SIGTERM']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it('waits for a signal', async function () {
    const own = { x64: 'amd64', arm64: 'arm64' }[arch() as string];
    if (platform() !== 'linux' || own === undefined) return skipWithout(this, 'Linux', 'run on Linux, x64 or arm64');
    await runs(own, undefined);
  });

  it('waits for a signal on arm64 too', async function () {
    const emulator = findExecutable('qemu-aarch64-static');
    if (platform() !== 'linux' || emulator === undefined) {
      return skipWithout(this, 'qemu-aarch64-static', 'on Debian: apt-get install qemu-user-static');
    }
    execFileSync(emulator, ['--version']);
    await runs('arm64', emulator);
  });
});

describe('asFailure', () => {
  const answered = (statusCode: number, message: string): Error => Object.assign(new Error(message), { statusCode });

  it('keeps what the engine says and tells the cases apart', () => {
    const text = '(HTTP code 404) no such container - No such container: x ';
    assert.equal(engineMessage(new Error(text)), 'No such container: x');
    const code = (error: Error): string => (asFailure(error, 'do it', 'create-failed') as RuntimeFailure).code;
    assert.equal(code(answered(404, text)), 'not-found');
    assert.equal(code(answered(409, 'x')), 'conflict');
    assert.equal(code(answered(500, 'x')), 'create-failed');
    assert.equal(code(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })), 'unavailable');
  });
});

describe('runtimeEventOf', () => {
  it('turns events of the engine into those of pods, and leaves out the rest', () => {
    const event = (Action: string, type: string) =>
      runtimeEventOf({
        Action,
        Actor: { ID: 'id', Attributes: { 'io.kubernetes.docker.type': type, 'io.kubernetes.sandbox.id': 'pod' } },
      });
    assert.deepEqual(event('die', 'container'), { type: 'containerExited', sandboxId: 'pod', containerId: 'id' });
    assert.deepEqual(event('die', 'podsandbox'), { type: 'sandboxExited', sandboxId: 'id' });
    assert.equal(event('exec_start: ls', 'container'), undefined);
    assert.equal(event('toString', 'container'), undefined);
  });
});

describe('workingSet', () => {
  it('leaves out file pages that were not used lately, with either version of control groups', () => {
    assert.equal(workingSet({ usage: 100, stats: { total_inactive_file: 30, inactive_file: 1 } } as never), 70);
    assert.equal(workingSet({ usage: 100, stats: { inactive_file: 40 } } as never), 60);
    assert.equal(workingSet({ usage: 10, stats: { inactive_file: 40 } } as never), 0);
  });
});
