import type { Registry } from 'prom-client';
import type { MetricsOptions } from './metrics.js';
import type { Traffic } from './traffic.js';

const made = new WeakMap<Traffic, Promise<Registry>>();

/** The metrics of a server; those of several listeners that share their traffic are one. Loaded when it has started. */
export const metricsOf = (options: MetricsOptions): Promise<Registry> => {
  const known = made.get(options.traffic);
  if (known !== undefined) return known;
  const metrics = import('./metrics.js').then(({ createMetrics }) => createMetrics(options));
  made.set(options.traffic, metrics);
  return metrics;
};
