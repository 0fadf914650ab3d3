import type { KubeObject } from '../../objects/object.js';
import { trueCondition } from './conditions.js';
import type { Health } from './health.js';

/** Only conditions that are true count: a Job that was resumed keeps `Suspended=False` and is running. */
export const jobHealth = (object: KubeObject): Health => {
  const failed = trueCondition(object, 'Failed');
  if (failed !== undefined) return { status: 'Degraded', message: failed.message ?? failed.reason ?? 'Job failed' };
  const complete = trueCondition(object, 'Complete');
  if (complete !== undefined) return { status: 'Healthy', message: complete.message ?? 'Job completed' };
  const suspended = trueCondition(object, 'Suspended');
  if (suspended !== undefined) return { status: 'Suspended', message: suspended.message ?? 'Job is suspended' };
  return { status: 'Progressing', message: 'Waiting for the Job to complete' };
};
