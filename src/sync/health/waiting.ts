import type { Health } from './health.js';

/** The health of a workload whose rollout is under way. */
export const waiting = (message: string): Health => ({
  status: 'Progressing',
  message: `Waiting for rollout: ${message}`,
});
