import type { ContainerStatus } from '../../containers/container-runtime.js';
import type { KubeletContext } from '../kubelet-context.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { ObservedPod } from '../plan/observed-pod.js';
import { podContainers } from '../plan/pod-containers.js';
import type { TerminationMessages } from './termination-messages.js';

/** Ended runs that are kept of each container besides the newest run: one, for `logs --previous`. */
const KEPT = 1;

/** Ended runs that nobody asks for any more. */
export const oldRuns = (observed: ObservedPod): readonly ContainerStatus[] => {
  const seen = new Map<string, number>();
  const old: ContainerStatus[] = [];
  for (const run of observed.containers) {
    const count = seen.get(run.name) ?? 0;
    seen.set(run.name, count + 1);
    if (count > KEPT && run.state === 'exited') old.push(run);
  }
  return old;
};

/** Sandboxes that were replaced and hold no run that is kept. */
export const oldSandboxes = (observed: ObservedPod): readonly string[] => {
  const old = new Set(oldRuns(observed));
  const used = new Set(observed.containers.filter((run) => !old.has(run)).map(({ sandboxId }) => sandboxId));
  return observed.sandboxes
    .slice(1)
    .filter(({ id, state }) => state === 'notReady' && !used.has(id))
    .map(({ id }) => id);
};

export const removeOldRuns = async (
  { runtime, view }: KubeletContext,
  pod: Pod,
  messages: TerminationMessages,
  signal: AbortSignal,
): Promise<void> => {
  const podUid = pod.metadata.uid ?? '';
  if (view.containerIds(podUid).length <= podContainers(pod).length) return;
  const observed = await view.observe(podUid, signal);
  for (const run of oldRuns(observed)) {
    await runtime.removeContainer(run.id, signal);
    view.forget(run.id);
    await messages.forget(run);
  }
  for (const id of oldSandboxes(observed)) {
    await runtime.removePodSandbox(id, signal);
    view.forget(id);
  }
};
