import assert from 'node:assert/strict';
import type { Clock } from '../../../src/objects/clock.js';
import { SIMULATED_EXIT_CODE } from '../../../src/runtime/containers/labels.js';
import { createSimulatedRuntime } from '../../../src/runtime/containers/simulated/simulated-runtime.js';
import { containerConfig, sandboxConfig, signal } from '../../conformance/runtime/runtime-contract.js';

const clock: Clock = { now: () => 1000, sleep: () => Promise.resolve() };

describe('createSimulatedRuntime', () => {
  it('runs ten thousand pods, each with an address of its own', async () => {
    const runtime = createSimulatedRuntime({ clock });
    const config = sandboxConfig();
    for (let index = 0; index < 10_000; index++) {
      const pod = { ...config, podUid: `uid-${index}` };
      const sandbox = await runtime.runPodSandbox(pod, signal);
      const id = await runtime.createContainer(sandbox.id, containerConfig('x', []), pod, signal);
      await runtime.startContainer(id, signal);
    }
    const sandboxes = await runtime.listPodSandboxes(signal);
    assert.equal(new Set(sandboxes.map(({ ip }) => ip)).size, 10_000);
    const containers = await runtime.listContainers(signal);
    assert.ok(containers.every(({ state }) => state === 'running'));
  });

  it('lets containers fail that are to', async () => {
    const runtime = createSimulatedRuntime({ clock });
    const pod = sandboxConfig({ annotations: { [SIMULATED_EXIT_CODE]: '3' } });
    const sandbox = await runtime.runPodSandbox(pod, signal);
    const id = await runtime.createContainer(sandbox.id, containerConfig('x', []), pod, signal);
    await runtime.startContainer(id, signal);
    const status = await runtime.containerStatus(id, signal);
    assert.deepEqual([status?.state, status?.exitCode, status?.reason], ['exited', 3, 'Error']);
  });
});
