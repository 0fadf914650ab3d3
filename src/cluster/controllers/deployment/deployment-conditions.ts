import { timestamp } from '../../../objects/conditions.js';
import type { DeploymentCondition } from '../../../objects/kinds/apps-v1.js';

type Conditions = readonly DeploymentCondition[];
type Set = Omit<DeploymentCondition, 'lastUpdateTime' | 'lastTransitionTime'>;

export const conditionOf = (conditions: Conditions | undefined, type: string): DeploymentCondition | undefined =>
  conditions?.find((condition) => condition.type === type);

export const withoutCondition = (conditions: Conditions, type: string): Conditions =>
  conditions.filter((condition) => condition.type !== type);

/** Sets a condition. The same status and reason change nothing, not even the message, unless `touch` is set. */
export const withCondition = (conditions: Conditions, set: Set, now: number, touch = false): Conditions => {
  const known = conditionOf(conditions, set.type);
  if (!touch && known?.status === set.status && known.reason === set.reason) return conditions;
  const time = timestamp(now);
  const lastTransitionTime = known?.status === set.status ? (known.lastTransitionTime ?? time) : time;
  return [...withoutCondition(conditions, set.type), { ...set, lastUpdateTime: time, lastTransitionTime }];
};
