import type { KubeObject, ObjectKey } from '../../objects/object.js';

/** What is said about an object, before repetitions are counted. */
export interface Occurrence {
  readonly about: KubeObject;
  readonly fieldPath?: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  readonly at: number;
}

/** What to write for an occurrence: a new Event, or a higher count of a known one. */
export interface Correlated {
  readonly message: string;
  readonly count: number;
  /** Whether it speaks for several occurrences with messages of their own. */
  readonly combined: boolean;
  /** The Event that says the same already. */
  readonly known?: ObjectKey;
  /** Tells under which name a new Event was written. */
  written(key: ObjectKey): void;
}

// The limits of client-go's tools/record (EventCorrelator defaults).
const REMEMBERED = 4096;
const SIMILAR_LIMIT = 10;
const SIMILAR_WINDOW_MS = 600_000;
const BURST = 25;
const REFILL_MS = 300_000;

/** Decides what becomes of an occurrence: counted, combined with similar ones, or silenced. Remembers 4,096 of each. */
export class EventCorrelator {
  readonly #counts = new Recent<{ count: number; key?: ObjectKey }>();
  readonly #similar = new Recent<{ messages: Set<string>; lastAt: number }>();
  readonly #budgets = new Recent<{ tokens: number; at: number }>();

  /** Undefined: say nothing. */
  correlate(occurrence: Occurrence): Correlated | undefined {
    if (!this.#spend(occurrence)) return undefined;
    const group = groupId(occurrence);
    const combined = this.#isOneOfMany(group, occurrence);
    const message = combined ? `(combined from similar events): ${occurrence.message}` : occurrence.message;
    const id = combined ? group : `${group}\n${occurrence.fieldPath ?? ''}\n${occurrence.message}`;
    const entry = this.#counts.get(id) ?? { count: 0 };
    entry.count += 1;
    this.#counts.set(id, entry);
    return {
      message,
      count: entry.count,
      combined,
      ...(entry.key === undefined ? {} : { known: entry.key }),
      written: (key) => {
        entry.key = key;
      },
    };
  }

  /** A bucket of 25 events an object, refilled by one every five minutes. */
  #spend(occurrence: Occurrence): boolean {
    const id = objectId(occurrence);
    const budget = this.#budgets.get(id) ?? { tokens: BURST, at: occurrence.at };
    const tokens = Math.min(BURST, budget.tokens + Math.max(0, occurrence.at - budget.at) / REFILL_MS);
    const allowed = tokens >= 1;
    this.#budgets.set(id, { tokens: allowed ? tokens - 1 : tokens, at: occurrence.at });
    return allowed;
  }

  #isOneOfMany(group: string, occurrence: Occurrence): boolean {
    const known = this.#similar.get(group);
    const fresh = known !== undefined && occurrence.at - known.lastAt <= SIMILAR_WINDOW_MS;
    const messages = fresh ? known.messages : new Set<string>();
    const isOneTooMany = !messages.has(occurrence.message) && messages.size >= SIMILAR_LIMIT - 1;
    if (!isOneTooMany) messages.add(occurrence.message);
    this.#similar.set(group, { messages, lastAt: occurrence.at });
    return isOneTooMany;
  }
}

const objectId = ({ about }: Occurrence): string =>
  [about.apiVersion, about.kind, about.metadata.namespace, about.metadata.name, about.metadata.uid].join('\n');

const groupId = (occurrence: Occurrence): string =>
  [objectId(occurrence), occurrence.type, occurrence.reason].join('\n');

/** A map that forgets what was not used for longest. */
class Recent<T> {
  readonly #entries = new Map<string, T>();

  get(id: string): T | undefined {
    return this.#entries.get(id);
  }

  set(id: string, value: T): void {
    this.#entries.delete(id);
    this.#entries.set(id, value);
    if (this.#entries.size <= REMEMBERED) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
