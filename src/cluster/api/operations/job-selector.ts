import type { Job } from '../../../objects/kinds/batch-v1.js';
import type { KubeObject } from '../../../objects/object.js';
import type { ServedResource } from '../request.js';

/** What the author wrote himself stays; validation refuses it when it is not what the server would write. */
const withSelector = (job: Job): Job => {
  // Without a name it is refused later; the name of its labels is empty until then.
  const { uid = '', name = '' } = job.metadata as { readonly uid?: string; readonly name?: string };
  const { template } = job.spec;
  const own = { 'batch.kubernetes.io/controller-uid': uid };
  const generated = { ...own, 'batch.kubernetes.io/job-name': name, 'controller-uid': uid, 'job-name': name };
  const labels = { ...generated, ...template?.metadata?.labels };
  const metadata = { ...template?.metadata, labels } as NonNullable<typeof template.metadata>;
  const selector = { ...job.spec.selector, matchLabels: { ...own, ...job.spec.selector?.matchLabels } };
  return { ...job, spec: { ...job.spec, selector, template: { ...template, metadata } } };
};

/** A new Job finds its pods by its uid, unless its author takes care of the selector. */
export const withJobSelector = ({ group, plural }: ServedResource, object: KubeObject): KubeObject => {
  if (group !== 'batch' || plural !== 'jobs') return object;
  const job = object as Job;
  return job.spec === undefined || job.spec.manualSelector === true ? object : withSelector(job);
};
