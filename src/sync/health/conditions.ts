import type { KubeObject } from '../../objects/object.js';

/** A condition of an object's status, as most kinds have them. */
export interface StatusCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export const statusConditions = (object: KubeObject): readonly StatusCondition[] => {
  const { status } = object as { readonly status?: { readonly conditions?: unknown } };
  return Array.isArray(status?.conditions) ? (status.conditions as StatusCondition[]) : [];
};

/** The condition of a type when its status is `True`. */
export const trueCondition = (object: KubeObject, type: string): StatusCondition | undefined =>
  statusConditions(object).find((condition) => condition.type === type && condition.status === 'True');
