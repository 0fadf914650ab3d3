import assert from 'node:assert/strict';
import type { ContainerStatus, Pod, PodStatus } from '../../../../src/objects/kinds/core-v1.js';
import type { ObservedPod } from '../../../../src/runtime/kubelet/plan/observed-pod.js';
import type { PodStatusInput } from '../../../../src/runtime/kubelet/status/pod-status.js';
import { podStatus } from '../../../../src/runtime/kubelet/status/pod-status.js';
import { container, NOW, observed, podOf, run, sandbox } from '../pods.js';

const statusOf = (pod: Pod, seen: ObservedPod, more: Partial<PodStatusInput> = {}): PodStatus =>
  podStatus({
    pod,
    observed: seen,
    runtimeName: 'docker',
    waiting: new Map(),
    isStarted: () => true,
    isReady: () => true,
    ended: false,
    terminationMessage: () => undefined,
    hostIps: ['192.168.0.1'],
    now: NOW,
    ...more,
  });

const first = (status: PodStatus): ContainerStatus | undefined => status.containerStatuses?.[0];

const condition = (status: PodStatus, type: string) => {
  const found = status.conditions?.find((each) => each.type === type);
  return [found?.status, found?.reason, found?.message];
};

describe('podStatus', () => {
  it('of a pod that nothing is there of yet', () => {
    const status = statusOf(podOf(), observed([], []));
    assert.equal(status.phase, 'Pending');
    assert.deepEqual(first(status)?.state, { waiting: { reason: 'ContainerCreating' } });
    assert.deepEqual(condition(status, 'PodReadyToStartContainers'), ['False', undefined, undefined]);
    assert.deepEqual(condition(status, 'Initialized'), ['True', undefined, undefined]);
    assert.deepEqual(condition(status, 'Ready'), [
      'False',
      'ContainersNotReady',
      'containers with unready status: [c]',
    ]);
    assert.deepEqual(condition(status, 'PodScheduled'), ['True', undefined, undefined]);
    assert.equal(status.hostIP, '192.168.0.1');
    assert.equal(status.podIP, undefined);
    assert.equal(status.observedGeneration, 1);
    assert.equal(status.startTime, '2026-01-01T12:00:00Z');
  });

  it('of a running pod', () => {
    const status = statusOf(podOf(), observed([run('c')]));
    assert.equal(status.phase, 'Running');
    assert.deepEqual(condition(status, 'Ready'), ['True', undefined, undefined]);
    assert.deepEqual(status.podIPs, [{ ip: '10.0.0.1' }]);
    assert.deepEqual(first(status), {
      name: 'c',
      state: { running: { startedAt: '2026-01-01T11:59:10Z' } },
      lastState: {},
      ready: true,
      restartCount: 0,
      image: 'i:1',
      imageID: 'sha256:1',
      containerID: 'docker://c-0',
      started: true,
    });
  });

  it('of a pod that initializes', () => {
    const pod = podOf({ initContainers: [container('i'), container('j')] });
    const status = statusOf(pod, observed([run('i', { exitCode: 0 }), run('j')]));
    assert.equal(status.phase, 'Pending');
    assert.deepEqual(
      status.initContainerStatuses?.map(({ name, ready }) => [name, ready]),
      [
        ['i', true],
        ['j', false],
      ],
    );
    assert.deepEqual(first(status)?.state, { waiting: { reason: 'PodInitializing' } });
    assert.deepEqual(condition(status, 'Initialized'), [
      'False',
      'ContainersNotInitialized',
      'containers with incomplete status: [j]',
    ]);
  });

  it('of a container that waits for its restart', () => {
    const waiting = new Map([['c', { reason: 'CrashLoopBackOff', message: 'back-off' }]]);
    const seen = observed([run('c', { exitCode: 1, attempt: 2 }), run('c', { exitCode: 1, attempt: 1 })]);
    const status = statusOf(podOf(), seen, { waiting });
    assert.equal(status.phase, 'Running');
    assert.deepEqual(first(status)?.state, { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } });
    assert.equal(first(status)?.lastState?.terminated?.containerID, 'docker://c-2');
    assert.equal(first(status)?.restartCount, 2);
    assert.equal(first(status)?.ready, false);
  });

  it('keeps the last state of a run that was removed', () => {
    const terminated = { exitCode: 7, reason: 'Error' };
    const known = { name: 'c', ready: true, restartCount: 1, image: 'i:1', imageID: '', lastState: { terminated } };
    const status = statusOf(podOf({}, { containerStatuses: [known] }), observed([run('c', { attempt: 1 })]));
    assert.deepEqual(first(status)?.lastState, { terminated });
  });

  it('of containers that ended', () => {
    const phase = (restartPolicy: string, exitCode: number) =>
      statusOf(podOf({ restartPolicy }), observed([run('c', { exitCode })])).phase;
    assert.equal(phase('Never', 0), 'Succeeded');
    assert.equal(phase('Never', 1), 'Failed');
    assert.equal(phase('OnFailure', 0), 'Succeeded');
    assert.equal(phase('OnFailure', 1), 'Running');
    assert.equal(phase('Always', 0), 'Running');
  });

  it('names the ways in which containers end', () => {
    const end = (more: Parameters<typeof run>[1]) =>
      first(statusOf(podOf({ restartPolicy: 'Never' }), observed([run('c', more)])))?.state?.terminated;
    assert.equal(end({ exitCode: 0 })?.reason, 'Completed');
    assert.equal(end({ exitCode: 1 })?.reason, 'Error');
    assert.equal(end({ exitCode: 137, reason: 'OOMKilled' })?.reason, 'OOMKilled');
    assert.equal(end({ exitCode: 128, message: 'no such file' })?.message, 'no such file');
  });

  it('of a succeeded pod', () => {
    const status = statusOf(podOf({ restartPolicy: 'Never' }), observed([run('c', { exitCode: 0 })]));
    assert.deepEqual(condition(status, 'Ready'), ['False', 'PodCompleted', undefined]);
    assert.deepEqual(condition(status, 'Initialized'), ['True', 'PodCompleted', undefined]);
  });

  it('fails with the reason of the kubelet, and stays failed', () => {
    const failure = { reason: 'DeadlineExceeded', message: 'too long' };
    const status = statusOf(podOf(), observed([run('c')]), { failure });
    assert.deepEqual([status.phase, status.reason, status.message], ['Failed', 'DeadlineExceeded', 'too long']);
    const later = statusOf(podOf({}, status), observed([run('c', { exitCode: 0 })]), { ended: true });
    assert.deepEqual([later.phase, later.reason, later.message], ['Failed', 'DeadlineExceeded', 'too long']);
  });

  it('fails a pod that was deleted before anything started', () => {
    const status = statusOf(podOf(), observed([], []), { ended: true });
    assert.equal(status.phase, 'Failed');
    assert.equal(first(status)?.state?.terminated?.reason, 'ContainerStatusUnknown');
  });

  it('waits for readiness gates', () => {
    const pod = podOf({ readinessGates: [{ conditionType: 'example.com/lb' }] });
    const without = statusOf(pod, observed([run('c')]));
    assert.deepEqual(condition(without, 'Ready'), [
      'False',
      'ReadinessGatesNotReady',
      'corresponding condition of pod readiness gate "example.com/lb" does not exist.',
    ]);
    assert.deepEqual(condition(without, 'ContainersReady'), ['True', undefined, undefined]);
    const gate = { type: 'example.com/lb', status: 'True' };
    const after = statusOf({ ...pod, status: { conditions: [gate] } }, observed([run('c')]));
    assert.deepEqual(condition(after, 'Ready'), ['True', undefined, undefined]);
    assert.deepEqual(after.conditions?.at(-1), gate);
  });

  it('keeps the time of conditions that did not change', () => {
    const before = statusOf(podOf(), observed([run('c')]));
    const after = statusOf(podOf({}, before), observed([run('c')]), { now: NOW + 60_000, isReady: () => false });
    const times = Object.fromEntries(
      (after.conditions ?? []).map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    );
    assert.equal(times['Initialized'], '2026-01-01T12:00:00Z');
    assert.equal(times['Ready'], '2026-01-01T12:01:00Z');
  });

  it('needs sidecars that are ready', () => {
    const pod = podOf({ initContainers: [container('side', { restartPolicy: 'Always' })] });
    const seen = observed([run('side'), run('c')]);
    const status = statusOf(pod, seen, { isReady: ({ name }) => name !== 'side' });
    assert.deepEqual(condition(status, 'Ready'), [
      'False',
      'ContainersNotReady',
      'containers with unready status: [side]',
    ]);
    assert.equal(statusOf(pod, seen).phase, 'Running');
  });

  it('keeps the address of a pod whose sandbox is gone', () => {
    const before = statusOf(podOf(), observed([run('c')]));
    const after = statusOf(podOf({}, before), observed([run('c', { exitCode: 0 })], [sandbox(0, 'notReady')]), {
      ended: true,
    });
    assert.equal(after.podIP, '10.0.0.1');
  });

  it('gives a pod on the host network the address of the host', () => {
    const status = statusOf(podOf({ hostNetwork: true }), observed([run('c')]));
    assert.equal(status.podIP, '192.168.0.1');
  });
});
