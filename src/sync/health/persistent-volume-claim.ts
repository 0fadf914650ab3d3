import type { PersistentVolumeClaim } from '../../objects/kinds/core-v1.js';
import type { KubeObject } from '../../objects/object.js';
import type { Health } from './health.js';

export const persistentVolumeClaimHealth = (object: KubeObject): Health => {
  const { status } = object as PersistentVolumeClaim;
  switch (status?.phase) {
    case 'Lost':
      return { status: 'Degraded', message: 'The volume of the claim is lost' };
    case 'Pending':
      return { status: 'Progressing', message: 'Waiting for a volume' };
    case 'Bound':
      return { status: 'Healthy' };
    default:
      return { status: 'Unknown' };
  }
};
