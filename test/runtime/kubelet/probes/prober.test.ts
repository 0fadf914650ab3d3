import assert from 'node:assert/strict';
import type { Container } from '../../../../src/objects/kinds/core-v1.js';
import type { ContainerRuntime } from '../../../../src/runtime/containers/container-runtime.js';
import { Prober } from '../../../../src/runtime/kubelet/probes/prober.js';
import { ManualClock, settled } from '../../../cluster/client/manual-clock.js';
import { container, NOW, podOf, run } from '../pods.js';
import { log } from '../test-cluster.js';

const exec = { command: ['check'] };

const make = (more: Partial<Container>, known?: { ready: boolean; started: boolean }) => {
  const clock = new ManualClock(NOW);
  const state = { healthy: true, attempts: 0, changes: 0, unhealthy: [] as string[] };
  const runtime = {
    execSync: () => {
      state.attempts += 1;
      return Promise.resolve({ exitCode: state.healthy ? 0 : 1, stdout: Buffer.alloc(0), stderr: Buffer.from('no') });
    },
  } as unknown as ContainerRuntime;
  const prober = new Prober({
    runtime,
    clock,
    log,
    onChange: () => {
      state.changes += 1;
    },
    onUnhealthy: (_pod, _container, message) => state.unhealthy.push(message),
  });
  const spec = container('c', more);
  const running = run('c', { startedAt: NOW });
  const probed = { role: 'main', spec } as const;
  const status = known && { name: 'c', restartCount: 0, image: '', imageID: '', ...known };
  const sync = () => prober.sync(podOf(), '10.0.0.1', [{ container: probed, run: running, known: status }]);
  return { clock, state, prober, sync, running, probed };
};

describe('Prober', () => {
  it('waits for the initial delay, then probes every period', async () => {
    const { clock, state, prober, sync } = make({ livenessProbe: { exec, initialDelaySeconds: 5, periodSeconds: 10 } });
    sync();
    await clock.advance(4999);
    assert.equal(state.attempts, 0);
    await clock.advance(1);
    assert.equal(state.attempts, 1);
    await clock.advance(30_000);
    assert.equal(state.attempts, 4);
    prober.stopAll();
  });

  it('finds a container dead after failureThreshold failures, once', async () => {
    const { clock, state, prober, sync, running } = make({
      livenessProbe: { exec, periodSeconds: 1, failureThreshold: 3 },
    });
    state.healthy = false;
    sync();
    await settled();
    await clock.advance(1500);
    assert.equal(prober.liveness(running.id), undefined);
    await clock.advance(1000);
    assert.equal(prober.liveness(running.id), 'failure');
    await clock.advance(10_000);
    assert.equal(state.attempts, 3);
    assert.deepEqual(
      state.unhealthy,
      Array.from({ length: 3 }, () => 'Liveness probe failed: no'),
    );
    prober.stopAll();
  });

  it('is not ready before the first success, and follows from there', async () => {
    const { clock, state, prober, sync, running, probed } = make({
      readinessProbe: { exec, periodSeconds: 1, failureThreshold: 2, successThreshold: 2 },
    });
    sync();
    assert.equal(prober.isReady(probed, running), false);
    await settled();
    assert.equal(prober.isReady(probed, running), false);
    await clock.advance(1000);
    assert.equal(prober.isReady(probed, running), true);
    state.healthy = false;
    await clock.advance(1000);
    assert.equal(prober.isReady(probed, running), true);
    await clock.advance(1000);
    assert.equal(prober.isReady(probed, running), false);
    assert.equal(state.changes, 2);
    prober.stopAll();
  });

  it('lets nothing else run before the startup probe has passed', async () => {
    const { clock, state, prober, sync, running, probed } = make({
      startupProbe: { exec, periodSeconds: 1, failureThreshold: 5 },
      livenessProbe: { exec, periodSeconds: 1, failureThreshold: 1 },
    });
    state.healthy = false;
    sync();
    await settled();
    await clock.advance(2500);
    assert.equal(state.attempts, 3);
    assert.equal(prober.isStarted(probed, running), false);
    state.healthy = true;
    await clock.advance(1000);
    assert.equal(prober.isStarted(probed, running), true);
    assert.equal(prober.liveness(running.id), 'success');
    prober.stopAll();
  });

  it('keeps what was known of a run before a restart', () => {
    const probes = { startupProbe: { exec }, readinessProbe: { exec } };
    const { prober, sync, running, probed } = make(probes, { ready: true, started: true });
    sync();
    assert.equal(prober.isStarted(probed, running), true);
    assert.equal(prober.isReady(probed, running), true);
    prober.stopAll();
  });

  it('stops with the container', async () => {
    const { clock, state, prober, sync } = make({ livenessProbe: { exec, periodSeconds: 1 } });
    sync();
    await settled();
    prober.sync(podOf(), undefined, []);
    await clock.advance(5000);
    assert.equal(state.attempts, 1);
    assert.equal(clock.sleepers, 0);
  });

  it('ends liveness and keeps readiness when the pod ends', async () => {
    const { clock, state, prober, sync } = make({
      livenessProbe: { exec, periodSeconds: 1 },
      readinessProbe: { exec, periodSeconds: 1 },
    });
    sync();
    await settled();
    assert.equal(state.attempts, 2);
    prober.stopLiveness('u');
    await clock.advance(3000);
    assert.equal(state.attempts, 5);
    prober.stopAll();
  });

  it('asks a port that refuses at first again soon', async () => {
    const { clock, state, prober, sync } = make({ readinessProbe: { tcpSocket: { port: 'none' }, periodSeconds: 10 } });
    sync();
    await clock.advance(100);
    // A probe that cannot be made at all is no failure of the container.
    assert.deepEqual(state.unhealthy, ["Readiness probe errored: couldn't find port: none"]);
    prober.stopAll();
  });
});
