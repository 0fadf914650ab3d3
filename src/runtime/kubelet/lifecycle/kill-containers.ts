import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { ContainerStatus as Run } from '../../containers/container-runtime.js';
import { messageOf } from '../errors.js';
import type { KubeletContext } from '../kubelet-context.js';
import type { ObservedPod } from '../plan/observed-pod.js';
import { readySandbox } from '../plan/observed-pod.js';
import type { KillReason } from '../plan/plan-pod.js';
import type { PodContainer } from '../plan/pod-containers.js';
import { containerFieldPath, findContainer } from '../plan/pod-containers.js';
import { runHook } from './hooks.js';
import { TerminationOrder } from './termination-order.js';

/** Even a pod that is killed at once gets this long to end by itself. */
const LEAST_GRACE_MS = 2000;

/** Longer than any timer can wait is as long as possible: 23 days. */
export const LONGEST_GRACE_MS = 2_000_000_000;

export const gracePeriodMs = (pod: Pod): number =>
  Math.min((pod.spec.terminationGracePeriodSeconds ?? 30) * 1000, LONGEST_GRACE_MS);

/** The grace period of one container: a failed probe may have its own. */
export const killGraceMs = (pod: Pod, container: PodContainer, reason: KillReason): number => {
  const { livenessProbe, startupProbe } = container.spec;
  const probe = reason === 'liveness' ? livenessProbe : reason === 'startup' ? startupProbe : undefined;
  const own = probe?.terminationGracePeriodSeconds;
  return own === undefined ? gracePeriodMs(pod) : Math.min(own * 1000, LONGEST_GRACE_MS);
};

export interface Kill {
  readonly pod: Pod;
  readonly run: Run;
  readonly graceMs: number;
  readonly message: string;
  readonly podIp: string | undefined;
  readonly order?: TerminationOrder;
  /** Runs whose preStop hook was started already: it never runs twice. */
  readonly stopping: Set<string>;
}

/** Ends one container: preStop, its stop signal, and SIGKILL when the grace period is over. */
export const killContainer = async (context: KubeletContext, kill: Kill, signal: AbortSignal): Promise<void> => {
  const { pod, run } = kill;
  const { events, runtime, steady } = context;
  const container = findContainer(pod, run.name);
  const startedAt = steady();
  const left = (): number => kill.graceMs - (steady() - startedAt);
  const preStop = container?.spec.lifecycle?.preStop;
  if (!kill.stopping.has(run.id)) {
    kill.stopping.add(run.id);
    events.event(pod, 'Normal', 'Killing', kill.message, container && containerFieldPath(container));
    if (preStop !== undefined && container !== undefined && kill.graceMs > 0) {
      const target = { container: container.spec, containerId: run.id, podIp: kill.podIp };
      await preStopWithin(context, kill, () => runHook(preStop, target, kill.graceMs, context, signal), signal);
    }
  }
  if (kill.order !== undefined && left() > 0) await kill.order.waitForTurn(run.name, left(), signal);
  await runtime.stopContainer(run.id, Math.max(left(), LEAST_GRACE_MS), signal);
  kill.order?.ended(run.name);
};

/** A hook that fails or takes longer than the grace period does not keep the container alive. */
const preStopWithin = async (
  { clock, events, log }: KubeletContext,
  kill: Kill,
  hook: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  const timer = new AbortController();
  const over = clock.sleep(kill.graceMs, AbortSignal.any([timer.signal, signal])).catch(() => undefined);
  try {
    await Promise.race([hook(), over]);
  } catch (error) {
    if (signal.aborted) throw error;
    log.info({ err: error, container: kill.run.name }, 'preStop hook failed');
    const container = findContainer(kill.pod, kill.run.name);
    const path = container === undefined ? undefined : containerFieldPath(container);
    events.event(kill.pod, 'Warning', 'FailedPreStopHook', `PreStopHook failed: ${messageOf(error)}`, path);
  } finally {
    timer.abort();
  }
  signal.throwIfAborted();
};

/** Ends everything that runs in a pod, main containers before sidecars, and stops its sandboxes. */
export const killPod = async (
  context: KubeletContext,
  pod: Pod,
  observed: ObservedPod,
  graceMs: number,
  stopping: Set<string>,
  signal: AbortSignal,
): Promise<void> => {
  const running = observed.containers.filter(({ state }) => state === 'running' || state === 'unknown');
  const order = new TerminationOrder(
    pod,
    running.map(({ name }) => name),
    context.clock,
  );
  const podIp = readySandbox(observed)?.ip ?? context.node.hostIps[0];
  await Promise.all(
    running.map((run) =>
      killContainer(
        context,
        { pod, run, graceMs, message: `Stopping container ${run.name}`, podIp, order, stopping },
        signal,
      ),
    ),
  );
  for (const { id, state } of observed.sandboxes) {
    if (state !== 'ready') continue;
    await context.runtime.stopPodSandbox(id, signal);
    context.view.markStopped(id);
  }
};
