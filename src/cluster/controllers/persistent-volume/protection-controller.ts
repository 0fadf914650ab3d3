import { PersistentVolume, PersistentVolumeClaim, Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject, ObjectKey } from '../../../objects/object.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { isPodFinished } from '../pods/pod-state.js';

const FINALIZER = 'kubernetes.io/pvc-protection';
const CLAIM_INDEX = 'claim';

/** Keeps claims that pods use: a claim that is deleted goes when its last pod has ended. */
export const createClaimProtectionController = ({ client, informers }: ControllerDeps): Controller => {
  const claims = informers.informer(PersistentVolumeClaim);
  const pods = informers.informer(Pod);
  pods.addIndex(CLAIM_INDEX, (pod) => claimKeys(pod).map(({ namespace, name }) => `${namespace}/${name}`));
  const isUsed = ({ namespace, name }: ObjectKey): boolean =>
    pods
      .byIndex(CLAIM_INDEX, `${namespace}/${name}`)
      .some((pod) => !isPodFinished(pod) && pod.spec.nodeName !== undefined);
  return {
    name: 'pvc-protection',
    watches: [watchSelf(PersistentVolumeClaim), { kind: Pod, keys: claimKeys }],
    reconcile: async (key) => {
      const claim = claims.get(key);
      if (claim === undefined) return DONE;
      const finalizers = claim.metadata.finalizers ?? [];
      const isProtected = finalizers.includes(FINALIZER);
      const isDeleted = claim.metadata.deletionTimestamp !== undefined;
      if (isDeleted ? !isProtected || isUsed(key) : isProtected) return DONE;
      const next = isDeleted ? finalizers.filter((each) => each !== FINALIZER) : [...finalizers, FINALIZER];
      await client.update({ ...claim, metadata: { ...claim.metadata, finalizers: next } });
      return DONE;
    },
  };
};

const VOLUME_FINALIZER = 'kubernetes.io/pv-protection';

/** Keeps volumes that are bound: a volume that is deleted goes when its claim has gone. */
export const createVolumeProtectionController = ({ client, informers }: ControllerDeps): Controller => {
  const volumes = informers.informer(PersistentVolume);
  return {
    name: 'pv-protection',
    watches: [watchSelf(PersistentVolume)],
    reconcile: async (key) => {
      const volume = volumes.get(key);
      if (volume === undefined) return DONE;
      const finalizers = volume.metadata.finalizers ?? [];
      const isProtected = finalizers.includes(VOLUME_FINALIZER);
      const isDeleted = volume.metadata.deletionTimestamp !== undefined;
      if (isDeleted ? !isProtected || volume.status?.phase === 'Bound' : isProtected) return DONE;
      const next = isDeleted
        ? finalizers.filter((each) => each !== VOLUME_FINALIZER)
        : [...finalizers, VOLUME_FINALIZER];
      await client.update({ ...volume, metadata: { ...volume.metadata, finalizers: next } });
      return DONE;
    },
  };
};

const claimKeys = (pod: KubeObject): readonly ObjectKey[] => {
  const { namespace = '' } = pod.metadata;
  return ((pod as Pod).spec.volumes ?? []).flatMap((volume) => {
    const name = volume.persistentVolumeClaim?.claimName;
    return name === undefined ? [] : [{ namespace, name }];
  });
};
