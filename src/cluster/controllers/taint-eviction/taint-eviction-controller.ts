import { isApiError } from '../../../objects/api-error.js';
import { setCondition, timestamp } from '../../../objects/conditions.js';
import type { PodCondition } from '../../../objects/kinds/core-v1.js';
import { Node, Pod } from '../../../objects/kinds/core-v1.js';
import { keyOf, keyText } from '../../../objects/object.js';
import type { Controller } from '../../client/controller.js';
import { DONE, watchSelf } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { NODE_INDEX } from '../node-lifecycle/node-lifecycle-controller.js';
import { observedGeneration } from '../pods/pod-state.js';
import { isSemanticallyEqual } from '../semantic-equality.js';
import { evictionTime } from './eviction-time.js';

/** Deletes pods from nodes whose NoExecute taints they do not tolerate, or not for that long. */
export const createTaintEvictionController = (deps: ControllerDeps): Controller => {
  const { client, clock } = deps;
  const nodes = deps.informers.informer(Node);
  const pods = deps.informers.informer(Pod);
  pods.addIndex(NODE_INDEX, (pod) => (pod.spec.nodeName === undefined ? [] : [pod.spec.nodeName]));
  const recorder = deps.recorder('taint-eviction-controller');

  const evict = async (pod: Pod, now: number): Promise<void> => {
    recorder.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${keyText(keyOf(pod))}`);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      ...observedGeneration(pod),
    };
    const conditions = setCondition<PodCondition>(pod.status?.conditions, condition, timestamp(now));
    await client.updateStatus<Pod>({ ...pod, status: { ...pod.status, conditions } });
    const { uid } = pod.metadata;
    await client.delete(Pod, keyOf(pod), uid === undefined ? {} : { preconditions: { uid } });
  };

  return {
    name: 'taint-eviction',
    concurrency: 8,
    watches: [
      watchSelf(Pod),
      {
        kind: Node,
        keys: (node, previous) => {
          const isSame =
            previous !== undefined && isSemanticallyEqual(taintsOf(node as Node), taintsOf(previous as Node));
          return isSame ? [] : pods.byIndex(NODE_INDEX, node.metadata.name).map(keyOf);
        },
      },
    ],
    reconcile: async (key) => {
      const pod = pods.get(key);
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || pod.spec.nodeName === undefined)
        return DONE;
      const node = nodes.get({ name: pod.spec.nodeName });
      const now = clock.now();
      const at = evictionTime(pod, node === undefined ? [] : taintsOf(node), now);
      if (at === undefined) return DONE;
      if (at > now) return { requeueAfterMs: at - now };
      try {
        await evict(pod, now);
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error;
      }
      return DONE;
    },
  };
};

const taintsOf = (node: Node) => node.spec?.taints ?? [];
