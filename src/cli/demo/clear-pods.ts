import type { ContainerRuntime } from '../../runtime/containers/container-runtime.js';

/** Stops and removes every pod of a runtime, and lets the runtime go. */
export const clearPods = async (runtime: ContainerRuntime, signal: AbortSignal): Promise<void> => {
  try {
    const sandboxes = await runtime.listPodSandboxes(signal);
    await Promise.all(
      sandboxes.map(async ({ id }) => {
        await runtime.stopPodSandbox(id, signal);
        await runtime.removePodSandbox(id, signal);
      }),
    );
  } finally {
    await runtime.close();
  }
};
