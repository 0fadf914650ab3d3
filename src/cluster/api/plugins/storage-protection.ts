import type { AdmissionPlugin } from './admission-plugin.js';

/** What holds a claim while a pod uses it, and a volume while a claim does; controllers take it away. */
const FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
};

/** New claims and volumes are protected from their first moment on. */
export const storageProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  admit: ({ operation, target: { resource, subresource }, object }) => {
    const finalizer = resource.group === '' && subresource === undefined ? FINALIZERS[resource.plural] : undefined;
    if (operation !== 'CREATE' || finalizer === undefined) return object;
    const present = object.metadata.finalizers ?? [];
    if (present.includes(finalizer)) return object;
    return { ...object, metadata: { ...object.metadata, finalizers: [...present, finalizer] } };
  },
};
