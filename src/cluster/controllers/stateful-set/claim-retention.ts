import type { StatefulSet } from '../../../objects/kinds/apps-v1.js';
import type { PersistentVolumeClaim, Pod } from '../../../objects/kinds/core-v1.js';
import type { KubeObject, OwnerReference } from '../../../objects/object.js';

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
  if (whenScaled === 'Delete' && condemned !== undefined) wanted.push(reference(condemned));
  else if (whenDeleted === 'Delete') wanted.push(reference(set));
  const next = [...foreign, ...wanted];
  const isSame = next.length === owners.length && next.every(({ uid }) => owners.some((owner) => owner.uid === uid));
  return isSame ? claim : { ...claim, metadata: { ...claim.metadata, ownerReferences: next } };
};

const reference = ({ apiVersion, kind, metadata }: KubeObject): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid ?? '',
});
