import assert from 'node:assert/strict';
import type { Container } from '../../../../src/objects/kinds/core-v1.js';
import type { ContainerRuntime } from '../../../../src/runtime/containers/container-runtime.js';
import type { KubeletContext } from '../../../../src/runtime/kubelet/kubelet-context.js';
import { killContainer, killGraceMs, killPod } from '../../../../src/runtime/kubelet/lifecycle/kill-containers.js';
import { ManualClock, settled } from '../../../cluster/client/manual-clock.js';
import { container, observed, podOf, run } from '../pods.js';
import { log } from '../test-cluster.js';

const signal = new AbortController().signal;

const make = (more: Partial<Container> = {}) => {
  const clock = new ManualClock();
  const told: string[] = [];
  const stopping = new Map<string, () => void>();
  const runtime = {
    execSync: async (_id: string, command: readonly string[]) => {
      told.push(`exec ${command.join(' ')}`);
      await clock.sleep(Number(command[1] ?? 0));
      return { exitCode: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    },
    stopContainer: async (id: string, timeoutMs: number) => {
      told.push(`stop ${id} ${timeoutMs}`);
      await new Promise<void>((resolve) => stopping.set(id, resolve));
    },
    stopPodSandbox: (id: string) => {
      told.push(`stop sandbox ${id}`);
      return Promise.resolve();
    },
  } as unknown as ContainerRuntime;
  const context = {
    clock,
    steady: () => clock.now(),
    runtime,
    log,
    events: {
      event: (_about: unknown, _type: string, reason: string) => told.push(reason),
      flush: () => Promise.resolve(),
    },
    view: { markStopped: () => undefined },
    node: { hostIps: [] },
  } as unknown as KubeletContext;
  const pod = podOf({ containers: [container('c', more)] });
  return { clock, told, context, pod, ended: (id: string) => stopping.get(id)?.() };
};

describe('killContainer', () => {
  const kill = { message: 'Stopping container c', podIp: undefined, graceMs: 30_000 };

  it('runs preStop inside the grace period', async () => {
    const preStop = { exec: { command: ['drain', '12000'] } };
    const { clock, told, context, pod, ended } = make({ lifecycle: { preStop } });
    const done = killContainer(context, { ...kill, pod, run: run('c'), stopping: new Set() }, signal);
    await clock.advance(12_000);
    assert.deepEqual(told, ['Killing', 'exec drain 12000', 'stop c-0 18000']);
    ended('c-0');
    await done;
  });

  it('leaves two seconds after a preStop that took too long', async () => {
    const preStop = { sleep: { seconds: 100 } };
    const { clock, told, context, pod } = make({ lifecycle: { preStop } });
    void killContainer(context, { ...kill, pod, run: run('c'), stopping: new Set() }, signal);
    await clock.advance(30_000);
    assert.deepEqual(told, ['Killing', 'stop c-0 2000']);
  });

  it('does not run preStop twice', async () => {
    const { told, context, pod } = make({ lifecycle: { preStop: { exec: { command: ['drain'] } } } });
    void killContainer(context, { ...kill, pod, run: run('c'), stopping: new Set(['c-0']) }, signal);
    await settled();
    assert.deepEqual(told, ['stop c-0 30000']);
  });

  it('gives a container whose probe failed the grace of the probe', () => {
    const { pod } = make();
    const livenessProbe = { terminationGracePeriodSeconds: 5 };
    const probed = { role: 'main', spec: container('c', { livenessProbe }) } as const;
    assert.equal(killGraceMs(pod, probed, 'liveness'), 5000);
    assert.equal(killGraceMs(pod, probed, 'changed'), 30_000);
  });
});

describe('killPod', () => {
  it('ends main containers, then sidecars from the last to the first, then the sandbox', async () => {
    const { told, context, ended } = make();
    const sidecar = (name: string) => container(name, { restartPolicy: 'Always' });
    const pod = podOf({ initContainers: [sidecar('s1'), sidecar('s2')], containers: [container('a'), container('b')] });
    const seen = observed(['s1', 's2', 'a', 'b'].map((name) => run(name)));
    const done = killPod(context, pod, seen, 30_000, new Set(), signal);
    const stops = () => told.filter((line) => line.startsWith('stop')).map((line) => line.split(' ')[1]);
    await settled();
    assert.deepEqual(stops(), ['a-0', 'b-0']);
    ended('a-0');
    await settled();
    assert.deepEqual(stops(), ['a-0', 'b-0']);
    ended('b-0');
    await settled();
    assert.deepEqual(stops(), ['a-0', 'b-0', 's2-0']);
    ended('s2-0');
    await settled();
    ended('s1-0');
    await done;
    assert.deepEqual(stops(), ['a-0', 'b-0', 's2-0', 's1-0', 'sandbox']);
  });

  it('does not let a main container that hangs keep the sidecars past the grace period', async () => {
    const { clock, told, context } = make();
    const pod = podOf({ initContainers: [container('s', { restartPolicy: 'Always' })] });
    void killPod(context, pod, observed([run('s'), run('c')]), 10_000, new Set(), signal);
    await clock.advance(10_000);
    assert.ok(told.includes('stop s-0 2000'));
  });
});
