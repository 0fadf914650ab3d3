// Kubernetes 1.35.2, scheduling.k8s.io/v1. Written by scripts/generate-kinds.ts; do not edit.
import type { KindOf } from '../kind.js';
import type { KubeObject } from '../object.js';
import type * as metaV1 from './meta-v1.js';

export interface PriorityClass extends KubeObject {
  readonly value: number;
  readonly globalDefault?: boolean;
  readonly description?: string;
  readonly preemptionPolicy?: string;
}

export const PriorityClass: KindOf<PriorityClass> = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' };

export interface PriorityClassList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly PriorityClass[];
}
