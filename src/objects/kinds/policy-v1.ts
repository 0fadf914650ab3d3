// Kubernetes 1.35.2, policy/v1. Written by scripts/generate-kinds.ts; do not edit.
import type { KindOf } from '../kind.js';
import type { KubeObject } from '../object.js';
import type * as metaV1 from './meta-v1.js';

export interface PodDisruptionBudgetSpec {
  readonly minAvailable?: string | number;
  readonly selector?: metaV1.LabelSelector;
  readonly maxUnavailable?: string | number;
  readonly unhealthyPodEvictionPolicy?: string;
}

export interface PodDisruptionBudgetStatus {
  readonly observedGeneration?: number;
  readonly disruptedPods?: Readonly<Record<string, string>>;
  readonly disruptionsAllowed: number;
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly expectedPods: number;
  readonly conditions?: readonly metaV1.Condition[];
}

export interface PodDisruptionBudget extends KubeObject {
  readonly spec: PodDisruptionBudgetSpec;
  readonly status?: PodDisruptionBudgetStatus;
}

export const PodDisruptionBudget: KindOf<PodDisruptionBudget> = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' };

export interface PodDisruptionBudgetList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly PodDisruptionBudget[];
}

export interface Eviction extends KubeObject {
  readonly deleteOptions?: metaV1.DeleteOptions;
}

export const Eviction: KindOf<Eviction> = { apiVersion: 'policy/v1', kind: 'Eviction' };
