import type { Clock } from '../../objects/clock.js';
import type { ObjectKey } from '../../objects/object.js';
import { keyText } from '../../objects/object.js';
import { DelayHeap } from './delay-heap.js';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** First delay of a failing key; doubled with every failure. Default 5 ms, as client-go. */
  readonly baseDelayMs?: number;
  /** Longest delay of a failing key. Default 5 minutes. */
  readonly maxDelayMs?: number;
  /** Keys that wait, are delayed or are worked on. Default 200,000. */
  readonly limit?: number;
}

/**
 * Keys that need work. A key waits at most once however often it is added, is never handed out twice at the same
 * time, and waits again when it was added while it was worked on. First in, first out.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #baseDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #limit: number;
  readonly #waiting = new Map<string, ObjectKey>();
  readonly #active = new Set<string>();
  readonly #again = new Map<string, ObjectKey>();
  readonly #failures = new Map<string, number>();
  readonly #delayed = new DelayHeap<ObjectKey>();
  #takers: ((key: ObjectKey | undefined) => void)[] = [];
  #closed = false;
  #wake: { readonly at: number; readonly abort: AbortController; readonly slept: Promise<void> } | undefined;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#baseDelayMs = options.baseDelayMs ?? 5;
    this.#maxDelayMs = options.maxDelayMs ?? 300_000;
    this.#limit = options.limit ?? 200_000;
  }

  /** Keys that wait for a worker now, without the delayed ones. */
  get length(): number {
    return this.#waiting.size;
  }

  /** Keys that are handed out and not yet done. */
  get active(): number {
    return this.#active.size;
  }

  /** Keys whose time has not come. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** False when the queue is full and the key was not taken. */
  add(key: ObjectKey): boolean {
    const id = keyText(key);
    if (this.#closed || this.#waiting.has(id)) return true;
    if (this.#active.has(id)) {
      this.#again.set(id, key);
      return true;
    }
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      this.#active.add(id);
      taker(key);
      return true;
    }
    if (this.#waiting.size + this.#delayed.size + this.#active.size >= this.#limit) return false;
    this.#waiting.set(id, key);
    return true;
  }

  /** Adds the key after a delay. The earliest of several delays of a key counts. */
  addAfter(key: ObjectKey, delayMs: number): boolean {
    if (delayMs <= 0) return this.add(key);
    if (this.#closed) return true;
    if (this.#waiting.size + this.#delayed.size + this.#active.size >= this.#limit) return false;
    this.#delayed.put(keyText(key), this.#clock.now() + delayMs, key);
    this.#rearm();
    return true;
  }

  /** Adds the key after the backoff of its failures so far. Returns the delay. */
  addRateLimited(key: ObjectKey): number {
    const id = keyText(key);
    const failures = this.#failures.get(id) ?? 0;
    this.#failures.set(id, failures + 1);
    const delayMs = Math.min(this.#baseDelayMs * 2 ** Math.min(failures, 40), this.#maxDelayMs);
    this.addAfter(key, delayMs);
    return delayMs;
  }

  /** The key succeeded: its next failure starts from the first delay again. */
  forget(key: ObjectKey): void {
    this.#failures.delete(keyText(key));
  }

  failures(key: ObjectKey): number {
    return this.#failures.get(keyText(key)) ?? 0;
  }

  /** The next key, as soon as there is one; undefined when the queue is closed. `done` must follow. */
  take(): Promise<ObjectKey | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    for (const [id, key] of this.#waiting) {
      this.#waiting.delete(id);
      this.#active.add(id);
      return Promise.resolve(key);
    }
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** The work on a key that `take` gave has ended, well or not. */
  done(key: ObjectKey): void {
    const id = keyText(key);
    this.#active.delete(id);
    const again = this.#again.get(id);
    if (again === undefined) return;
    this.#again.delete(id);
    this.add(again);
  }

  /** Hands out nothing more; resolves when no timer is left. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();
    this.#again.clear();
    this.#delayed.clear();
    for (const taker of this.#takers) taker(undefined);
    this.#takers = [];
    const wake = this.#wake;
    wake?.abort.abort();
    await wake?.slept;
  }

  #rearm(): void {
    const next = this.#delayed.nextAt();
    if (next === undefined || this.#closed) return;
    if (this.#wake !== undefined) {
      if (this.#wake.at <= next) return;
      this.#wake.abort.abort();
    }
    const abort = new AbortController();
    this.#wake = { at: next, abort, slept: this.#sleepUntil(next, abort) };
  }

  async #sleepUntil(at: number, abort: AbortController): Promise<void> {
    try {
      await this.#clock.sleep(Math.max(0, at - this.#clock.now()), abort.signal);
    } catch (error) {
      // A newer sleep has taken over, or the queue is closed. Anything else is a broken clock.
      if (!abort.signal.aborted) throw error;
      return;
    }
    if (this.#closed) return;
    this.#wake = undefined;
    for (const key of this.#delayed.takeDue(this.#clock.now())) this.add(key);
    this.#rearm();
  }
}
