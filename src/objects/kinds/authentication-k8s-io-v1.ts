// Kubernetes 1.35.2, authentication.k8s.io/v1. Written by scripts/generate-kinds.ts; do not edit.
import type { KindOf } from '../kind.js';
import type { KubeObject, ObjectMeta } from '../object.js';

export interface TokenReview extends KubeObject {
  readonly spec: TokenReviewSpec;
  readonly status?: TokenReviewStatus;
}

export const TokenReview: KindOf<TokenReview> = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview' };

export interface TokenReviewSpec {
  readonly token?: string;
  readonly audiences?: readonly string[];
}

export interface TokenReviewStatus {
  readonly authenticated?: boolean;
  readonly user?: UserInfo;
  readonly audiences?: readonly string[];
  readonly error?: string;
}

export interface UserInfo {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface TokenRequest {
  readonly metadata?: ObjectMeta;
  readonly spec: TokenRequestSpec;
  readonly status?: TokenRequestStatus;
}

export interface TokenRequestSpec {
  readonly audiences: readonly string[];
  readonly expirationSeconds?: number;
  readonly boundObjectRef?: BoundObjectReference;
}

export interface TokenRequestStatus {
  readonly token: string;
  readonly expirationTimestamp: string;
}

export interface BoundObjectReference {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly name?: string;
  readonly uid?: string;
}

export interface SelfSubjectReview extends KubeObject {
  readonly status?: SelfSubjectReviewStatus;
}

export const SelfSubjectReview: KindOf<SelfSubjectReview> = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };

export interface SelfSubjectReviewStatus {
  readonly userInfo?: UserInfo;
}
