import type { StatefulSet } from '../../../objects/kinds/apps-v1.js';
import type { PersistentVolumeClaim, Pod } from '../../../objects/kinds/core-v1.js';
import type { OwnerReference } from '../../../objects/object.js';
import { controllerReference } from '../../../objects/owner-references.js';

/**
 * The claim with the owners that the retention policy wants, so that the garbage collector deletes it in time: the set
 * (whenDeleted), or a pod that is being scaled away (whenScaled). The same claim when nothing changes.
 */
export const withRetention = (
  set: StatefulSet,
  claim: PersistentVolumeClaim,
  condemned: Pod | undefined,
): PersistentVolumeClaim => {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const owners = claim.metadata.ownerReferences ?? [];
  const foreign = owners.filter(({ uid, kind }) => uid !== set.metadata.uid && kind !== 'Pod');
  const wanted: OwnerReference[] = [];
  if (whenScaled === 'Delete' && condemned !== undefined) wanted.push(controllerReference(condemned));
  else if (whenDeleted === 'Delete') wanted.push(controllerReference(set));
  const next = [...foreign, ...wanted];
  // Claims of former versions have owners that do not control them.
  const isSame =
    next.length === owners.length &&
    next.every(({ uid, controller }) => owners.some((owner) => owner.uid === uid && owner.controller === controller));
  return isSame ? claim : { ...claim, metadata: { ...claim.metadata, ownerReferences: next } };
};
