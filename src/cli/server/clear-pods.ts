import type { ContainerRuntime } from '../../runtime/containers/container-runtime.js';

/** Stops and removes every pod of a runtime, and lets the runtime go. Returns how many there were. */
export const clearPods = async (runtime: ContainerRuntime, signal: AbortSignal): Promise<number> => {
  try {
    const sandboxes = await runtime.listPodSandboxes(signal);
    await Promise.all(
      sandboxes.map(async ({ id }) => {
        await runtime.stopPodSandbox(id, signal);
        await runtime.removePodSandbox(id, signal);
      }),
    );
    return sandboxes.length;
  } finally {
    await runtime.close();
  }
};
