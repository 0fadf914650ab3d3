import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { Store } from '../../store/store.js';
import type { AdmissionPlugin } from './admission-plugin.js';

const LABELS = ['topology.kubernetes.io/zone', 'topology.kubernetes.io/region'];

/** Pods that have a node know its zone and region by their own labels. */
export const topologyLabels = (store: Store): AdmissionPlugin => ({
  name: 'PodTopologyLabels',
  admit: ({ target: { resource, subresource = 'binding' }, object }) => {
    if (resource.group !== '' || resource.plural !== 'pods' || subresource !== 'binding') return object;
    const pod = object as Partial<Pod> & typeof object;
    const node = pod.spec?.nodeName;
    const known = node === undefined ? undefined : store.get(`/registry/core/nodes/${node}`)?.object.metadata.labels;
    const copied = LABELS.flatMap((name) => (known?.[name] === undefined ? [] : [[name, known[name]] as const]));
    if (copied.length === 0) return object;
    return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...Object.fromEntries(copied) } } };
  },
});
