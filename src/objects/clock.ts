import { setTimeout as delay } from 'node:timers/promises';

/** The time, passed in so that tests can hold it still. */
export interface Clock {
  /** Milliseconds since 1970, as `Date.now()`. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with an AbortError when the signal fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The longest delay that Node's timers take: 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    const options = signal === undefined ? {} : { signal };
    for (let left = ms; ; left -= LONGEST_TIMER_MS) {
      await delay(Math.min(Math.max(left, 0), LONGEST_TIMER_MS), undefined, options);
      if (left <= LONGEST_TIMER_MS) return;
    }
  },
};
