import type { HostPort } from '../cluster-snapshot.js';
import type { SchedulingPlugin } from '../plugin.js';

const conflicts = (left: HostPort, right: HostPort): boolean =>
  left.port === right.port &&
  left.protocol === right.protocol &&
  (left.ip === right.ip || left.ip === '0.0.0.0' || right.ip === '0.0.0.0');

/** Host ports are free on the node. */
export const nodePorts: SchedulingPlugin = {
  name: 'NodePorts',
  weight: 0,
  prepare: ({ hostPorts }) => {
    if (hostPorts.length === 0) return undefined;
    return {
      filter: (node) => {
        for (const other of node.pods.values()) {
          if (other.hostPorts.some((taken) => hostPorts.some((wanted) => conflicts(taken, wanted)))) {
            return ["node(s) didn't have free ports for the requested pod ports"];
          }
        }
        return undefined;
      },
    };
  },
};
