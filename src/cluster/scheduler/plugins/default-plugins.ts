import type { SchedulingPlugin } from '../plugin.js';
import { nodeAffinity } from './node-affinity.js';
import { nodeName } from './node-name.js';
import { nodePorts } from './node-ports.js';
import { nodeResourcesBalanced, nodeResourcesFit } from './node-resources.js';
import { podAffinity } from './pod-affinity.js';
import { taintToleration } from './taint-toleration.js';
import { topologySpread } from './topology-spread.js';

/** In the order in which they are asked; the first that refuses a node ends the questions about it. */
export const defaultPlugins: readonly SchedulingPlugin[] = [
  taintToleration,
  nodeName,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  topologySpread,
  podAffinity,
  nodeResourcesBalanced,
];
