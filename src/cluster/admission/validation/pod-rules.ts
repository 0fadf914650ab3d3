import type { ObjectMeta } from '../../../objects/object.js';

/** How strictly the spec of a pod is looked at. What an object was stored with is not held against its updates. */
export interface PodRules {
  /** A pod itself; templates may leave open what their pods will have. */
  readonly isPod: boolean;
  /** Of the pod; absent for templates. */
  readonly metadata?: ObjectMeta;
  readonly allowInvalidSelectorValues?: boolean;
  readonly allowInvalidNodeAffinityValues?: boolean;
  readonly allowInvalidSpreadSelectors?: boolean;
  readonly allowIndivisibleHugePages?: boolean;
  readonly allowAnyTokenPath?: boolean;
  readonly allowHostSysctls?: boolean;
  readonly allowAnyDeletionCost?: boolean;
  readonly allowAnySelinuxPolicy?: boolean;
  readonly allowRestartingInitContainers?: boolean;
  readonly allowDevicesOfUsers?: boolean;
  readonly allowAnyMatchKeys?: boolean;
}

export const OF_TEMPLATE: PodRules = { isPod: false };
