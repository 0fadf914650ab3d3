import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Client } from '../../../cluster/client/client.js';
import { isApiError } from '../../../objects/api-error.js';
import type { Clock } from '../../../objects/clock.js';
import type { PodStatus } from '../../../objects/kinds/core-v1.js';
import { Pod } from '../../../objects/kinds/core-v1.js';
import { keyOf, keyText } from '../../../objects/object.js';
import { isOwnCondition } from './conditions.js';

const RETRY_MS = 1000;

interface Entry {
  /** The newest state of the pod in the API that we know. */
  pod: Pod;
  wanted: PodStatus | undefined;
  writing: Promise<void> | undefined;
}

/**
 * Writes the statuses of pods to the API: only what changed, one write of a pod at a time, and of several that wait
 * only the last. Conditions of others are kept.
 */
export class StatusWriter {
  readonly #entries = new Map<string, Entry>();

  constructor(
    private readonly client: Client,
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly signal: AbortSignal,
  ) {}

  /** The pod with the newest status: what we wrote last, if the informer has not seen it yet. */
  newest(pod: Pod): Pod {
    const entry = this.#entryOf(pod);
    return entry.wanted === undefined
      ? entry.pod
      : { ...entry.pod, status: withForeignConditions(entry.wanted, entry.pod) };
  }

  set(pod: Pod, status: PodStatus): void {
    const entry = this.#entryOf(pod);
    entry.wanted = status;
    entry.writing ??= this.#write(entry).finally(() => {
      entry.writing = undefined;
    });
  }

  /** Resolves when the last status is written, or can no longer be. */
  async flush(pod: Pod): Promise<void> {
    await this.#entries.get(pod.metadata.uid ?? '')?.writing;
  }

  forget(podUid: string): void {
    this.#entries.delete(podUid);
  }

  #entryOf(pod: Pod): Entry {
    const uid = pod.metadata.uid ?? '';
    const known = this.#entries.get(uid);
    if (known === undefined) {
      const entry: Entry = { pod, wanted: undefined, writing: undefined };
      this.#entries.set(uid, entry);
      return entry;
    }
    if (versionOf(pod) > versionOf(known.pod)) known.pod = pod;
    return known;
  }

  async #write(entry: Entry): Promise<void> {
    // What changes at once is written at once: a pod often takes several steps in one go.
    await nextTurn();
    while (entry.wanted !== undefined && !this.signal.aborted) {
      const { wanted, pod } = entry;
      const status = withForeignConditions(wanted, pod);
      if (sameStatus(status, pod.status)) {
        if (entry.wanted === wanted) entry.wanted = undefined;
        continue;
      }
      const outcome = await this.#writeOnce(pod, status);
      if (outcome === 'gone') {
        entry.wanted = undefined;
        return;
      }
      if (versionOf(outcome) > versionOf(entry.pod)) entry.pod = outcome;
    }
  }

  /** The pod as it is after the write, or now; `gone` when there is nothing to write to. */
  async #writeOnce(pod: Pod, status: PodStatus): Promise<Pod | 'gone'> {
    try {
      return await this.client.updateStatus({ ...pod, status });
    } catch (error) {
      if (isApiError(error, 'NotFound')) return 'gone';
      if (!isApiError(error, 'Conflict')) {
        this.log.warn({ err: error, pod: keyText(keyOf(pod)) }, 'pod status not written, trying again');
        await this.clock.sleep(RETRY_MS, this.signal).catch(() => undefined);
        if (isApiError(error, 'Invalid')) return 'gone';
        return pod;
      }
    }
    try {
      const now = await this.client.get(Pod, keyOf(pod));
      return now?.metadata.uid === pod.metadata.uid && now !== undefined ? now : 'gone';
    } catch (error) {
      this.log.warn({ err: error, pod: keyText(keyOf(pod)) }, 'pod not read, trying again');
      await this.clock.sleep(RETRY_MS, this.signal).catch(() => undefined);
      return pod;
    }
  }
}

const versionOf = (pod: Pod): bigint => BigInt(pod.metadata.resourceVersion ?? '0');

const withForeignConditions = (status: PodStatus, pod: Pod): PodStatus => {
  const own = (status.conditions ?? []).filter(({ type }) => isOwnCondition(type));
  const foreign = (pod.status?.conditions ?? []).filter(({ type }) => !isOwnCondition(type));
  return { ...status, conditions: [...own, ...foreign] };
};

/** Equal but for what is empty: servers may leave empty parts away. */
export const sameStatus = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return isEmpty(a) && isEmpty(b);
  if (Array.isArray(a) || Array.isArray(b)) return sameItems(a, b);
  const [left, right] = [a as Fields, b as Fields];
  for (const key in left) if (!sameStatus(left[key], right[key])) return false;
  for (const key in right) if (!(key in left) && !isEmpty(right[key])) return false;
  return true;
};

type Fields = Readonly<Record<string, unknown>>;

const sameItems = (a: unknown, b: unknown): boolean =>
  Array.isArray(a) && Array.isArray(b)
    ? a.length === b.length && a.every((item, index) => sameStatus(item, b[index]))
    : isEmpty(a) && isEmpty(b);

const isEmpty = (value: unknown): boolean => {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
};
