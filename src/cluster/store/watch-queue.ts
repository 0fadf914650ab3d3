import type { StoreEvent, Subscription } from './store.js';
import { StoreError } from './store.js';

interface WatchQueueOptions {
  readonly prefix: string;
  /** Events that may wait. */
  readonly limit: number;
  /** What happened before the queue was made. */
  readonly missed: readonly StoreEvent[];
  /** Called once, until the next `take`, when there is something to take. */
  readonly onReady: () => void;
  readonly onEnd: (queue: WatchQueue) => void;
}

/** The events that one watch has not read yet. It ends the watch, rather than grow without limit. */
export class WatchQueue implements Subscription {
  readonly prefix: string;
  #events: StoreEvent[] = [];
  #missed: readonly StoreEvent[];
  #failure: StoreError | undefined;
  #isTold = false;

  constructor(private readonly options: WatchQueueOptions) {
    this.prefix = options.prefix;
    this.#missed = options.missed;
  }

  /** True when its reader must be told. */
  push(event: StoreEvent): boolean {
    const { limit, prefix } = this.options;
    if (this.#failure !== undefined) return false;
    if (this.#events.length < limit) this.#events.push(event);
    else this.#failWith(new StoreError('slow', `The watch on ${prefix} is ${limit} events behind; list again`));
    const isFirst = !this.#isTold;
    this.#isTold = true;
    return isFirst;
  }

  tell(): void {
    this.options.onReady();
  }

  fail(failure: StoreError): void {
    this.#failWith(failure);
    this.tell();
  }

  take(): readonly StoreEvent[] {
    this.#isTold = false;
    if (this.#failure !== undefined) throw this.#failure;
    const events = this.#missed.length === 0 ? this.#events : [...this.#missed, ...this.#events];
    this.#missed = NOTHING;
    if (this.#events.length > 0) this.#events = [];
    return events;
  }

  end(): void {
    this.options.onEnd(this);
    this.#events = [];
    this.#missed = NOTHING;
  }

  #failWith(failure: StoreError): void {
    this.#failure = failure;
    this.#events = [];
    this.#missed = NOTHING;
  }
}

const NOTHING: readonly StoreEvent[] = [];
