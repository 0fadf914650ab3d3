import { PersistentVolume, PersistentVolumeClaim, Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject, ObjectKey } from '../../../objects/object.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { isPodFinished } from '../pods/pod-state.js';

const CLAIM_INDEX = 'claim';

/** Protects what is not being deleted, and lets go what is and is in use no more; undefined where all is as it should be. */
const withProtection = <T extends KubeObject>(object: T, finalizer: string, isUsed: () => boolean): T | undefined => {
  const { finalizers = [], deletionTimestamp } = object.metadata;
  const isProtected = finalizers.includes(finalizer);
  const isDeleted = deletionTimestamp !== undefined;
  if (isDeleted ? !isProtected || isUsed() : isProtected) return undefined;
  const next = isDeleted ? finalizers.filter((each) => each !== finalizer) : [...finalizers, finalizer];
  return { ...object, metadata: { ...object.metadata, finalizers: next } };
};

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
      const changed = claim && withProtection(claim, 'kubernetes.io/pvc-protection', () => isUsed(key));
      if (changed !== undefined) await client.update(changed);
      return DONE;
    },
  };
};

/** Keeps volumes that are bound: a volume that is deleted goes when its claim has gone. */
export const createVolumeProtectionController = ({ client, informers }: ControllerDeps): Controller => {
  const volumes = informers.informer(PersistentVolume);
  return {
    name: 'pv-protection',
    watches: [watchSelf(PersistentVolume)],
    reconcile: async (key) => {
      const volume = volumes.get(key);
      const changed =
        volume && withProtection(volume, 'kubernetes.io/pv-protection', () => volume.status?.phase === 'Bound');
      if (changed !== undefined) await client.update(changed);
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
