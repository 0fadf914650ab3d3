/** A signal that fires after so much running time; while it is held, time does not pass. */
export class TimeLimit {
  readonly #controller = new AbortController();
  #leftMs: number;
  #since = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#leftMs = ms;
    this.#run();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  hold(isHeld: boolean): void {
    if (!isHeld) {
      this.#run();
      return;
    }
    if (this.#timer === undefined) return;
    this.clear();
    this.#leftMs -= performance.now() - this.#since;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #run(): void {
    if (this.#timer !== undefined || this.signal.aborted) return;
    this.#since = performance.now();
    this.#timer = setTimeout(() => this.#controller.abort(), Math.max(0, this.#leftMs));
  }
}
