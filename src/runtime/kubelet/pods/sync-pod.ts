import type { Pod } from '../../../objects/kinds/core-v1.js';
import { formatDurationMs } from '../../../objects/duration.js';
import { VolumeFailure } from '../../volumes/volume-manager.js';
import { sandboxConfig } from '../config/sandbox-config.js';
import { messageOf, StartFailure } from '../errors.js';
import { backOff } from '../images/image-manager.js';
import type { KubeletContext } from '../kubelet-context.js';
import { killContainer, killGraceMs, killPod, gracePeriodMs } from '../lifecycle/kill-containers.js';
import type { ObservedPod } from '../plan/observed-pod.js';
import { latestRun, readySandbox } from '../plan/observed-pod.js';
import type { PodAction, PodPlan } from '../plan/plan-pod.js';
import { planPod, SANDBOX } from '../plan/plan-pod.js';
import { containerFieldPath, findContainer } from '../plan/pod-containers.js';
import { isTerminalPhase } from '../status/pod-phase.js';
import type { Waiting } from '../status/container-statuses.js';
import type { PodMemory } from './pod-memory.js';
import { podText } from './pod-text.js';
import { currentStatus, probedContainers } from './report-status.js';
import { isConflict, podIpsOf, startContainer } from './start-container.js';

/** Failed work is tried again after this long, if nothing happens before. */
const RETRY_MS = 10_000;
/** The first failed pull is shown for this long before the state says that it backs off. */
const SHOW_PULL_ERROR_MS = 3000;
/** Tokens are looked at ten times in their life, but at least this often. */
const LONGEST_RENEWAL_MS = 300_000;
const SHORTEST_RENEWAL_MS = 60_000;
const TOKEN_SECONDS = 3600;

/**
 * `changed`: look again at once. `waiting`: nothing to do until something happens or the time comes. `ended`: the pod
 * has succeeded or failed, or its deadline is over: it only needs to be cleared away.
 */
export type SyncOutcome =
  | { readonly type: 'changed' }
  | { readonly type: 'waiting'; readonly wakeAfterMs?: number }
  | { readonly type: 'ended'; readonly failure?: { readonly reason: string; readonly message: string } };

/** Brings one pod one step closer to what it shall be. */
export const syncPod = async (
  context: KubeletContext,
  pod: Pod,
  memory: PodMemory,
  signal: AbortSignal,
): Promise<SyncOutcome> => {
  const { clock, statuses, steady, view } = context;
  const uid = pod.metadata.uid ?? '';
  const observed = await view.observe(uid, signal);
  memory.keepRuns(new Set(observed.containers.map(({ id }) => id)));
  await memory.messages.collect(pod, observed.containers, signal);
  const now = steady();
  const deadline = deadlineOf(context, pod, memory);
  if (deadline !== undefined && deadline <= now) {
    const message = 'Pod was active on the node longer than the specified deadline';
    context.events.event(pod, 'Normal', 'DeadlineExceeded', message);
    return { type: 'ended', failure: { reason: 'DeadlineExceeded', message } };
  }
  const ip = podIpsOf(context, pod, readySandbox(observed))[0];
  context.prober.sync(pod, ip, probedContainers(context, pod, observed));
  const transition = showBackOff(context, pod, memory, now);
  const plan = planPod({
    pod,
    observed,
    probes: context.prober,
    now: clock.now(),
    mustRestart: memory.mustRestart,
    retryAt: (name) => inWallTime(context, memory.failures.retryAt(name)),
  });
  tellBackoffs(context, pod, observed, memory, plan);
  const status = currentStatus(context, pod, observed, memory, { waiting: waitingOf(pod, memory, plan), ended: false });
  statuses.set(pod, status);
  if (isTerminalPhase(status.phase)) return { type: 'ended' };
  const mounted = await ensureVolumes(context, pod, observed, memory, signal);
  const acted = await act(context, pod, observed, memory, plan, mounted, signal);
  if (acted) return { type: 'changed' };
  const replanAt = plan.wakeAt === undefined ? undefined : now + plan.wakeAt - clock.now();
  const wakes = [
    replanAt,
    deadline,
    transition,
    memory.refreshedFor === undefined ? memory.mountRetryAt : undefined,
    refreshAt(pod, memory),
  ];
  const wakeAt = Math.min(...wakes.filter((at) => at !== undefined));
  return Number.isFinite(wakeAt) ? { type: 'waiting', wakeAfterMs: wakeAt - steady() } : { type: 'waiting' };
};

const inWallTime = ({ clock, steady }: KubeletContext, at: number | undefined): number | undefined =>
  at === undefined ? undefined : at - steady() + clock.now();

/** Counted from the start of the pod; once known, no jump of the clock moves it. */
const deadlineOf = ({ clock, steady }: KubeletContext, pod: Pod, memory: PodMemory): number | undefined => {
  const seconds = pod.spec.activeDeadlineSeconds;
  if (seconds === undefined) return undefined;
  const now = clock.now();
  const startedAt = pod.status?.startTime === undefined ? now : Date.parse(pod.status.startTime);
  memory.deadline ??= steady() - Math.max(0, now - startedAt) + seconds * 1000;
  return memory.deadline;
};

/** After a while, a pull that failed shows as one that backs off. Returns when that will be. */
const showBackOff = (context: KubeletContext, pod: Pod, memory: PodMemory, now: number): number | undefined => {
  let next: number | undefined;
  for (const [name, failure] of memory.failures.entries()) {
    const retryAt = memory.failures.retryAt(name) ?? now;
    if (failure.reason !== 'ErrImagePull' || retryAt <= now) continue;
    const showAt = (memory.failures.failedAt(name) ?? now) + SHOW_PULL_ERROR_MS;
    if (showAt > now) {
      next = Math.min(next ?? showAt, showAt);
      continue;
    }
    const container = findContainer(pod, name);
    if (container === undefined) continue;
    const image = container.spec.image ?? '';
    memory.failures.set(name, backOff(image, failure.message), retryAt, now);
    const path = containerFieldPath(container);
    context.events.event(pod, 'Normal', 'BackOff', `Back-off pulling image "${image}"`, path);
    context.events.event(pod, 'Warning', 'Failed', 'Error: ImagePullBackOff', path);
  }
  return next;
};

const tellBackoffs = (
  context: KubeletContext,
  pod: Pod,
  observed: ObservedPod,
  memory: PodMemory,
  plan: PodPlan,
): void => {
  for (const name of plan.backoffs.keys()) {
    const run = latestRun(observed, name);
    const container = findContainer(pod, name);
    if (run === undefined || container === undefined || memory.backedOff.has(run.id)) continue;
    memory.backedOff.add(run.id);
    const message = `Back-off restarting failed container ${name} in pod ${podText(pod)}`;
    context.events.event(pod, 'Warning', 'BackOff', message, containerFieldPath(container));
  }
};

const waitingOf = (pod: Pod, memory: PodMemory, plan: PodPlan): ReadonlyMap<string, Waiting> => {
  const waiting = new Map(memory.failures.waiting());
  waiting.delete(SANDBOX);
  for (const [name, delayMs] of plan.backoffs) {
    const delay = formatDurationMs(delayMs);
    const message = `back-off ${delay} restarting failed container=${name} pod=${podText(pod)}`;
    waiting.set(name, { reason: 'CrashLoopBackOff', message });
  }
  return waiting;
};

/** True when the volumes of the pod are ready. Files that show the pod itself are brought up to date. */
const ensureVolumes = async (
  context: KubeletContext,
  pod: Pod,
  observed: ObservedPod,
  memory: PodMemory,
  signal: AbortSignal,
): Promise<boolean> => {
  const { node, owner, steady, volumes } = context;
  const podIps = podIpsOf(context, pod, readySandbox(observed));
  const volumeContext = { nodeName: owner.nodeName, podIps, hostIps: node.hostIps, nodeAllocatable: node.allocatable };
  const shown = JSON.stringify([podIps, pod.metadata.labels, pod.metadata.annotations]);
  const now = steady();
  try {
    if (memory.volumes === undefined) {
      if (memory.mountRetryAt > now) return false;
      memory.volumes = await volumes.mountAll(pod, volumeContext, signal);
    } else if (memory.refreshedFor === undefined && memory.mountRetryAt > now) {
      return true;
    } else if (shown !== memory.refreshedFor || now >= (refreshAt(pod, memory) ?? Infinity)) {
      if ((pod.spec.volumes ?? []).length > 0) await volumes.refresh(pod, volumeContext, signal);
    } else {
      return true;
    }
    memory.refreshedFor = shown;
    memory.refreshedAt = now;
    return true;
  } catch (error) {
    if (signal.aborted) throw error;
    context.events.event(pod, 'Warning', 'FailedMount', messageOf(error));
    const hopeless = error instanceof VolumeFailure && error.code !== 'not-ready' && error.code !== 'failed';
    memory.mountRetryAt = now + (hopeless ? 6 * RETRY_MS : RETRY_MS);
    memory.refreshedFor = undefined;
    memory.refreshedAt = now;
    return memory.volumes !== undefined;
  }
};

/** When the tokens in the pod's volumes are to be looked at; nothing else in them changes by itself. */
const refreshAt = (pod: Pod, memory: PodMemory): number | undefined => {
  const tokens = (pod.spec.volumes ?? [])
    .flatMap(({ projected }) => projected?.sources ?? [])
    .flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
  if (memory.volumes === undefined || tokens.length === 0) return undefined;
  const lifeMs = Math.min(...tokens.map(({ expirationSeconds }) => expirationSeconds ?? TOKEN_SECONDS)) * 1000;
  return memory.refreshedAt + Math.min(Math.max(lifeMs / 10, SHORTEST_RENEWAL_MS), LONGEST_RENEWAL_MS);
};

/** Does what was planned, in order. True when something was done, so that the pod must be looked at again. */
const act = async (
  context: KubeletContext,
  pod: Pod,
  observed: ObservedPod,
  memory: PodMemory,
  plan: PodPlan,
  mounted: boolean,
  signal: AbortSignal,
): Promise<boolean> => {
  let acted = false;
  for (const action of plan.actions) {
    if (!mounted && (action.type === 'createSandbox' || action.type === 'startContainer')) continue;
    signal.throwIfAborted();
    try {
      await perform(context, pod, observed, memory, action, signal);
      acted = true;
    } catch (error) {
      if (signal.aborted) throw error;
      if (!(error instanceof StartFailure) || action.type !== 'startContainer') throw error;
      remember(context, pod, memory, action.container.spec.name, error);
      acted = true;
      // What comes after an init container waits for it.
      if (action.container.role === 'init') break;
    }
  }
  return acted;
};

const remember = (context: KubeletContext, pod: Pod, memory: PodMemory, name: string, failure: StartFailure): void => {
  const now = context.steady();
  const container = findContainer(pod, name);
  const pull = failure.reason === 'ErrImagePull' || failure.reason === 'ImagePullBackOff';
  const retryAt = pull ? context.images.retryAt(pod, container?.spec.image ?? '') : now + RETRY_MS;
  memory.failures.set(name, failure, failure.reason === 'PostStartHookError' ? 0 : retryAt, now);
  if (container === undefined || failure.reason === 'CreateContainerConfigError') return;
  if (pull || failure.reason === 'ErrImageNeverPull' || failure.reason === 'InvalidImageName') {
    context.events.event(pod, 'Warning', 'Failed', `Error: ${failure.reason}`, containerFieldPath(container));
  }
};

const perform = async (
  context: KubeletContext,
  pod: Pod,
  observed: ObservedPod,
  memory: PodMemory,
  action: PodAction,
  signal: AbortSignal,
): Promise<void> => {
  const { runtime, view } = context;
  switch (action.type) {
    case 'stopPod':
      await killPod(context, pod, observed, gracePeriodMs(pod), memory.stopping, signal);
      return;
    case 'stopSandbox':
      await runtime.stopPodSandbox(action.sandboxId, signal);
      view.markStopped(action.sandboxId);
      return;
    case 'removeContainer':
      await runtime.removeContainer(action.containerId, signal);
      view.forget(action.containerId);
      return;
    case 'createSandbox':
      await createSandbox(context, pod, memory, action, signal);
      return;
    case 'killContainer':
      await kill(context, pod, observed, memory, action, signal);
      return;
    case 'startContainer':
      await start(context, pod, observed, memory, action, signal);
  }
};

const createSandbox = async (
  context: KubeletContext,
  pod: Pod,
  memory: PodMemory,
  action: Extract<PodAction, { type: 'createSandbox' }>,
  signal: AbortSignal,
): Promise<void> => {
  const { events, node, owner, dns, runtime, view } = context;
  if (action.replaces) {
    events.event(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
  }
  try {
    const config = sandboxConfig(pod, action.attempt, owner, node.hostname, dns);
    view.addSandbox(await runtime.runPodSandbox(config, signal));
    memory.failures.clear(SANDBOX);
  } catch (error) {
    if (signal.aborted) throw error;
    if (isConflict(error)) {
      await view.relist(signal);
      return;
    }
    const message = `Failed to create pod sandbox: ${messageOf(error)}`;
    events.event(pod, 'Warning', 'FailedCreatePodSandBox', message);
    const now = context.steady();
    memory.failures.set(SANDBOX, new StartFailure('CreateContainerError', message), now + RETRY_MS, now);
  }
};

const kill = async (
  context: KubeletContext,
  pod: Pod,
  observed: ObservedPod,
  memory: PodMemory,
  action: Extract<PodAction, { type: 'killContainer' }>,
  signal: AbortSignal,
): Promise<void> => {
  const run = observed.containers.find(({ id }) => id === action.containerId);
  if (run === undefined) return;
  if (action.restart) memory.mustRestart.add(run.id);
  const podIp = podIpsOf(context, pod, readySandbox(observed))[0];
  const graceMs = killGraceMs(pod, action.container, action.reason);
  const { message } = action;
  await killContainer(context, { pod, run, graceMs, message, podIp, stopping: memory.stopping }, signal);
};

const isStillReady = async (
  { view }: KubeletContext,
  pod: Pod,
  sandboxId: string,
  signal: AbortSignal,
): Promise<boolean> => {
  await view.relist(signal);
  return readySandbox(await view.observe(pod.metadata.uid ?? '', signal))?.id === sandboxId;
};

const IN_RUNTIME = new Set(['CreateContainerError', 'RunContainerError']);

const start = async (
  context: KubeletContext,
  pod: Pod,
  observed: ObservedPod,
  memory: PodMemory,
  action: Extract<PodAction, { type: 'startContainer' }>,
  signal: AbortSignal,
): Promise<void> => {
  const sandbox = readySandbox(observed);
  if (sandbox === undefined || memory.volumes === undefined) return;
  const { owner, node, dns } = context;
  const { name } = action.container.spec;
  const { messages, stopping, volumes } = memory;
  const config = sandboxConfig(pod, sandbox.attempt, owner, node.hostname, dns);
  const { container, attempt, nextBackoffMs } = action;
  // A container may have ended because its sandbox did: that is to be mended first.
  if (attempt > 0 && !(await isStillReady(context, pod, sandbox.id, signal))) return;
  try {
    await startContainer(
      context,
      { pod, container, attempt, nextBackoffMs, sandbox, sandboxConfig: config, volumes, messages, stopping },
      signal,
    );
    memory.failures.clear(name);
  } catch (error) {
    signal.throwIfAborted();
    const inRuntime = error instanceof StartFailure && IN_RUNTIME.has(error.reason);
    if (!inRuntime && !isConflict(error)) throw error;
    const ready = await isStillReady(context, pod, sandbox.id, signal);
    if (inRuntime && ready) throw error;
  }
};
