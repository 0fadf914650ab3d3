import type { Node } from '../../../objects/kinds/core-v1.js';
import type { AdmissionPlugin } from './admission-plugin.js';

const KEY = 'node.kubernetes.io/not-ready';

/** A new node gets no pods before its health is known: the node lifecycle controller takes the taint away. */
export const nodeTaint: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  admit: ({ operation, target: { resource, subresource }, object }) => {
    const isNewNode =
      operation === 'CREATE' && resource.group === '' && resource.plural === 'nodes' && subresource === undefined;
    if (!isNewNode) return object;
    const node = object as Node;
    const taints = node.spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === KEY && effect === 'NoSchedule')) return node;
    return { ...node, spec: { ...node.spec, taints: [...taints, { key: KEY, effect: 'NoSchedule' }] } };
  },
};
