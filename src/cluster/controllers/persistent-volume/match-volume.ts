import type { PersistentVolume, PersistentVolumeClaim } from '../../../objects/kinds/core-v1.js';
import { labelsOf } from '../../../objects/labels.js';
import { compareQuantities, tryParseQuantity, ZERO_QUANTITY } from '../../../objects/quantity.js';
import { matchesLabels, selectorFromObject } from '../../../objects/selectors/label-selector.js';

const requested = (claim: PersistentVolumeClaim) =>
  tryParseQuantity(claim.spec?.resources?.requests?.['storage'] ?? '0') ?? ZERO_QUANTITY;
const capacityOf = (volume: PersistentVolume) =>
  tryParseQuantity(volume.spec?.capacity?.['storage'] ?? '0') ?? ZERO_QUANTITY;

/** True when the volume is reserved for this claim, by uid or, before the claim existed, by name. */
export const isReservedFor = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean => {
  const reference = volume.spec?.claimRef;
  if (reference === undefined) return false;
  if (reference.name !== claim.metadata.name || reference.namespace !== claim.metadata.namespace) return false;
  return (reference.uid ?? '') === '' || reference.uid === claim.metadata.uid;
};

/** True when the volume can serve the claim: class, mode, access, size and labels. */
const canServe = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean => {
  const { spec } = claim;
  if (volume.metadata.deletionTimestamp !== undefined) return false;
  if ((volume.spec?.storageClassName ?? '') !== (spec.storageClassName ?? '')) return false;
  if ((volume.spec?.volumeMode ?? 'Filesystem') !== (spec.volumeMode ?? 'Filesystem')) return false;
  if (!(spec.accessModes ?? []).every((mode) => volume.spec?.accessModes?.includes(mode) === true)) return false;
  if (compareQuantities(capacityOf(volume), requested(claim)) < 0) return false;
  return spec.selector === undefined || matchesLabels(selectorFromObject(spec.selector), labelsOf(volume));
};

/** The volume to bind: one that is reserved for the claim, else the smallest free one that can serve it. */
export const matchVolume = (
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
): PersistentVolume | undefined => {
  const named = claim.spec?.volumeName ?? '';
  if (named !== '') {
    const volume = volumes.find(({ metadata }) => metadata.name === named);
    return volume?.spec?.claimRef === undefined || isReservedFor(volume, claim) ? volume : undefined;
  }
  const usable = volumes.filter((volume) => canServe(volume, claim));
  const reserved = usable.find((volume) => isReservedFor(volume, claim));
  if (reserved !== undefined) return reserved;
  return usable
    .filter((volume) => volume.spec?.claimRef === undefined)
    .toSorted(
      (a, b) => compareQuantities(capacityOf(a), capacityOf(b)) || (a.metadata.name < b.metadata.name ? -1 : 1),
    )[0];
};
