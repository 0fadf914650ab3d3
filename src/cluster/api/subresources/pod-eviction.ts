import { ApiError } from '../../../objects/api-error.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { PodDisruptionBudget } from '../../../objects/kinds/policy-v1.js';
import { isConditionTrue, setCondition, timestamp } from '../../../objects/conditions.js';
import type { KubeObject } from '../../../objects/object.js';
import { matchesLabels, selectorFromObject } from '../../../objects/selectors/label-selector.js';
import { withoutRemote } from '../operations/admission.js';
import type { Machinery } from '../operations/machinery.js';
import { requireStored, storedObjects } from '../operations/read.js';
import { deleteObject, type DeleteParameters } from '../operations/remove.js';
import { changeObject } from '../operations/update.js';
import type { RequestContext, Target, WriteParameters } from '../request.js';
import { badRequest, internal } from '../status-errors.js';

interface Eviction extends KubeObject {
  readonly deleteOptions?: Omit<DeleteParameters, 'dryRun'> & { readonly dryRun?: readonly string[] };
}

const SUCCESS: KubeObject = {
  apiVersion: 'v1',
  kind: 'Status',
  metadata: {} as KubeObject['metadata'],
  status: 'Success',
  code: 201,
};

/** Deletes a pod if its disruption budget allows that; TooManyRequests says to try again later. */
export const evictPod = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  body: KubeObject,
  parameters: WriteParameters,
): Promise<KubeObject> => {
  const { subresource: _eviction, ...podTarget } = target;
  if ((body.metadata.name ?? '') !== '' && body.metadata.name !== target.name) {
    throw badRequest('name in URL does not match name in Eviction object');
  }
  const pod = requireStored(machinery, podTarget).object as Pod;
  const { dryRun: asked = [], ...options } = (body as Eviction).deleteOptions ?? {};
  const dryRun = parameters.dryRun || asked.length > 0;
  if (!isExempt(pod)) {
    const budget = budgetOf(machinery, pod);
    if (budget !== undefined) await spendBudget(machinery, context, pod, budget, { ...parameters, dryRun });
  }
  const marked = dryRun || !isMeant(pod, options) ? pod : await markEvicted(machinery, context, podTarget, parameters);
  // The mark has made a version of its own.
  const preconditions =
    options.preconditions?.resourceVersion === pod.metadata.resourceVersion
      ? { ...options.preconditions, resourceVersion: marked.metadata.resourceVersion }
      : options.preconditions;
  // Those who watch over deletions saw the eviction.
  const deletion = { ...options, ...(preconditions === undefined ? {} : { preconditions }), dryRun };
  await deleteObject(withoutRemote(machinery), context, podTarget, deletion as DeleteParameters);
  return SUCCESS;
};

/** Says on the pod why it goes. */
const markEvicted = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  parameters: WriteParameters,
): Promise<KubeObject> => {
  const now = timestamp(machinery.clock.now());
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  };
  const { object } = await changeObject(
    withoutRemote(machinery),
    context,
    { ...target, subresource: 'status' },
    parameters,
    {
      retries: true,
      desired: (current) => {
        const { status } = current as Pod;
        return {
          ...current,
          status: { ...status, conditions: setCondition(status?.conditions ?? [], condition, now) },
        };
      },
    },
  );
  return object;
};

/** Whether the pod is the one, and of the version, that is to be evicted. */
const isMeant = (
  { metadata }: Pod,
  { preconditions: { uid, resourceVersion } = {} }: Partial<DeleteParameters>,
): boolean =>
  (uid === undefined || uid === metadata.uid) &&
  (resourceVersion === undefined || resourceVersion === metadata.resourceVersion);

/** Pods that serve nobody, or are going already, need no budget. */
const isExempt = ({ status, metadata }: Pod): boolean =>
  status?.phase === 'Succeeded' ||
  status?.phase === 'Failed' ||
  status?.phase === 'Pending' ||
  metadata.deletionTimestamp !== undefined;

const budgetOf = (machinery: Machinery, pod: Pod): PodDisruptionBudget | undefined => {
  const resource = machinery.registry.find('policy/v1', 'poddisruptionbudgets');
  if (resource === undefined || pod.metadata.namespace === undefined) return undefined;
  const budgets = storedObjects(machinery, { resource, namespace: pod.metadata.namespace }) as PodDisruptionBudget[];
  const matching = budgets.filter(
    ({ spec }) => spec.selector !== undefined && matchesLabels(selectorFromObject(spec.selector), pod.metadata.labels),
  );
  if (matching.length > 1) {
    throw internal('This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.');
  }
  return matching[0];
};

const spendBudget = async (
  machinery: Machinery,
  context: RequestContext,
  pod: Pod,
  budget: PodDisruptionBudget,
  parameters: WriteParameters,
): Promise<void> => {
  const resource = machinery.registry.find('policy/v1', 'poddisruptionbudgets');
  if (resource === undefined || toleratesUnready(pod, budget)) return;
  const { name, namespace = '' } = budget.metadata;
  await changeObject(machinery, context, { resource, namespace, name, subresource: 'status' }, parameters, {
    retries: true,
    desired: (current) => spent(current as PodDisruptionBudget, pod.metadata.name, timestamp(machinery.clock.now())),
  });
};

/** A pod that is not ready may go when its budget says that such pods are no loss. */
const toleratesUnready = (pod: Pod, { spec, status }: PodDisruptionBudget): boolean => {
  if (isConditionTrue(pod.status?.conditions, 'Ready')) return false;
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
};

const spent = (budget: PodDisruptionBudget, podName: string, now: string): PodDisruptionBudget => {
  const { status, metadata, spec } = budget;
  if (status === undefined || (status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    throw refusal(`The disruption budget ${metadata.name} is still being processed by the server.`, 10);
  }
  if (status.disruptionsAllowed <= 0) {
    const message = `The disruption budget ${metadata.name} needs ${status.desiredHealthy} healthy pods and has ${status.currentHealthy} currently`;
    throw refusal(message);
  }
  const disruptedPods = { ...status.disruptedPods, [podName]: now };
  return { ...budget, spec, status: { ...status, disruptionsAllowed: status.disruptionsAllowed - 1, disruptedPods } };
};

const refusal = (why: string, retryAfterSeconds?: number): ApiError =>
  new ApiError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message: why }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
