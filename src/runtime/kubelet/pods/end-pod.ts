import { Pod } from '../../../objects/kinds/core-v1.js';
import { keyOf } from '../../../objects/object.js';
import type { KubeletContext } from '../kubelet-context.js';
import { killPod } from '../lifecycle/kill-containers.js';
import type { PodMemory } from './pod-memory.js';
import { readySandbox } from '../plan/observed-pod.js';
import { isTerminalPhase } from '../status/pod-phase.js';
import { currentStatus } from './report-status.js';
import type { TerminationMessages } from './termination-messages.js';

export interface PodEnd {
  readonly graceMs: number;
  readonly failure?: { readonly reason: string; readonly message: string };
  /** All containers have ended; the last status comes next. */
  onStopped?(): void;
}

const NO_WAITING = new Map<string, never>();

/** Ends all containers of a pod, writes its last status and gives back its volumes. May be repeated. */
export const endPod = async (
  context: KubeletContext,
  pod: Pod,
  memory: PodMemory,
  end: PodEnd,
  signal: AbortSignal,
): Promise<void> => {
  const { prober, statuses, view, volumes } = context;
  const uid = pod.metadata.uid ?? '';
  prober.stopLiveness(uid);
  const before = await view.observe(uid, signal);
  const failure = end.failure === undefined ? {} : { failure: end.failure };
  if (end.failure !== undefined) {
    const status = currentStatus(context, pod, before, memory, { waiting: NO_WAITING, ended: false, ...failure });
    statuses.set(pod, status);
  }
  await killPod(context, pod, before, end.graceMs, memory.stopping, signal);
  end.onStopped?.();
  prober.stopPod(uid);
  const after = await view.observe(uid, signal);
  await memory.messages.collect(pod, after.containers, signal);
  const newest = statuses.newest(pod);
  statuses.set(newest, currentStatus(context, newest, after, memory, { waiting: NO_WAITING, ended: true, ...failure }));
  await statuses.flush(pod);
  await volumes.unmountAll(uid, signal);
};

/** The status while containers are ending: readiness still changes, and those who drain the pod look at it. */
export const reportEnding = async (
  context: KubeletContext,
  pod: Pod,
  memory: PodMemory,
  isStopped: () => boolean,
  signal: AbortSignal,
): Promise<void> => {
  const observed = await context.view.observe(pod.metadata.uid ?? '', signal);
  if (isStopped() || readySandbox(observed) === undefined) return;
  const newest = context.statuses.newest(pod);
  if (isTerminalPhase(newest.status?.phase)) return;
  const status = currentStatus(context, newest, observed, memory, { waiting: NO_WAITING, ended: false });
  // What a pod has come to is said once everything has ended.
  context.statuses.set(newest, {
    ...status,
    ...(newest.status?.phase === undefined ? {} : { phase: newest.status.phase }),
  });
};

/** Removes what is left of a pod that the API is rid of, or will be after this. */
export const removePod = async (
  context: KubeletContext,
  podUid: string,
  messages: TerminationMessages,
  signal: AbortSignal,
): Promise<void> => {
  const { runtime, view } = context;
  const observed = await view.observe(podUid, signal);
  await Promise.all(
    observed.containers.map(async ({ id }) => {
      await runtime.removeContainer(id, signal);
      view.forget(id);
    }),
  );
  for (const { id } of observed.sandboxes) {
    await runtime.removePodSandbox(id, signal);
    view.forget(id);
  }
  await messages.remove();
};

/** The last step of a deletion: the object leaves the API. */
export const deleteFromApi = async (context: KubeletContext, pod: Pod): Promise<void> => {
  const { uid } = pod.metadata;
  await context.client.delete(Pod, keyOf(pod), {
    gracePeriodSeconds: 0,
    preconditions: uid === undefined ? {} : { uid },
  });
};
