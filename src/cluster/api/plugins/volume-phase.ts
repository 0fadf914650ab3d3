import type { Clock } from '../../../objects/clock.js';
import { timestamp } from '../../../objects/conditions.js';
import type { PersistentVolume } from '../../../objects/kinds/core-v1.js';
import type { AdmissionPlugin } from './admission-plugin.js';

/** Volumes begin pending, and say since when they are in their phase. */
export const volumePhase = (clock: Clock): AdmissionPlugin => ({
  name: 'VolumePhase',
  admit: ({ operation, target: { resource, subresource }, object, oldObject }) => {
    if (resource.group !== '' || resource.plural !== 'persistentvolumes') return object;
    const volume = object as PersistentVolume;
    const now = timestamp(clock.now());
    if (operation === 'CREATE') {
      return { ...volume, status: { ...volume.status, phase: 'Pending', lastPhaseTransitionTime: now } };
    }
    if (subresource !== 'status') return object;
    const { phase, lastPhaseTransitionTime: since } = volume.status ?? {};
    const before = (oldObject as PersistentVolume).status;
    const isSame = phase === before?.phase;
    const own = since === before?.lastPhaseTransitionTime ? undefined : since;
    const time = own ?? (isSame ? before?.lastPhaseTransitionTime : now);
    return {
      ...volume,
      status: { ...volume.status, ...(time === undefined ? {} : { lastPhaseTransitionTime: time }) },
    };
  },
});
