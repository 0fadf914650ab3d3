import { setCondition, timestamp } from '../../../objects/conditions.js';
import type { IntOrString } from '../../../objects/int-or-string.js';
import { scaledValue } from '../../../objects/int-or-string.js';
import type { Pod } from '../../../objects/kinds/core-v1.js';
import type { Condition } from '../../../objects/kinds/meta-v1.js';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../../objects/kinds/policy-v1.js';
import { isPodReady, timeOf } from '../pods/pod-state.js';

/** An eviction that was allowed must have led to a deletion by then. */
const DISRUPTED_MS = 120_000;

export interface Expectation {
  readonly expectedPods: number;
  readonly desiredHealthy: number;
}

/** How many pods should be there and how many must stay; `scale` is the sum of what their controllers want. */
export const expectation = (budget: PodDisruptionBudget, pods: number, scale: () => number): Expectation => {
  const { minAvailable, maxUnavailable } = budget.spec;
  if (maxUnavailable !== undefined) {
    const expectedPods = scale();
    return { expectedPods, desiredHealthy: Math.max(0, expectedPods - roundedUp(maxUnavailable, expectedPods)) };
  }
  if (typeof minAvailable === 'string') {
    const expectedPods = scale();
    return { expectedPods, desiredHealthy: roundedUp(minAvailable, expectedPods) };
  }
  return { expectedPods: pods, desiredHealthy: minAvailable ?? 1 };
};

const roundedUp = (value: IntOrString, total: number): number => scaledValue(value, total, 'up') ?? 0;

/** The status of a budget, and when the next unfinished eviction is forgotten. */
export const disruptionStatus = (
  budget: PodDisruptionBudget,
  pods: readonly Pod[],
  { expectedPods, desiredHealthy }: Expectation,
  now: number,
): { readonly status: PodDisruptionBudgetStatus; readonly recheckInMs: number | undefined } => {
  const { disrupted, recheckInMs } = pendingDisruptions(budget, pods, now);
  const currentHealthy = pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined && isPodReady(pod) && disrupted[pod.metadata.name] === undefined,
  ).length;
  const disruptionsAllowed = expectedPods === 0 ? 0 : Math.max(0, currentHealthy - desiredHealthy);
  const { generation } = budget.metadata;
  return {
    recheckInMs,
    status: {
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: disrupted }),
      disruptionsAllowed,
      currentHealthy,
      desiredHealthy,
      expectedPods,
      conditions: withAllowed(
        budget,
        disruptionsAllowed > 0 ? ['True', 'SufficientPods', ''] : ['False', 'InsufficientPods', ''],
        now,
      ),
    },
  };
};

/** The status when the expected number cannot be found out: nothing may be disrupted. */
export const failedStatus = (budget: PodDisruptionBudget, message: string, now: number): PodDisruptionBudgetStatus => ({
  currentHealthy: 0,
  desiredHealthy: 0,
  expectedPods: 0,
  ...budget.status,
  disruptionsAllowed: 0,
  conditions: withAllowed(budget, ['False', 'SyncFailed', message], now),
});

const withAllowed = (
  budget: PodDisruptionBudget,
  [status, reason, message]: readonly [string, string, string],
  now: number,
): readonly Condition[] => {
  const { generation } = budget.metadata;
  const condition = {
    type: 'DisruptionAllowed',
    status,
    reason,
    message,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  return setCondition<Condition>(budget.status?.conditions, condition, timestamp(now));
};

/** Evictions that were allowed and whose pod is still there, not deleted. */
const pendingDisruptions = (budget: PodDisruptionBudget, pods: readonly Pod[], now: number) => {
  const disrupted: Record<string, string> = {};
  let recheckInMs: number | undefined;
  for (const [name, time] of Object.entries(budget.status?.disruptedPods ?? {})) {
    const pod = pods.find(({ metadata }) => metadata.name === name);
    const leftMs = (timeOf(time) ?? 0) + DISRUPTED_MS - now;
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined || leftMs <= 0) continue;
    disrupted[name] = time;
    recheckInMs = Math.min(recheckInMs ?? leftMs, leftMs);
  }
  return { disrupted, recheckInMs };
};
