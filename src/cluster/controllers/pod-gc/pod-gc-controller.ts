import { isApiError } from '../../../objects/api-error.js';
import { setCondition, timestamp } from '../../../objects/conditions.js';
import type { PodCondition } from '../../../objects/kinds/core-v1.js';
import { Node, Pod } from '../../../objects/kinds/core-v1.js';
import { keyOf } from '../../../objects/object.js';
import type { Controller } from '../../client/controller.js';
import type { ControllerDeps } from '../controller-deps.js';
import { isPodFinished, observedGeneration } from '../pods/pod-state.js';
import { NODE_GONE_MS, planPodGc } from './pod-gc-plan.js';

const INTERVAL_MS = 20_000;
const ALL = { name: 'all' };

/** Removes pods that nobody else will: of nodes that are gone, never scheduled, or finished and too many. */
export const createPodGcController = (deps: ControllerDeps): Controller => {
  const { client, clock } = deps;
  const pods = deps.informers.informer(Pod);
  const nodes = deps.informers.informer(Node);
  /** Since when a node is missed. */
  const missing = new Map<string, number>();

  const remove = async (pod: Pod): Promise<void> => {
    const { uid } = pod.metadata;
    try {
      if (!isPodFinished(pod)) await markFailed(pod);
      await client.delete(Pod, keyOf(pod), {
        gracePeriodSeconds: 0,
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      });
    } catch (error) {
      if (!isApiError(error, 'NotFound') && !isApiError(error, 'Conflict')) throw error;
    }
  };

  const markFailed = async (pod: Pod): Promise<void> => {
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByPodGC',
      message: 'PodGC: node no longer exists',
      ...observedGeneration(pod),
    };
    const isOrphan = (pod.spec.nodeName ?? '') !== '';
    const conditions = isOrphan
      ? setCondition<PodCondition>(pod.status?.conditions, condition, timestamp(clock.now()))
      : (pod.status?.conditions ?? []);
    await client.updateStatus<Pod>({ ...pod, status: { ...pod.status, phase: 'Failed', conditions } });
  };

  /** A node counts as gone when it was missed for a while and the server confirms it. */
  const isGone = async (name: string, now: number): Promise<boolean> => {
    const since = missing.get(name) ?? now;
    missing.set(name, since);
    return now - since >= NODE_GONE_MS && (await client.get(Node, { name })) === undefined;
  };

  return {
    name: 'podgc',
    concurrency: 1,
    watches: [],
    source: async (enqueue) => enqueue(ALL),
    reconcile: async () => {
      const now = clock.now();
      const { surplus, orphaned, unscheduled } = planPodGc(pods.list(), (name) => nodes.get({ name }) !== undefined);
      for (const pod of [...surplus, ...unscheduled]) await remove(pod);
      const missed = new Set(orphaned.map((pod) => pod.spec.nodeName ?? ''));
      for (const name of missing.keys()) if (!missed.has(name)) missing.delete(name);
      for (const name of missed) {
        if (!(await isGone(name, now))) continue;
        for (const pod of orphaned) if (pod.spec.nodeName === name) await remove(pod);
      }
      return { requeueAfterMs: INTERVAL_MS };
    },
  };
};
