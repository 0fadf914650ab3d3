import { Event } from '../../../objects/kinds/core-v1.js';
import { keyOf } from '../../../objects/object.js';
import type { Controller } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { timeOf } from '../pods/pod-state.js';

/** Events are kept this long after they were last seen, as Kubernetes keeps them. */
const LIFETIME_MS = 3_600_000;
const INTERVAL_MS = 300_000;
/** Listed and deleted in pages, so that a flood of events is no flood of memory. */
const PAGE = 500;

/** When an event was last seen, ms since 1970. */
export const lastSeen = (event: Event): number => {
  const times = [
    event.series?.lastObservedTime,
    event.lastTimestamp,
    event.eventTime,
    event.metadata.creationTimestamp,
  ];
  return Math.max(...times.map((time) => timeOf(time ?? undefined) ?? 0));
};

/** Deletes events that are an hour old. */
export const createEventExpiry = ({ client, clock }: ControllerDeps): Controller => ({
  name: 'event-expiry',
  concurrency: 1,
  watches: [],
  source: async (enqueue) => enqueue({ name: 'all' }),
  reconcile: async () => {
    const before = clock.now() - LIFETIME_MS;
    let next: string | undefined;
    do {
      const page = await client.list(Event, { limit: PAGE, ...(next === undefined ? {} : { continue: next }) });
      for (const event of page.items) if (lastSeen(event) < before) await client.delete(Event, keyOf(event));
      next = page.continue;
    } while (next !== undefined);
    return { requeueAfterMs: INTERVAL_MS };
  },
});
