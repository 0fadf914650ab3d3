// Kubernetes 1.35.2, node.k8s.io/v1. Written by scripts/generate-kinds.ts; do not edit.
import type { KindOf } from '../kind.js';
import type { KubeObject } from '../object.js';
import type * as coreV1 from './core-v1.js';
import type * as metaV1 from './meta-v1.js';

export interface RuntimeClass extends KubeObject {
  readonly handler: string;
  readonly overhead?: Overhead;
  readonly scheduling?: Scheduling;
}

export const RuntimeClass: KindOf<RuntimeClass> = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass' };

export interface Overhead {
  readonly podFixed?: Readonly<Record<string, string | number>>;
}

export interface Scheduling {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly coreV1.Toleration[];
}

export interface RuntimeClassList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly RuntimeClass[];
}
