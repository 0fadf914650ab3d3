import type { JournalState } from './journal.js';
import type { Revision, StoreEvent } from './store.js';
import { StoreError } from './store.js';
import { parseObject, revisionOf, StoredObject } from './stored-object.js';

/** An event without parsed objects, which would take several times the memory of their bytes. */
interface Entry {
  readonly type: StoreEvent['type'];
  readonly key: string;
  readonly revision: Revision;
  /** Absent for a removal that was read from the journal: few ask for it. */
  readonly bytes: Uint8Array | undefined;
  readonly previous: Uint8Array | undefined;
}

/** The recent events in order, for watches that resume and for lists at an older revision. */
export class EventLog {
  #entries: Entry[] = [];

  private constructor(
    /** Events up to and including this revision are forgotten. */
    public compacted: Revision,
  ) {}

  /**
   * A journal keeps with each event what the key held before, so every version is written once: what an event wrote is
   * what the next event of the key replaced, or what the key holds now.
   */
  static restore(state: JournalState, current: (key: string) => Uint8Array | undefined): EventLog {
    const log = new EventLog(state.compacted);
    const following = new Map<string, Uint8Array>();
    const entries: Entry[] = [];
    for (const { type, key, revision, previous } of [...state.events].reverse()) {
      const written = following.get(key) ?? current(key);
      if (previous !== undefined) following.set(key, previous);
      const bytes = type === 'removed' ? undefined : written;
      if (bytes === undefined && !(type === 'removed' && previous !== undefined)) {
        throw new StoreError('failed', `The journal has an event of ${key} without its object`);
      }
      entries.push({ type, key, revision, bytes, previous });
    }
    log.#entries = entries.reverse();
    return log;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The revision of the event at a position, from the oldest. */
  revisionAt(index: number): Revision {
    return this.#entries[index]?.revision ?? this.compacted;
  }

  push({ type, revision, stored, previous }: StoreEvent): void {
    this.#entries.push({ type, key: stored.key, revision, bytes: stored.bytes, previous: previous?.bytes });
  }

  /** Events after a revision under a prefix, oldest first. */
  after(revision: Revision, prefix: string): readonly StoreEvent[] {
    return this.#entries
      .slice(this.#firstAfter(revision))
      .filter(({ key }) => key.startsWith(prefix))
      .map(eventOf);
  }

  compact(before: Revision): void {
    this.compacted = before;
    this.#entries = this.#entries.slice(this.#firstAfter(before));
  }

  #firstAfter(revision: Revision): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] as Entry).revision <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const eventOf = ({ type, key, revision, bytes, previous }: Entry): StoreEvent => {
  const stored = new StoredObject(key, revision, bytes ?? removalBytes(revision, previous as Uint8Array));
  if (previous === undefined) return { type, revision, stored };
  return { type, revision, stored, previous: new StoredObject(key, revisionOf(previous), previous) };
};

/** The last state of a removed object, with the revision of its removal. */
const removalBytes = (revision: Revision, previous: Uint8Array): Uint8Array =>
  StoredObject.of('', revision, parseObject(previous)).bytes;
