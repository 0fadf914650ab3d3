/** Watches that are served before whatever else waits gets its turn. */
const AT_ONCE = 100;

const ready = new Set<() => void>();
let isScheduled = false;

const run = (): void => {
  let count = 0;
  for (const pump of ready) {
    if (count === AT_ONCE) break;
    ready.delete(pump);
    pump();
    count += 1;
  }
  isScheduled = ready.size > 0;
  if (isScheduled) setImmediate(run);
};

/**
 * Calls a watch soon to send what it has: after the answers to the writes that it tells of, and with others of a change
 * in groups, so that a thousand watches do not keep everybody else waiting.
 */
export const sendSoon = (pump: () => void): void => {
  ready.add(pump);
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(run);
};
