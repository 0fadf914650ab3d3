import type { Pod } from '../../../objects/kinds/core-v1.js';
import { setCondition, timestamp } from '../../../objects/conditions.js';
import type { KubeObject } from '../../../objects/object.js';
import type { Machinery } from '../operations/machinery.js';
import { changeObject } from '../operations/update.js';
import type { RequestContext, Target, WriteParameters } from '../request.js';
import { badRequest, conflict, invalid } from '../status-errors.js';

interface Binding extends KubeObject {
  readonly target?: { readonly kind?: string; readonly name?: string };
}

/** Assigns a pod to a node: what the scheduler does. Fails with Conflict when it has one already. */
export const bindPod = async (
  machinery: Machinery,
  context: RequestContext,
  target: Target,
  body: KubeObject,
  parameters: WriteParameters,
): Promise<KubeObject> => {
  const binding = body as Binding;
  const node = binding.target?.name ?? '';
  const name = target.name ?? binding.metadata.name;
  if ((binding.metadata.name ?? '') !== '' && binding.metadata.name !== name) {
    throw badRequest('name in URL does not match name in Binding object');
  }
  if (node === '') {
    throw invalid({ group: '', kind: 'Binding' }, name, [
      { reason: 'FieldValueRequired', field: 'target.name', message: 'Required value' },
    ]);
  }
  const kind = binding.target?.kind ?? '';
  if (kind !== '' && kind !== 'Node') throw badRequest(`a pod can be bound to a Node, not to a ${kind}`);
  const { subresource: _binding, ...pod } = { ...target, name };
  await changeObject(machinery, context, { ...pod, subresource: 'binding' }, parameters, {
    retries: true,
    admitted: true,
    desired: (current) => bound(target, current as Pod, binding, node, timestamp(machinery.clock.now())),
  });
  return { apiVersion: 'v1', kind: 'Status', metadata: {} as KubeObject['metadata'], status: 'Success', code: 201 };
};

const bound = (target: Target, pod: Pod, binding: Binding, node: string, now: string): Pod => {
  const refuse = (why: string): never => {
    throw conflict({ ...target.resource, plural: 'pods/binding' }, pod.metadata.name, why);
  };
  const { uid } = binding.metadata;
  if (uid !== undefined && uid !== pod.metadata.uid) refuse(`the pod has another uid than ${uid}`);
  if (pod.metadata.deletionTimestamp !== undefined) {
    refuse(`pod ${pod.metadata.name} is being deleted, cannot be assigned to a host`);
  }
  if ((pod.spec.nodeName ?? '') !== '') {
    refuse(`pod ${pod.metadata.name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  }
  if ((pod.spec.schedulingGates ?? []).length > 0)
    refuse(`pod ${pod.metadata.name} has non-empty .spec.schedulingGates`);
  const scheduled = { type: 'PodScheduled', status: 'True' };
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(binding.metadata.annotations === undefined
        ? {}
        : { annotations: { ...pod.metadata.annotations, ...binding.metadata.annotations } }),
    },
    spec: { ...pod.spec, nodeName: node },
    status: { ...pod.status, conditions: setCondition(pod.status?.conditions, scheduled, now) },
  };
};
