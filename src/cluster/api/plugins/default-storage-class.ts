import type { PersistentVolumeClaim } from '../../../objects/kinds/core-v1.js';
import type { Store } from '../../store/store.js';
import type { AdmissionPlugin } from './admission-plugin.js';
import { defaultClass } from './default-class.js';

const IS_DEFAULT = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
const LEGACY = 'volume.beta.kubernetes.io/storage-class';

/** Claims that name no class get the newest of the default ones. */
export const defaultStorageClass = (store: Store): AdmissionPlugin => ({
  name: 'DefaultStorageClass',
  admit: ({ operation, target, object }) => {
    const isClaim = target.resource.group === '' && target.resource.plural === 'persistentvolumeclaims';
    if (operation !== 'CREATE' || !isClaim) return object;
    const claim = object as PersistentVolumeClaim;
    const named = claim.spec?.storageClassName !== undefined || claim.metadata.annotations?.[LEGACY] !== undefined;
    const chosen = named ? undefined : defaultClass(store, 'storage.k8s.io/storageclasses', IS_DEFAULT);
    return chosen === undefined
      ? claim
      : { ...claim, spec: { ...claim.spec, storageClassName: chosen.metadata.name } as NonNullable<typeof claim.spec> };
  },
});
