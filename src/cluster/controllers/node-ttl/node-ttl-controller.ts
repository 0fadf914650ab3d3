import { Node } from '../../../objects/kinds/core-v1.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';

const TTL = 'node.alpha.kubernetes.io/ttl';

/** From how many nodes on, and below how many again, kubelets may keep what they read for so many seconds. */
const STEPS: readonly { readonly from: number; readonly below: number; readonly seconds: number }[] = [
  { from: 0, below: 0, seconds: 0 },
  { from: 101, below: 90, seconds: 15 },
  { from: 501, below: 450, seconds: 30 },
  { from: 1001, below: 900, seconds: 60 },
  { from: 2001, below: 1800, seconds: 300 },
];

/** The seconds for a cluster of `nodes` nodes that had `before`; a count that goes up and down changes nothing. */
export const nodeTtl = (nodes: number, before: number): number => {
  const entered = STEPS.findLast(({ from }) => nodes >= from)?.seconds ?? 0;
  if (entered >= before) return entered;
  const kept = STEPS.findLast(({ below }) => nodes >= below)?.seconds ?? 0;
  return Math.min(before, kept);
};

/** Tells kubelets, by an annotation of their nodes, how long they may keep Secrets and ConfigMaps. */
export const createNodeTtlController = ({ client, informers }: ControllerDeps): Controller => {
  const nodes = informers.informer(Node);
  return {
    name: 'ttl',
    watches: [watchSelf(Node)],
    reconcile: async (key) => {
      const node = nodes.get(key);
      if (node === undefined || node.metadata.deletionTimestamp !== undefined) return DONE;
      const before = node.metadata.annotations?.[TTL];
      const wanted = String(nodeTtl(nodes.list().length, Number(before ?? '0')));
      if (wanted === before) return DONE;
      const body = { metadata: { annotations: { [TTL]: wanted } } };
      await client.patch(Node, { name: key.name }, { type: 'merge', body });
      return DONE;
    },
  };
};
