import type { StatefulSet, StatefulSetStatus } from '../../../objects/kinds/apps-v1.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import { isPodAvailable } from '../pods/pod-state.js';
import type { RevisionNames } from './plan-stateful-set.js';
import { isRunningAndReady } from './plan-stateful-set.js';
import { ordinalOf, revisionOf } from './stateful-pod.js';

/** The status from the pods, of which some have just been `deleted`; a rollout that is through makes the update revision the current one. */
export const statefulSetStatus = (
  set: StatefulSet,
  pods: readonly Pod[],
  deleted: ReadonlySet<Pod | undefined>,
  { names, collisionCount }: { readonly names: RevisionNames; readonly collisionCount: number | undefined },
  now: number,
): StatefulSetStatus => {
  const own = pods.filter((pod) => ordinalOf(set, pod) !== undefined);
  const living = own.filter((pod) => pod.metadata.deletionTimestamp === undefined && !deleted.has(pod));
  const ready = own.filter(isRunningAndReady);
  const available = ready.filter((pod) => isPodAvailable(pod, set.spec.minReadySeconds ?? 0, now));
  const of = (revision: string): number => living.filter((pod) => revisionOf(pod) === revision).length;
  const updated = of(names.update);
  const replicas = set.spec.replicas ?? 1;
  const isRolling = (set.spec.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
  const isThrough = isRolling && updated === own.length && ready.length === own.length && updated === replicas;
  const { generation } = set.metadata;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    replicas: own.length,
    readyReplicas: ready.length,
    availableReplicas: available.length,
    currentReplicas: isThrough ? updated : of(names.current),
    updatedReplicas: updated,
    currentRevision: isThrough ? names.update : names.current,
    updateRevision: names.update,
    collisionCount: collisionCount ?? 0,
    ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
  };
};
