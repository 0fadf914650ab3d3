import type { StartFailure } from '../errors.js';
import type { Waiting } from '../status/container-statuses.js';

interface Entry {
  readonly failure: StartFailure;
  readonly retryAt: number;
  readonly failedAt: number;
}

/** Why containers of a pod could not be started, until they are. */
export class StartFailures {
  readonly #entries = new Map<string, Entry>();

  set(name: string, failure: StartFailure, retryAt: number, failedAt: number): void {
    this.#entries.set(name, { failure, retryAt, failedAt });
  }

  clear(name: string): void {
    this.#entries.delete(name);
  }

  /** Something that a failed container needs may have appeared: try again at once. */
  retryNow(): boolean {
    let any = false;
    for (const [name, entry] of this.#entries) {
      if (entry.failure.reason !== 'CreateContainerConfigError') continue;
      this.#entries.set(name, { ...entry, retryAt: 0 });
      any = true;
    }
    return any;
  }

  retryAt(name: string): number | undefined {
    return this.#entries.get(name)?.retryAt;
  }

  failedAt(name: string): number | undefined {
    return this.#entries.get(name)?.failedAt;
  }

  waiting(): ReadonlyMap<string, Waiting> {
    return new Map(
      [...this.#entries].map(([name, { failure }]) => [name, { reason: failure.reason, message: failure.message }]),
    );
  }

  entries(): readonly (readonly [string, StartFailure])[] {
    return [...this.#entries].map(([name, { failure }]) => [name, failure]);
  }
}
