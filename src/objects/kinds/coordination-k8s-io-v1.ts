// Kubernetes 1.35.2, coordination.k8s.io/v1. Written by scripts/generate-kinds.ts; do not edit.
import type { KindOf } from '../kind.js';
import type { KubeObject } from '../object.js';
import type * as metaV1 from './meta-v1.js';

export interface Lease extends KubeObject {
  readonly spec: LeaseSpec;
}

export const Lease: KindOf<Lease> = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
  readonly strategy?: string;
  readonly preferredHolder?: string;
}

export interface LeaseList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly Lease[];
}
