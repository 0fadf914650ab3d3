import { Job } from '../../../objects/kinds/batch-v1.js';
import { keyOf } from '../../../objects/object.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { timeOf } from '../pods/pod-state.js';
import { isFinished } from './job-verdict.js';

/** Deletes finished Jobs when their ttlSecondsAfterFinished are over. */
export const createTtlController = ({ client, clock, informers }: ControllerDeps): Controller => {
  const jobs = informers.informer(Job);
  return {
    name: 'ttl-after-finished',
    watches: [watchSelf(Job)],
    reconcile: async (key) => {
      const job = jobs.get(key);
      const leftMs = job === undefined ? undefined : timeToLiveMs(job, clock.now());
      if (job === undefined || leftMs === undefined) return DONE;
      if (leftMs > 0) return { requeueAfterMs: leftMs };
      // The TTL may have been raised since the informer saw the Job.
      const current = await client.get(Job, key);
      const currentMs = current === undefined ? undefined : timeToLiveMs(current, clock.now());
      if (current === undefined || currentMs === undefined) return DONE;
      if (currentMs > 0) return { requeueAfterMs: currentMs };
      const { uid } = current.metadata;
      await client.delete(Job, keyOf(current), {
        propagationPolicy: 'Foreground',
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      });
      return DONE;
    },
  };
};

/** Time until the Job is deleted; undefined when it is not to be, or not yet finished. */
const timeToLiveMs = (job: Job, now: number): number | undefined => {
  const { ttlSecondsAfterFinished } = job.spec;
  if (ttlSecondsAfterFinished === undefined || !isFinished(job) || job.metadata.deletionTimestamp !== undefined) {
    return undefined;
  }
  const end = job.status?.conditions?.find(
    ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
  );
  const endedAt = timeOf(end?.lastTransitionTime);
  return endedAt === undefined ? undefined : endedAt + ttlSecondsAfterFinished * 1000 - now;
};
