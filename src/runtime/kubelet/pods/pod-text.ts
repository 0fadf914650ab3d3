import type { Pod } from '../../../objects/kinds/core-v1.js';

/** `name_namespace(uid)`, as messages of kubelets name a pod. */
export const podText = (pod: Pod): string => `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
