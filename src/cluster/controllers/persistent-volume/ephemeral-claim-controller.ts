import { PersistentVolumeClaim, Pod } from '../../../objects/kinds/core-v1.js';
import type { ObjectKey } from '../../../objects/object.js';
import { isApiError } from '../../../objects/api-error.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { messageOf } from '../pods/pod-control.js';

type Volume = NonNullable<Pod['spec']['volumes']>[number];

/** Makes the claims of pods' ephemeral volumes: `<pod>-<volume>`, which go with their pods. */
export const createEphemeralClaimController = ({ client, informers, recorder }: ControllerDeps): Controller => {
  const pods = informers.informer(Pod);
  const claims = informers.informer(PersistentVolumeClaim);
  const events = recorder('ephemeral_volume');
  const ensure = async (pod: Pod, volume: Volume): Promise<void> => {
    const wanted = claimOf(pod, volume);
    const { namespace = '', name } = wanted.metadata;
    const known = claims.get({ namespace, name }) ?? (await client.get(PersistentVolumeClaim, { namespace, name }));
    if (known === undefined) {
      await client.create(wanted);
      return;
    }
    const owner = known.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner?.uid === pod.metadata.uid) return;
    const claim = `PVC ${namespace}/${name}`;
    throw new Error(`${claim} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`);
  };
  return {
    name: 'ephemeral-volume',
    watches: [watchSelf(Pod), { kind: PersistentVolumeClaim, keys: ownerKeys }],
    reconcile: async (key) => {
      const pod = pods.get(key);
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return DONE;
      for (const volume of pod.spec.volumes ?? []) {
        if (volume.ephemeral === undefined) continue;
        try {
          await ensure(pod, volume);
        } catch (error) {
          if (isApiError(error, 'AlreadyExists')) throw error;
          events.event(pod, 'Warning', 'FailedBinding', `ephemeral volume ${volume.name}: ${messageOf(error)}`);
          throw error;
        }
      }
      return DONE;
    },
  };
};

/** A claim that is gone is made again for its pod. */
const ownerKeys = ({ metadata }: { readonly metadata: PersistentVolumeClaim['metadata'] }): readonly ObjectKey[] =>
  (metadata.ownerReferences ?? [])
    .filter(({ kind, controller }) => kind === 'Pod' && controller === true)
    .map(({ name }) => ({ namespace: metadata.namespace ?? '', name }));

const claimOf = ({ metadata }: Pod, { name, ephemeral }: Volume): PersistentVolumeClaim => {
  const template = ephemeral?.volumeClaimTemplate;
  const { labels, annotations } = template?.metadata ?? {};
  const owner = { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid ?? '' };
  return {
    ...PersistentVolumeClaim,
    metadata: {
      namespace: metadata.namespace ?? '',
      name: `${metadata.name}-${name}`,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
    spec: template?.spec ?? {},
  };
};
