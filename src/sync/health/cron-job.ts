import type { CronJob } from '../../objects/kinds/batch-v1.js';
import type { KubeObject } from '../../objects/object.js';
import type { Health } from './health.js';

export const cronJobHealth = (object: KubeObject): Health => {
  const { spec, status } = object as CronJob;
  if (spec?.suspend === true) return { status: 'Healthy', message: 'CronJob is suspended' };
  if (status?.lastScheduleTime === undefined) return { status: 'Healthy', message: 'CronJob has not run yet' };
  if ((status.active ?? []).length > 0) return { status: 'Healthy', message: 'CronJob has active jobs' };
  if (status.lastSuccessfulTime === undefined) return { status: 'Healthy', message: 'CronJob has not succeeded yet' };
  return Date.parse(status.lastSuccessfulTime) < Date.parse(status.lastScheduleTime)
    ? { status: 'Degraded', message: 'The last run of the CronJob did not succeed' }
    : { status: 'Healthy' };
};
