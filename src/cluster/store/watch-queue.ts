import type { StoreEvent } from './store.js';
import { StoreError } from './store.js';

/** The events that one watch has not read yet. It ends the watch, rather than grow without limit. */
export class WatchQueue {
  #events: StoreEvent[] = [];
  #wake: (() => void) | undefined;
  #failure: StoreError | undefined;
  #ended = false;

  constructor(
    readonly prefix: string,
    private readonly limit: number,
  ) {}

  push(event: StoreEvent): void {
    if (this.#ended || this.#failure !== undefined) return;
    if (this.#events.length >= this.limit) {
      this.fail(new StoreError('slow', `The watch on ${this.prefix} is ${this.limit} events behind; list again`));
      return;
    }
    this.#events.push(event);
    this.#wake?.();
  }

  fail(failure: StoreError): void {
    this.#failure = failure;
    this.#events = [];
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *read(): AsyncGenerator<StoreEvent, void, undefined> {
    for (;;) {
      const batch = this.#events;
      this.#events = [];
      for (const event of batch) {
        if (this.#ended) return;
        yield event;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return;
      if (this.#events.length > 0) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
