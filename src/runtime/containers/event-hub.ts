/** How many events wait for a slow reader before the oldest is dropped. */
const LIMIT = 10_000;

/** Hands events to every reader that listens now; a reader that is too slow loses the oldest ones. */
export class EventHub<T> {
  readonly #readers = new Set<(event: T) => void>();

  emit(event: T): void {
    for (const reader of this.#readers) reader(event);
  }

  /** Events from now on, until the signal fires. Listens from the call on, not from the first read. */
  listen(signal: AbortSignal): AsyncIterable<T> {
    const waiting: T[] = [];
    let wake: (() => void) | undefined;
    const reader = (event: T): void => {
      waiting.push(event);
      if (waiting.length > LIMIT) waiting.shift();
      wake?.();
    };
    if (!signal.aborted) {
      this.#readers.add(reader);
      signal.addEventListener(
        'abort',
        () => {
          this.#readers.delete(reader);
          wake?.();
        },
        { once: true },
      );
    }
    const readers = this.#readers;
    return {
      async *[Symbol.asyncIterator]() {
        try {
          while (!signal.aborted) {
            const next = waiting.shift();
            if (next !== undefined) yield next;
            else {
              await new Promise<void>((resolve) => {
                wake = resolve;
              });
            }
          }
        } finally {
          readers.delete(reader);
        }
      },
    };
  }
}
