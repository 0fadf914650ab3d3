export interface Load {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

export const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;

/** Runs `work` for every index with so many at once; says how many a second, and how many milliseconds each took. */
export const load = async (
  clients: number,
  total: number,
  work: (index: number) => Promise<unknown>,
): Promise<Load> => {
  const times: number[] = [];
  let next = 0;
  const start = performance.now();
  const client = async (): Promise<void> => {
    while (next < total) {
      const index = next;
      next += 1;
      const before = performance.now();
      await work(index);
      times.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - start) / 1000;
  times.sort((a, b) => a - b);
  return { perSecond: Math.round(total / seconds), p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
};
