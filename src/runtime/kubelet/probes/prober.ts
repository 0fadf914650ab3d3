import type { Logger } from 'pino';
import type { Clock } from '../../../objects/clock.js';
import type { ContainerStatus, Pod, Probe } from '../../../objects/kinds/core-v1.js';
import type { ContainerRuntime, ContainerStatus as Run } from '../../containers/container-runtime.js';
import type { ProbeOutcomes } from '../plan/plan-pod.js';
import type { PodContainer } from '../plan/pod-containers.js';
import type { ProbeResult } from './probe-handler.js';
import { runProbe } from './run-probe.js';

export type ProbeType = 'liveness' | 'readiness' | 'startup';

export interface ProbedContainer {
  readonly container: PodContainer;
  readonly run: Run;
  /** What the API has of this very run: a probe that passed before the kubelet was restarted still passes. */
  readonly known: ContainerStatus | undefined;
}

export interface ProberOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Logger;
  /** A result changed: plan the pod anew. */
  onChange(podUid: string): void;
  onUnhealthy(pod: Pod, container: PodContainer, message: string): void;
}

type Verdict = 'success' | 'failure';

/** The probes of one run of a container. */
interface ProbedRun {
  readonly podUid: string;
  /** Where the pod is reached; may become known, or change, after the start. */
  podIp: string | undefined;
  readonly stops: ReadonlyMap<ProbeType, AbortController>;
  readonly verdicts: Map<ProbeType, Verdict>;
  readonly started: Promise<void>;
  readonly markStarted: () => void;
}

const FIRST_RETRY_MS = 50;
const MOST_ERRORS = 3;
/** Timers hold 24 days at most. */
const LONGEST_WAIT_MS = 2_000_000_000;

const doNothing = (): void => undefined;

/** Runs the probes of all containers of a node and keeps their verdicts. */
export class Prober implements ProbeOutcomes {
  readonly #runs = new Map<string, ProbedRun>();

  constructor(private readonly options: ProberOptions) {}

  liveness(containerId: string): Verdict | undefined {
    return this.#runs.get(containerId)?.verdicts.get('liveness');
  }

  startup(containerId: string): Verdict | undefined {
    return this.#runs.get(containerId)?.verdicts.get('startup');
  }

  isStarted(container: PodContainer, run: Run): boolean {
    return container.spec.startupProbe === undefined || this.startup(run.id) === 'success';
  }

  isReady(container: PodContainer, run: Run): boolean {
    if (container.spec.readinessProbe === undefined) return true;
    return this.#runs.get(run.id)?.verdicts.get('readiness') === 'success';
  }

  /** Probes exactly these runs of the pod: starts what is missing, stops what is over. */
  sync(pod: Pod, podIp: string | undefined, containers: readonly ProbedContainer[]): void {
    const podUid = pod.metadata.uid ?? '';
    const wanted = new Set(containers.map(({ run }) => run.id));
    for (const [id, run] of this.#runs) if (run.podUid === podUid && !wanted.has(id)) this.#stop(id);
    for (const probed of containers) {
      const run = this.#runs.get(probed.run.id);
      if (run === undefined) this.#start(pod, podIp, probed);
      else run.podIp = podIp;
    }
  }

  /** A pod that ends is no longer restarted; whether it is ready still matters to those who drain it. */
  stopLiveness(podUid: string): void {
    for (const run of this.#runs.values()) {
      if (run.podUid !== podUid) continue;
      run.stops.get('liveness')?.abort();
      run.stops.get('startup')?.abort();
    }
  }

  stopPod(podUid: string): void {
    for (const [id, run] of this.#runs) if (run.podUid === podUid) this.#stop(id);
  }

  stopAll(): void {
    for (const id of this.#runs.keys()) this.#stop(id);
  }

  #stop(id: string): void {
    for (const stop of this.#runs.get(id)?.stops.values() ?? []) stop.abort();
    this.#runs.delete(id);
  }

  #start(pod: Pod, podIp: string | undefined, probed: ProbedContainer): void {
    const { spec } = probed.container;
    const probes: readonly (readonly [ProbeType, Probe | undefined])[] = [
      ['startup', spec.startupProbe],
      ['readiness', spec.readinessProbe],
      ['liveness', spec.livenessProbe],
    ];
    const present = probes.filter((entry): entry is readonly [ProbeType, Probe] => entry[1] !== undefined);
    let markStarted = doNothing;
    const started = new Promise<void>((resolve) => {
      markStarted = resolve;
    });
    const run: ProbedRun = {
      podUid: pod.metadata.uid ?? '',
      podIp,
      stops: new Map(present.map(([type]) => [type, new AbortController()])),
      verdicts: new Map(),
      started,
      markStarted,
    };
    if (probed.known?.started === true) run.verdicts.set('startup', 'success');
    if (probed.known?.ready === true) run.verdicts.set('readiness', 'success');
    if (spec.startupProbe === undefined || run.verdicts.get('startup') === 'success') markStarted();
    this.#runs.set(probed.run.id, run);
    for (const [type, probe] of present) {
      if (type === 'startup' && run.verdicts.get('startup') === 'success') continue;
      const task = new ProbeTask(this.options, pod, probed, type, probe, run);
      const { signal } = run.stops.get(type) ?? new AbortController();
      task.run(signal).catch((error: unknown) => {
        if (!signal.aborted) this.options.log.error({ err: error }, 'probe stopped');
      });
    }
  }
}

/** One probe of one run of a container, from its start to its end. */
class ProbeTask {
  #successes = 0;
  #failures = 0;
  #everSucceeded = false;

  constructor(
    private readonly options: ProberOptions,
    private readonly pod: Pod,
    private readonly probed: ProbedContainer,
    private readonly type: ProbeType,
    private readonly probe: Probe,
    private readonly state: ProbedRun,
  ) {
    this.#everSucceeded = state.verdicts.get(type) === 'success';
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    if (this.type !== 'startup') await abortable(this.state.started, signal);
    const startedAt = this.probed.run.startedAt ?? this.probed.run.createdAt;
    // After a jump of the clock the start may seem to lie ahead: wait no longer than was asked for.
    const delay = Math.min((this.probe.initialDelaySeconds ?? 0) * 1000, LONGEST_WAIT_MS);
    const wait = Math.min(delay, startedAt + delay - clock.now());
    if (wait > 0) await clock.sleep(wait, signal);
    let pause = this.#periodMs;
    let result = await this.#attempt(signal);
    if (result.outcome === 'failure' && this.#mayHurry) [result, pause] = await this.#retrySoon(result, signal);
    while (!this.#record(result)) {
      await clock.sleep(pause, signal);
      pause = this.#periodMs;
      result = await this.#attempt(signal);
    }
  }

  get #periodMs(): number {
    return Math.min(Math.max(1, this.probe.periodSeconds ?? 10) * 1000, LONGEST_WAIT_MS);
  }

  /** Commands may be expensive; asking a port again costs nothing. */
  get #mayHurry(): boolean {
    return this.type !== 'liveness' && !this.#everSucceeded && this.probe.exec === undefined;
  }

  /**
   * A server that is just starting refuses the first attempt. It is asked again soon, in growing steps until one
   * period is over; only then the failure counts. Returns the result, and the pause before the next regular attempt.
   */
  async #retrySoon(first: ProbeResult, signal: AbortSignal): Promise<[ProbeResult, number]> {
    let spent = 0;
    for (let delay = FIRST_RETRY_MS; spent + delay < this.#periodMs; delay *= 2) {
      await this.options.clock.sleep(delay, signal);
      spent += delay;
      const again = await this.#attempt(signal);
      if (again.outcome === 'success') return [again, this.#periodMs];
    }
    return [first, this.#periodMs - spent];
  }

  async #attempt(signal: AbortSignal): Promise<ProbeResult> {
    const { container, run } = this.probed;
    const target = { container: container.spec, containerId: run.id, podIp: this.state.podIp };
    let result = await runProbe(this.probe, target, this.options.runtime, signal);
    for (let tries = 1; result.outcome === 'error' && tries < MOST_ERRORS; tries += 1) {
      result = await runProbe(this.probe, target, this.options.runtime, signal);
    }
    signal.throwIfAborted();
    return result;
  }

  /** Counts a result. True when this probe has nothing more to find out. */
  #record(result: ProbeResult): boolean {
    const { container } = this.probed;
    const title = `${this.type.charAt(0).toUpperCase()}${this.type.slice(1)} probe`;
    if (result.outcome === 'error') {
      this.options.onUnhealthy(this.pod, container, `${title} errored: ${result.output}`);
      return false;
    }
    if (result.outcome === 'success') {
      this.#everSucceeded = true;
      this.#successes += 1;
      this.#failures = 0;
      if (this.#successes < (this.probe.successThreshold ?? 1)) return false;
      this.#decide('success');
      return this.type === 'startup';
    }
    this.options.onUnhealthy(this.pod, container, `${title} failed: ${result.output}`);
    this.#failures += 1;
    this.#successes = 0;
    if (this.#failures < (this.probe.failureThreshold ?? 3)) return false;
    this.#decide('failure');
    // The container will be ended: its next run has probes of its own.
    return this.type !== 'readiness';
  }

  #decide(verdict: Verdict): void {
    if (this.state.verdicts.get(this.type) === verdict) return;
    this.state.verdicts.set(this.type, verdict);
    if (this.type === 'startup' && verdict === 'success') this.state.markStarted();
    this.options.onChange(this.state.podUid);
  }
}

const abortable = (promise: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error('stopped'));
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    promise.then(
      () => {
        signal.removeEventListener('abort', abort);
        resolve();
      },
      () => abort(),
    );
  });
