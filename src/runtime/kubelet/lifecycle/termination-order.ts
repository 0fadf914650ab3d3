import type { Clock } from '../../../objects/clock.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import { initContainers } from '../plan/pod-containers.js';

interface Turn {
  readonly ended: Promise<void>;
  readonly markEnded: () => void;
}

const doNothing = (): void => undefined;

/**
 * The order in which the containers of a pod end: main containers first, then sidecars, the last one of the pod first.
 */
export class TerminationOrder {
  readonly #turns = new Map<string, Turn>();
  readonly #sidecars: readonly string[];

  constructor(
    pod: Pod,
    running: readonly string[],
    private readonly clock: Clock,
  ) {
    this.#sidecars = initContainers(pod).flatMap(({ role, spec }) => (role === 'sidecar' ? [spec.name] : []));
    for (const name of running) {
      let markEnded = doNothing;
      const ended = new Promise<void>((resolve) => {
        markEnded = resolve;
      });
      this.#turns.set(name, { ended, markEnded });
    }
  }

  /** Resolves when all that must end before `name` have ended, or when the time is over. */
  async waitForTurn(name: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const position = this.#sidecars.indexOf(name);
    if (position < 0) return;
    const before = [...this.#turns].filter(([other]) => {
      const place = this.#sidecars.indexOf(other);
      return place < 0 || place > position;
    });
    if (before.length === 0) return;
    const timer = new AbortController();
    const over = this.clock.sleep(timeoutMs, AbortSignal.any([timer.signal, signal])).catch(() => undefined);
    await Promise.race([Promise.all(before.map(([, turn]) => turn.ended)), over]);
    timer.abort();
    signal.throwIfAborted();
  }

  ended(name: string): void {
    this.#turns.get(name)?.markEnded();
  }
}
