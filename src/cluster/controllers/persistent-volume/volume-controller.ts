import { timestamp } from '../../../objects/conditions.js';
import type { PersistentVolumeStatus } from '../../../objects/kinds/core-v1.js';
import { PersistentVolume, PersistentVolumeClaim } from '../../../objects/kinds/core-v1.js';
import type { ObjectKey } from '../../../objects/object.js';
import { keyOf } from '../../../objects/object.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { isLocalVolume, removeLocalVolume } from './local-volumes.js';

/** Says which volumes are available, bound or released, and removes those of ours whose claim is gone. */
export const createVolumeController = (deps: ControllerDeps, folder: string | undefined): Controller => {
  const { client, clock } = deps;
  const volumes = deps.informers.informer(PersistentVolume);
  const claims = deps.informers.informer(PersistentVolumeClaim);

  const setPhase = async (volume: PersistentVolume, phase: string): Promise<PersistentVolume> => {
    if (volume.status?.phase === phase) return volume;
    const status: PersistentVolumeStatus = {
      ...volume.status,
      phase,
      lastPhaseTransitionTime: timestamp(clock.now()),
    };
    return client.updateStatus({ ...volume, status });
  };

  /** Asks the server: a volume is released only when its claim is certainly gone. */
  const isClaimGone = async (key: ObjectKey, uid: string | undefined): Promise<boolean> => {
    if (claims.get(key)?.metadata.uid === uid) return false;
    return (await client.get(PersistentVolumeClaim, key))?.metadata.uid !== uid;
  };

  return {
    name: 'persistentvolume',
    concurrency: 2,
    watches: [
      watchSelf(PersistentVolume),
      {
        kind: PersistentVolumeClaim,
        keys: (claim) => {
          const name = (claim as PersistentVolumeClaim).spec?.volumeName ?? '';
          return name === '' ? [] : [{ name }];
        },
      },
    ],
    reconcile: async (key) => {
      const volume = volumes.get(key);
      if (volume === undefined) return DONE;
      const { namespace, name, uid } = volume.spec?.claimRef ?? {};
      if (name === undefined || namespace === undefined || uid === undefined) {
        await setPhase(volume, 'Available');
        return DONE;
      }
      if (!(await isClaimGone({ namespace, name }, uid))) {
        await setPhase(volume, 'Bound');
        return DONE;
      }
      const released = await setPhase(volume, 'Released');
      const isOurs = isLocalVolume(released) && folder !== undefined;
      if (!isOurs || released.spec?.persistentVolumeReclaimPolicy !== 'Delete') return DONE;
      await removeLocalVolume(released, folder);
      await client.delete(PersistentVolume, keyOf(released));
      return DONE;
    },
  };
};
