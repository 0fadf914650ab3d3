import type { PersistentVolumeClaim } from '../../../objects/kinds/core-v1.js';
import type { StorageClass } from '../../../objects/kinds/storage-k8s-io-v1.js';
import { compareQuantities, parseQuantity } from '../../../objects/quantity.js';
import type { Store } from '../../store/store.js';
import { forbidden } from '../status-errors.js';
import type { AdmissionPlugin } from './admission-plugin.js';

const LEGACY = 'volume.beta.kubernetes.io/storage-class';

/** Claims grow only where their class says that volumes can. */
export const claimResize = (store: Store): AdmissionPlugin => ({
  name: 'PersistentVolumeClaimResize',
  validate: ({ operation, target: { resource, subresource }, object, oldObject }) => {
    const isClaim = resource.group === '' && resource.plural === 'persistentvolumeclaims';
    if (operation !== 'UPDATE' || !isClaim || subresource !== undefined) return;
    const [claim, before] = [object as PersistentVolumeClaim, oldObject as PersistentVolumeClaim];
    if (compareQuantities(parseQuantity(sizeOf(claim)), parseQuantity(sizeOf(before))) <= 0) return;
    const refuse = (why: string) => forbidden(resource, claim.metadata.name, why);
    if (before.status?.phase !== 'Bound') throw refuse('Only bound persistent volume claims can be expanded');
    if (className(claim) === className(before) && canGrow(store, className(claim))) return;
    throw refuse(
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  },
});

const sizeOf = ({ spec }: PersistentVolumeClaim): string | number => spec?.resources?.requests?.['storage'] ?? '0';

const className = ({ metadata, spec }: PersistentVolumeClaim): string =>
  metadata.annotations?.[LEGACY] ?? spec?.storageClassName ?? '';

const canGrow = (store: Store, name: string): boolean => {
  const found = name === '' ? undefined : store.get(`/registry/storage.k8s.io/storageclasses/${name}`)?.object;
  return (found as StorageClass | undefined)?.allowVolumeExpansion === true;
};
