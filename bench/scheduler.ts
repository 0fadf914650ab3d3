import { podInfo } from '../src/cluster/scheduler/cluster-snapshot.js';
import { placePod } from '../src/cluster/scheduler/place-pod.js';
import { defaultPlugins } from '../src/cluster/scheduler/plugins/default-plugins.js';
import { cluster, node, pod, requesting } from '../test/cluster/scheduler/fixtures.js';
import type { Benchmark } from './benchmark.js';
import { perSecond } from './benchmark.js';

const NODES = 5000;
const PODS = 5000;

export const scheduler: Benchmark = {
  name: 'scheduler',
  title: `Placement decisions, ${NODES} nodes in 3 zones, ${PODS} replicas of 10 controllers (no peer on this machine)`,
  run: async () => {
    const snapshot = cluster(
      Array.from({ length: NODES }, (_, index) =>
        node(`n${index}`, { labels: { 'topology.kubernetes.io/zone': `z${index % 3}` } }),
      ),
    );
    const begin = performance.now();
    let start = 0;
    for (let index = 0; index < PODS; index += 1) {
      const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'w', uid: `u${index % 10}`, controller: true };
      const info = podInfo(pod(`p${index}`, requesting('100m', '64Mi'), { ownerReferences: [owner] }));
      const placement = placePod(info, snapshot, defaultPlugins, start);
      start += placement.asked;
      if (placement.node === undefined) throw new Error(placement.message);
      snapshot.assume(info, placement.node);
    }
    const rate = (PODS * 1000) / (performance.now() - begin);
    return [{ what: 'pods placed', ours: perSecond(rate), aim: '1,000/s' }];
  },
};
