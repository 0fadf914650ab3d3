import type { Clock } from '../../../objects/clock.js';
import type { Target } from '../service-endpoints.js';

/** Clients remembered for one port; of more, the ones that came first are forgotten. */
const MOST_CLIENTS = 10_000;

/** Remembers for a while which endpoint a client was sent to. */
export class ClientAffinity {
  readonly #clock: Clock;
  readonly #choices = new Map<string, { readonly target: Target; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The client's endpoint, if it is still one of `targets`. */
  recall(client: string, targets: readonly Target[]): Target | undefined {
    const choice = this.#choices.get(client);
    if (choice === undefined || choice.until <= this.#clock.now()) return undefined;
    return targets.find(({ ip, port }) => ip === choice.target.ip && port === choice.target.port);
  }

  remember(client: string, target: Target, seconds: number): void {
    this.#choices.delete(client);
    this.#choices.set(client, { target, until: this.#clock.now() + seconds * 1000 });
    const [oldest] = this.#choices.keys();
    if (this.#choices.size > MOST_CLIENTS && oldest !== undefined) this.#choices.delete(oldest);
  }
}
