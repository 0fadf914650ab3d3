import type { Logger } from 'pino';

/** What belongs to a running server and ends with it, last started first. */
export class Lifetime {
  readonly #stopping = new AbortController();
  readonly #closers: (() => Promise<unknown>)[] = [];

  constructor(private readonly log: Logger) {}

  /** Fires when the server stops. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Adds what is closed when the server stops. */
  add(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  /** Adds work that ends by itself when the signal fires; a failure before that is the server's failure. */
  own(part: string, work: Promise<unknown>): void {
    const watched = work.catch((error: unknown) => {
      if (!this.signal.aborted) this.log.fatal({ err: error, part }, 'a part of the server has failed');
    });
    this.add(() => watched);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    for (const closer of this.#closers.splice(0).reverse()) {
      await closer().catch((error: unknown) =>
        this.log.error({ err: error }, 'a part of the server did not stop well'),
      );
    }
  }
}
