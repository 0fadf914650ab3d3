// Kubernetes 1.35.2, rbac.authorization.k8s.io/v1. Written by scripts/generate-kinds.ts; do not edit.
import type { KindOf } from '../kind.js';
import type { KubeObject } from '../object.js';
import type * as metaV1 from './meta-v1.js';

export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

export interface Subject {
  readonly kind: string;
  readonly apiGroup?: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface RoleRef {
  readonly apiGroup: string;
  readonly kind: string;
  readonly name: string;
}

export interface Role extends KubeObject {
  readonly rules?: readonly PolicyRule[];
}

export const Role: KindOf<Role> = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role' };

export interface RoleBinding extends KubeObject {
  readonly subjects?: readonly Subject[];
  readonly roleRef: RoleRef;
}

export const RoleBinding: KindOf<RoleBinding> = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' };

export interface RoleBindingList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly RoleBinding[];
}

export interface RoleList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly Role[];
}

export interface ClusterRole extends KubeObject {
  readonly rules?: readonly PolicyRule[];
  readonly aggregationRule?: AggregationRule;
}

export const ClusterRole: KindOf<ClusterRole> = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' };

export interface AggregationRule {
  readonly clusterRoleSelectors?: readonly metaV1.LabelSelector[];
}

export interface ClusterRoleBinding extends KubeObject {
  readonly subjects?: readonly Subject[];
  readonly roleRef: RoleRef;
}

export const ClusterRoleBinding: KindOf<ClusterRoleBinding> = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding' };

export interface ClusterRoleBindingList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly ClusterRoleBinding[];
}

export interface ClusterRoleList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly ClusterRole[];
}
