import { isApiError } from '../../../objects/api-error.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import { keyOf, keyText } from '../../../objects/object.js';
import type { KubeletContext } from '../kubelet-context.js';
import { isTerminalPhase } from '../status/pod-phase.js';
import type { PodEnd } from './end-pod.js';
import { gracePeriodMs, LONGEST_GRACE_MS } from '../lifecycle/kill-containers.js';
import { deleteFromApi, endPod, removePod, reportEnding } from './end-pod.js';
import { PodMemory } from './pod-memory.js';
import { removeOldRuns } from './remove-old-runs.js';
import { syncPod } from './sync-pod.js';
import { TerminationMessages } from './termination-messages.js';

const RETRY_MS = 10_000;
const LONGEST_SLEEP_MS = 3_600_000;
/** One reason for all: making an exception for each would cost more than the rest. */
const WOKEN = new Error('woken');
/** Steps of one pod without a pause, before something must be wrong. */
const MOST_STEPS = 100;

/**
 * Looks after one pod, from the moment it is assigned to the node until nothing is left of it. Does one thing at a
 * time; whatever happens meanwhile makes it look again.
 */
export class PodWorker {
  readonly #memory: PodMemory;
  readonly #uid: string;
  #pod: Pod;
  /** The pod left the API before we were done with it. */
  #gone = false;
  #end: PodEnd | undefined;
  #ended = false;
  /** Containers are being ended. */
  #isKilling = false;
  #deleted = false;
  #dirty = false;
  #running: Promise<void> | undefined;
  /** Stops the step under way. */
  #step = new AbortController();
  #timer = new AbortController();

  constructor(
    private readonly context: KubeletContext,
    pod: Pod,
    private readonly signal: AbortSignal,
    /** Nothing is left of the pod. */
    private readonly onFinished: () => void,
  ) {
    this.#pod = pod;
    this.#uid = pod.metadata.uid ?? '';
    this.#memory = new PodMemory(new TerminationMessages(context.rootFolder, this.#uid, context.runtime));
  }

  get pod(): Pod {
    return this.#pod;
  }

  update(pod: Pod): void {
    const before = this.#pod;
    this.#pod = pod;
    const grace = pod.metadata.deletionGracePeriodSeconds;
    const shortened = grace !== undefined && grace < (before.metadata.deletionGracePeriodSeconds ?? Infinity);
    // A pod that shall go does not finish pulling, waiting or starting first.
    if (
      pod.metadata.deletionTimestamp !== undefined &&
      (shortened || before.metadata.deletionTimestamp === undefined)
    ) {
      this.#step.abort();
    }
    this.poke();
  }

  remove(last: Pod): void {
    this.#pod = last;
    this.#gone = true;
    if (!this.#isEnding) this.#step.abort();
    this.poke();
  }

  /** Something happened: look at the pod again. */
  poke(): void {
    this.#dirty = true;
    this.#timer.abort(WOKEN);
    if (this.#isKilling) this.#reportEnding();
    if (this.#running === undefined && !this.signal.aborted) {
      this.#running = this.#run().finally(() => {
        this.#running = undefined;
        if (this.#dirty && !this.signal.aborted && !this.#done) this.poke();
      });
    }
  }

  /** Something that pods refer to has changed. */
  retryConfig(): void {
    const retry = this.#memory.failures.retryNow();
    if (!retry && this.#memory.volumes !== undefined) return;
    this.#memory.mountRetryAt = 0;
    this.poke();
  }

  async settled(): Promise<void> {
    await this.#running;
  }

  #done = false;

  get #isEnding(): boolean {
    return this.#end !== undefined || this.#pod.metadata.deletionTimestamp !== undefined;
  }

  async #run(): Promise<void> {
    let steps = 0;
    while (this.#dirty && !this.signal.aborted && !this.#done) {
      this.#dirty = false;
      this.#step = new AbortController();
      const signal = AbortSignal.any([this.#step.signal, this.signal]);
      try {
        const delayMs = await this.#look(signal);
        if (delayMs !== undefined) this.#wakeAfter(delayMs);
      } catch (error) {
        if (this.signal.aborted) return;
        if (signal.aborted) {
          this.#dirty = true;
        } else {
          this.context.log.warn({ err: error, pod: keyText(keyOf(this.#pod)) }, 'pod not synced, trying again');
          this.#wakeAfter(RETRY_MS);
        }
      }
      steps += 1;
      if (steps > MOST_STEPS) {
        this.context.log.error({ pod: keyText(keyOf(this.#pod)) }, 'pod does not come to rest, pausing');
        this.#dirty = false;
        this.#wakeAfter(RETRY_MS);
      }
    }
  }

  /** One step. Returns after how many milliseconds to look again if nothing happens. */
  async #look(signal: AbortSignal): Promise<number | undefined> {
    if (this.#gone || this.#isEnding || this.#hasEndedBefore()) return this.#finish(signal);
    const pod = this.context.statuses.newest(this.#pod);
    const outcome = await syncPod(this.context, pod, this.#memory, signal);
    if (outcome.type === 'waiting') {
      await removeOldRuns(this.context, pod, this.#memory.messages, signal);
      return outcome.wakeAfterMs;
    }
    if (outcome.type === 'ended') {
      this.#end = {
        graceMs: gracePeriodMs(pod),
        ...(outcome.failure === undefined ? {} : { failure: outcome.failure }),
      };
    }
    this.#dirty = true;
    return undefined;
  }

  /** It had ended before this kubelet started: whatever still runs of it is a remainder. */
  #hasEndedBefore(): boolean {
    return isTerminalPhase(this.context.statuses.newest(this.#pod).status?.phase);
  }

  async #finish(signal: AbortSignal): Promise<undefined> {
    const { context } = this;
    if (!this.#ended) {
      const pod = context.statuses.newest(this.#pod);
      this.#isKilling = true;
      const onStopped = (): void => {
        this.#isKilling = false;
      };
      try {
        await endPod(context, pod, this.#memory, { ...this.#end, graceMs: this.#graceMs(), onStopped }, signal);
      } finally {
        onStopped();
      }
      this.#ended = true;
    }
    const deleted = this.#pod.metadata.deletionTimestamp !== undefined;
    if (!deleted && !this.#gone) return undefined;
    await removePod(context, this.#uid, this.#memory.messages, signal);
    if (!this.#gone) {
      // Once is enough: finalizers may hold the object after that.
      if (this.#deleted) return undefined;
      try {
        await deleteFromApi(context, this.#pod);
        this.#deleted = true;
      } catch (error) {
        // Another pod has the name by now: ours is gone.
        if (!isApiError(error, 'Conflict') && !isApiError(error, 'NotFound')) throw error;
      }
      // The rest comes when the object has left.
      return undefined;
    }
    this.#done = true;
    context.images.forgetPod(this.#uid);
    context.statuses.forget(this.#uid);
    this.onFinished();
    return undefined;
  }

  #reportEnding(): void {
    const { context, signal } = this;
    reportEnding(context, this.#pod, this.#memory, () => !this.#isKilling, signal).catch((error: unknown) => {
      if (!signal.aborted) context.log.debug({ err: error, pod: keyText(keyOf(this.#pod)) }, 'status not reported');
    });
  }

  #graceMs(): number {
    const deletion = this.#pod.metadata.deletionGracePeriodSeconds;
    const wanted = deletion === undefined ? (this.#end?.graceMs ?? gracePeriodMs(this.#pod)) : deletion * 1000;
    return Math.min(Math.max(wanted, 1000), LONGEST_GRACE_MS);
  }

  #wakeAfter(delayMs: number): void {
    const timer = new AbortController();
    this.#timer = timer;
    // Timers hold 24 days at most; waking in between does no harm.
    this.context.clock
      .sleep(Math.min(Math.max(0, delayMs), LONGEST_SLEEP_MS), AbortSignal.any([timer.signal, this.signal]))
      .then(
        () => this.poke(),
        () => undefined,
      );
  }
}
