/** Most objects that one reconcile creates or deletes. */
export const BURST = 500;

/**
 * Runs `task` `count` times in batches of 1, 2, 4, ... and stops after a batch with a failure: a namespace out of
 * quota sees one refused request, not five hundred. Returns how many succeeded and the first failure.
 */
export const slowStart = async (
  count: number,
  task: (index: number) => Promise<void>,
): Promise<{ readonly succeeded: number; readonly failure?: unknown }> => {
  let succeeded = 0;
  for (let batch = 1; succeeded < count; batch *= 2) {
    const size = Math.min(batch, count - succeeded);
    const start = succeeded;
    const results = await Promise.allSettled(Array.from({ length: size }, (_, index) => task(start + index)));
    succeeded += results.filter((result) => result.status === 'fulfilled').length;
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) return { succeeded, failure: failed.reason };
  }
  return { succeeded };
};
