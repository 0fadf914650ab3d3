/** One line of a result: what we took, what the peer took for the same in the same run, and their ratio. */
export interface Measurement {
  readonly what: string;
  /** With its unit: `1.2 s`, `3,400/s`, `120 MiB`. */
  readonly ours: string;
  /** Who was measured beside us and what it came to; absent where there is no peer. */
  readonly peer?: { readonly name: string; readonly value: string };
  /** ours / peer; lower is better for times, higher for rates. */
  readonly ratio?: number;
  /** What DESIGN asks for. */
  readonly aim?: string;
}

/** Measures one part of the system beside its peer. Throws BenchmarkSkipped when something it needs is not there. */
export interface Benchmark {
  readonly name: string;
  readonly title: string;
  run(): Promise<readonly Measurement[]>;
}

export class BenchmarkSkipped extends Error {
  override readonly name = 'BenchmarkSkipped';
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
export const milliseconds = (ms: number): string => `${ms.toFixed(1)} ms`;
export const perSecond = (rate: number): string => `${Math.round(rate).toLocaleString('en-US')}/s`;
export const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;

export const timed = async <T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> => {
  const start = performance.now();
  const value = await work();
  return { ms: performance.now() - start, value };
};

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
