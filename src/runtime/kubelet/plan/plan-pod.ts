import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { ContainerStatus, Sandbox } from '../../containers/container-runtime.js';
import type { ObservedPod } from './observed-pod.js';
import { CONTAINER_HASH, containerHash, latestRun, latestRunIn, readySandbox } from './observed-pod.js';
import type { PodContainer } from './pod-containers.js';
import { ephemeralContainers, initContainers, mainContainers } from './pod-containers.js';
import { isRestarted, restartBackoff, restartPolicyOf } from './restart.js';

export type KillReason = 'liveness' | 'startup' | 'changed' | 'unknown';

export type PodAction =
  /** Nothing is left to run, or the pod failed: end what still runs (sidecars) and stop the sandbox. */
  | { readonly type: 'stopPod' }
  | { readonly type: 'stopSandbox'; readonly sandboxId: string }
  | { readonly type: 'createSandbox'; readonly attempt: number; readonly replaces: boolean }
  | {
      readonly type: 'killContainer';
      readonly container: PodContainer;
      readonly containerId: string;
      readonly reason: KillReason;
      readonly message: string;
      /** Start it again even if it ends with exit code 0. */
      readonly restart: boolean;
    }
  | { readonly type: 'removeContainer'; readonly containerId: string }
  | {
      readonly type: 'startContainer';
      readonly container: PodContainer;
      readonly attempt: number;
      /** What the run after this one has to wait. */
      readonly nextBackoffMs: number;
    };

export interface ProbeOutcomes {
  liveness(containerId: string): 'success' | 'failure' | undefined;
  startup(containerId: string): 'success' | 'failure' | undefined;
}

export interface PlanInput {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly probes: ProbeOutcomes;
  readonly now: number;
  /** Runs that the kubelet ended in order to start them anew. */
  readonly mustRestart: ReadonlySet<string>;
  /** When a container whose start failed may be tried again. */
  readonly retryAt: (name: string) => number | undefined;
}

export interface PodPlan {
  readonly actions: readonly PodAction[];
  /** Containers that wait for their restart: the delay that holds. */
  readonly backoffs: ReadonlyMap<string, number>;
  /** When to plan again if nothing happens before. */
  readonly wakeAt?: number;
}

/**
 * Decides what to do for a pod that shall run. The caller does it in order, looks again, and plans again until there
 * is nothing to do.
 */
export const planPod = (input: PlanInput): PodPlan => {
  const sandbox = readySandbox(input.observed);
  return sandbox === undefined ? planWithoutSandbox(input) : new Planner(input, sandbox).plan();
};

const NOTHING: PodPlan = { actions: [], backoffs: new Map() };

const planWithoutSandbox = (input: PlanInput): PodPlan => {
  const { pod, observed } = input;
  const newest = observed.sandboxes[0];
  const restartable = (pod.spec.restartPolicy ?? 'Always') !== 'Never';
  // A pod that may not restart ends with its sandbox, unless nothing ever ran in it.
  if (!restartable && newest !== undefined && observed.containers.length > 0) return NOTHING;
  const initialized = mainContainers(pod).some(({ spec }) => latestRun(observed, spec.name) !== undefined);
  const toStart = mainContainers(pod).filter((container) => {
    const run = latestRun(observed, container.spec.name);
    return run?.state !== 'exited' || isRestarted(pod, container, run.exitCode ?? 1);
  });
  if (toStart.length === 0 && initialized) return NOTHING;
  const retryAt = input.retryAt(SANDBOX);
  if (retryAt !== undefined && retryAt > input.now) return { ...NOTHING, wakeAt: retryAt };
  const actions: PodAction[] = observed.sandboxes.map(({ id }) => ({ type: 'stopSandbox', sandboxId: id }));
  actions.push({ type: 'createSandbox', attempt: (newest?.attempt ?? -1) + 1, replaces: newest !== undefined });
  return { ...NOTHING, actions };
};

/** The name under which the failure to make a sandbox is kept. No container can have it. */
export const SANDBOX = '';

/** Plans a pod that has its sandbox. */
class Planner {
  readonly #kills: PodAction[] = [];
  readonly #starts: PodAction[] = [];
  readonly #backoffs = new Map<string, number>();
  #wakeAt: number | undefined;

  constructor(
    private readonly input: PlanInput,
    private readonly sandbox: Sandbox,
  ) {}

  plan(): PodPlan {
    const older: PodAction[] = this.input.observed.sandboxes
      .slice(1)
      .filter(({ state }) => state === 'ready')
      .map(({ id }) => ({ type: 'stopSandbox', sandboxId: id }));
    for (const container of ephemeralContainers(this.input.pod)) {
      if (latestRun(this.input.observed, container.spec.name) === undefined) this.start(container, undefined);
    }
    const stage = this.planInit();
    if (stage === 'failed' || (stage === 'initialized' && !this.planMain())) return this.result([{ type: 'stopPod' }]);
    return this.result([...older, ...this.#kills, ...this.#starts]);
  }

  private result(actions: readonly PodAction[]): PodPlan {
    return {
      actions,
      backoffs: this.#backoffs,
      ...(this.#wakeAt === undefined ? {} : { wakeAt: this.#wakeAt }),
    };
  }

  private run(container: PodContainer): ContainerStatus | undefined {
    return latestRunIn(this.input.observed, container.spec.name, this.sandbox.id);
  }

  /** Init containers one after the other, sidecars kept up; `initialized` when main containers may start. */
  private planInit(): 'initialized' | 'initializing' | 'failed' {
    const { pod } = this.input;
    // Runs of init containers may have been removed since: what comes after them proves that they succeeded.
    const mainStarted = mainContainers(pod).some((container) => this.run(container) !== undefined);
    const all = initContainers(pod);
    const last = all.findLastIndex((container) => this.run(container) !== undefined);
    const reached = mainStarted ? all.length : last;
    for (const [index, container] of all.entries()) {
      if (container.role === 'sidecar') {
        const up = this.planSidecar(container);
        if (!up && index >= reached) return 'initializing';
      } else if (index >= reached) {
        const stage = this.planInitContainer(container);
        if (stage !== 'initialized') return stage;
      }
    }
    return 'initialized';
  }

  private planInitContainer(container: PodContainer): 'initialized' | 'initializing' | 'failed' {
    const run = this.run(container);
    if (run?.state === 'running') return 'initializing';
    if (run?.state === 'exited') {
      if (run.exitCode === 0) return 'initialized';
      if (!isRestarted(this.input.pod, container, run.exitCode ?? 1)) return 'failed';
    }
    this.startOrClear(container, run);
    return 'initializing';
  }

  /** True when what comes after the sidecar may start. */
  private planSidecar(container: PodContainer): boolean {
    const run = this.run(container);
    if (run?.state !== 'running') {
      this.startOrClear(container, run);
      return false;
    }
    const started = container.spec.startupProbe === undefined || this.input.probes.startup(run.id) === 'success';
    this.killIfNeeded(container, run, 'Init container');
    return started;
  }

  /** False when nothing of the main containers runs or will run. */
  private planMain(): boolean {
    let kept = 0;
    for (const container of mainContainers(this.input.pod)) {
      const run = this.run(container);
      if (run?.state === 'running') {
        if (this.killIfNeeded(container, run, 'Container') !== 'final') kept += 1;
        continue;
      }
      const last = run ?? latestRun(this.input.observed, container.spec.name);
      if (last?.state === 'exited' && !this.shallRestart(container, last)) continue;
      kept += 1;
      this.startOrClear(container, run);
    }
    return kept > 0;
  }

  private shallRestart(container: PodContainer, run: ContainerStatus): boolean {
    if (this.input.mustRestart.has(run.id)) return true;
    return isRestarted(this.input.pod, container, run.exitCode ?? 1);
  }

  private killIfNeeded(container: PodContainer, run: ContainerStatus, title: string): 'kept' | 'restarts' | 'final' {
    const { probes, pod } = this.input;
    const name = container.spec.name;
    const hash = run.annotations[CONTAINER_HASH];
    const kill = (reason: KillReason, what: string, restart: boolean): 'restarts' | 'final' => {
      const message = `${title} ${name} ${what}${restart ? ', will be restarted' : ''}`;
      this.#kills.push({ type: 'killContainer', container, containerId: run.id, reason, message, restart });
      return restart ? 'restarts' : 'final';
    };
    const restarts = restartPolicyOf(pod, container) !== 'Never';
    if (hash !== undefined && hash !== containerHash(container.spec))
      return kill('changed', 'definition changed', true);
    if (probes.liveness(run.id) === 'failure') return kill('liveness', 'failed liveness probe', restarts);
    if (probes.startup(run.id) === 'failure') return kill('startup', 'failed startup probe', restarts);
    return 'kept';
  }

  /** Starts a container that does not run, after clearing away a run that was made and never started. */
  private startOrClear(container: PodContainer, run: ContainerStatus | undefined): void {
    const unfinished = run?.state === 'created' || run?.state === 'unknown' ? run : undefined;
    if (unfinished === undefined) {
      this.start(container, latestRun(this.input.observed, container.spec.name));
      return;
    }
    const retryAt = this.input.retryAt(container.spec.name);
    if (retryAt !== undefined && retryAt > this.input.now) {
      this.wake(retryAt);
      return;
    }
    if (unfinished.state === 'created') {
      this.#kills.push({ type: 'removeContainer', containerId: unfinished.id });
      return;
    }
    const message = `${container.role === 'main' ? 'Container' : 'Init container'} is in "unknown" state, try killing it before restart`;
    this.#kills.push({
      type: 'killContainer',
      container,
      containerId: unfinished.id,
      reason: 'unknown',
      message,
      restart: true,
    });
  }

  private start(container: PodContainer, last: ContainerStatus | undefined): void {
    const { now } = this.input;
    const name = container.spec.name;
    const retryAt = this.input.retryAt(name);
    if (retryAt !== undefined && retryAt > now) {
      this.wake(retryAt);
      return;
    }
    const backoff = last === undefined ? undefined : restartBackoff(last, now);
    if (backoff !== undefined && backoff.readyAt > now) {
      this.#backoffs.set(name, backoff.delayMs);
      this.wake(backoff.readyAt);
      return;
    }
    this.#starts.push({
      type: 'startContainer',
      container,
      attempt: nextAttempt(this.input.pod, last, name),
      nextBackoffMs: backoff?.nextDelayMs ?? 0,
    });
  }

  private wake(at: number): void {
    this.#wakeAt = Math.min(this.#wakeAt ?? at, at);
  }
}

/** Restarts are counted on the runs themselves; the pod's status helps when the last run has been removed. */
const nextAttempt = (pod: Pod, last: ContainerStatus | undefined, name: string): number => {
  if (last !== undefined) return last.attempt + 1;
  const known = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])].find(
    (status) => status.name === name,
  );
  if (known === undefined) return 0;
  // Without an id the run that is counted there was never started.
  return known.containerID === undefined ? known.restartCount : known.restartCount + 1;
};
