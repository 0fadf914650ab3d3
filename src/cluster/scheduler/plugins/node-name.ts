import type { SchedulingPlugin } from '../plugin.js';

/** `spec.nodeName` of a pod that is not bound by us yet. */
export const nodeName: SchedulingPlugin = {
  name: 'NodeName',
  weight: 0,
  prepare: ({ pod }) => {
    const wanted = pod.spec.nodeName ?? '';
    if (wanted === '') return undefined;
    return {
      filter: (node) => (node.name === wanted ? undefined : ["node(s) didn't match the requested node name"]),
    };
  },
};
