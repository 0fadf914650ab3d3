import assert from 'node:assert/strict';
import type { Pod } from '../../../../src/objects/kinds/core-v1.js';
import type { ContainerStatus, Sandbox } from '../../../../src/runtime/containers/container-runtime.js';
import type { PlanInput, PodPlan } from '../../../../src/runtime/kubelet/plan/plan-pod.js';
import { planPod } from '../../../../src/runtime/kubelet/plan/plan-pod.js';
import { container, NOW, observed, podOf, run, sandbox } from '../pods.js';

const plan = (
  pod: Pod,
  containers: readonly ContainerStatus[],
  sandboxes: readonly Sandbox[] = [sandbox()],
  more: Partial<PlanInput> = {},
): PodPlan =>
  planPod({
    pod,
    observed: observed(containers, sandboxes),
    probes: { liveness: () => undefined, startup: () => undefined },
    now: NOW,
    mustRestart: new Set(),
    retryAt: () => undefined,
    ...more,
  });

/** `start c#1`, `kill c-0`: short enough to compare. */
const told = ({ actions }: PodPlan): readonly string[] =>
  actions.map((action) => {
    switch (action.type) {
      case 'startContainer':
        return `start ${action.container.spec.name}#${action.attempt}`;
      case 'killContainer':
        return `kill ${action.containerId}: ${action.message}`;
      case 'createSandbox':
        return `sandbox ${action.attempt}`;
      case 'stopSandbox':
        return `stop ${action.sandboxId}`;
      case 'removeContainer':
        return `remove ${action.containerId}`;
      default:
        return action.type;
    }
  });

describe('planPod', () => {
  it('makes a sandbox for a new pod', () => {
    assert.deepEqual(told(plan(podOf(), [], [])), ['sandbox 0']);
  });

  it('starts the containers when the sandbox is there', () => {
    const pod = podOf({ containers: [container('a'), container('b')] });
    assert.deepEqual(told(plan(pod, [])), ['start a#0', 'start b#0']);
  });

  it('does nothing when everything runs', () => {
    assert.deepEqual(plan(podOf(), [run('c')]).actions, []);
  });

  it('starts init containers one after the other', () => {
    const pod = podOf({ initContainers: [container('i'), container('j')] });
    assert.deepEqual(told(plan(pod, [])), ['start i#0']);
    assert.deepEqual(told(plan(pod, [run('i')])), []);
    assert.deepEqual(told(plan(pod, [run('i', { exitCode: 0 })])), ['start j#0']);
    assert.deepEqual(told(plan(pod, [run('j', { exitCode: 0 }), run('i', { exitCode: 0 })])), ['start c#0']);
  });

  it('trusts that init containers succeeded whose runs were removed', () => {
    const pod = podOf({ initContainers: [container('i')] });
    assert.deepEqual(told(plan(pod, [run('c')])), []);
    assert.deepEqual(told(plan(pod, [run('c', { exitCode: 1 })])), ['start c#1']);
  });

  it('ends the pod when an init container fails for good', () => {
    const pod = podOf({ restartPolicy: 'Never', initContainers: [container('i')] });
    assert.deepEqual(told(plan(pod, [run('i', { exitCode: 1 })])), ['stopPod']);
  });

  it('starts what follows a sidecar once its startup probe passed', () => {
    const startupProbe = { exec: { command: ['true'] } };
    const pod = podOf({ initContainers: [container('side', { restartPolicy: 'Always', startupProbe })] });
    assert.deepEqual(told(plan(pod, [])), ['start side#0']);
    assert.deepEqual(told(plan(pod, [run('side')])), []);
    const probes = { liveness: () => undefined, startup: () => 'success' as const };
    assert.deepEqual(told(plan(pod, [run('side')], [sandbox()], { probes })), ['start c#0']);
  });

  it('restarts a sidecar beside the running main container', () => {
    const pod = podOf({ initContainers: [container('side', { restartPolicy: 'Always' })] });
    assert.deepEqual(told(plan(pod, [run('side', { exitCode: 1 }), run('c')])), ['start side#1']);
  });

  it('ends the pod, sidecars and all, when the main containers are done', () => {
    const pod = podOf({ restartPolicy: 'Never', initContainers: [container('side', { restartPolicy: 'Always' })] });
    assert.deepEqual(told(plan(pod, [run('side'), run('c', { exitCode: 0 })])), ['stopPod']);
  });

  it('restarts by the policy of the pod', () => {
    const planned = (restartPolicy: string, exitCode: number) =>
      told(plan(podOf({ restartPolicy }), [run('c', { exitCode })]));
    assert.deepEqual(planned('Always', 0), ['start c#1']);
    assert.deepEqual(planned('OnFailure', 1), ['start c#1']);
    assert.deepEqual(planned('OnFailure', 0), ['stopPod']);
    assert.deepEqual(planned('Never', 1), ['stopPod']);
  });

  it('restarts by the rules of the container', () => {
    const restartPolicyRules = [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }];
    const pod = podOf({
      restartPolicy: 'Never',
      containers: [container('c', { restartPolicy: 'Never', restartPolicyRules })],
    });
    assert.deepEqual(told(plan(pod, [run('c', { exitCode: 42 })])), ['start c#1']);
    assert.deepEqual(told(plan(pod, [run('c', { exitCode: 1 })])), ['stopPod']);
  });

  it('waits for the backoff of the last run', () => {
    const planned = plan(podOf(), [run('c', { exitCode: 1, attempt: 1, backoffMs: 10_000 })]);
    assert.deepEqual(planned.actions, []);
    assert.equal(planned.backoffs.get('c'), 10_000);
    assert.equal(planned.wakeAt, NOW + 9000);
  });

  it('waits after a start that failed', () => {
    const planned = plan(podOf(), [], [sandbox()], { retryAt: (name) => (name === 'c' ? NOW + 5000 : undefined) });
    assert.deepEqual(planned.actions, []);
    assert.equal(planned.wakeAt, NOW + 5000);
  });

  it('kills what fails its liveness or startup probe', () => {
    const failed = { liveness: () => 'failure' as const, startup: () => undefined };
    assert.deepEqual(told(plan(podOf(), [run('c')], [sandbox()], { probes: failed })), [
      'kill c-0: Container c failed liveness probe, will be restarted',
    ]);
    const never = podOf({ restartPolicy: 'Never' });
    const startup = { liveness: () => undefined, startup: () => 'failure' as const };
    assert.deepEqual(told(plan(never, [run('c')], [sandbox()], { probes: startup })), ['stopPod']);
  });

  it('starts again what it killed for that, though it ended well', () => {
    const pod = podOf({ restartPolicy: 'OnFailure' });
    const mustRestart = new Set(['c-0']);
    assert.deepEqual(told(plan(pod, [run('c', { exitCode: 0 })], [sandbox()], { mustRestart })), ['start c#1']);
  });

  it('replaces a container whose image was changed', () => {
    const pod = podOf({ containers: [container('c', { image: 'i:2' })] });
    assert.deepEqual(told(plan(pod, [run('c')])), ['kill c-0: Container c definition changed, will be restarted']);
  });

  it('makes a new sandbox for one that died, and starts everything in it', () => {
    const dead = sandbox(0, 'notReady');
    assert.deepEqual(told(plan(podOf(), [run('c', { exitCode: 137 })], [dead])), ['stop s0', 'sandbox 1']);
    const pod = podOf({ initContainers: [container('i')] });
    const old = [run('i', { exitCode: 0 }), run('c', { exitCode: 137 })];
    assert.deepEqual(told(plan(pod, old, [sandbox(1), dead])), ['start i#1']);
  });

  it('does not revive a pod that may not restart', () => {
    const pod = podOf({ restartPolicy: 'Never' });
    assert.deepEqual(plan(pod, [run('c', { exitCode: 137 })], [sandbox(0, 'notReady')]).actions, []);
    assert.deepEqual(told(plan(pod, [], [sandbox(0, 'notReady')])), ['stop s0', 'sandbox 1']);
  });

  it('does not repeat what succeeded when the sandbox died', () => {
    const pod = podOf({ restartPolicy: 'OnFailure', containers: [container('a'), container('b')] });
    const dead = [sandbox(0, 'notReady')];
    assert.deepEqual(plan(pod, [run('a', { exitCode: 0 }), run('b', { exitCode: 0 })], dead).actions, []);
    const after = plan(pod, [run('a', { exitCode: 0 }), run('b', { exitCode: 1 })], [sandbox(1), ...dead]);
    assert.deepEqual(told(after), ['start b#1']);
  });

  it('clears away a container that was made and never started, and does not count it', () => {
    assert.deepEqual(told(plan(podOf(), [run('c', { state: 'created' })])), ['remove c-0']);
    assert.deepEqual(told(plan(podOf(), [])), ['start c#0']);
  });

  it('counts restarts on from the status when the runs are gone', () => {
    const status = { name: 'c', ready: true, restartCount: 3, image: 'i:1', imageID: '', containerID: 'docker://x' };
    assert.deepEqual(told(plan(podOf({}, { containerStatuses: [status] }), [])), ['start c#4']);
    const { containerID: _id, ...unstarted } = status;
    assert.deepEqual(told(plan(podOf({}, { containerStatuses: [unstarted] }), [])), ['start c#3']);
  });

  it('starts ephemeral containers once', () => {
    const pod = podOf({ ephemeralContainers: [container('debug')] });
    assert.deepEqual(told(plan(pod, [run('c')])), ['start debug#0']);
    assert.deepEqual(told(plan(pod, [run('c'), run('debug', { exitCode: 1 })])), []);
  });

  it('stops a second sandbox that is up', () => {
    assert.deepEqual(told(plan(podOf(), [run('c', { sandboxId: 's1' })], [sandbox(1), sandbox(0)])), ['stop s0']);
  });
});
