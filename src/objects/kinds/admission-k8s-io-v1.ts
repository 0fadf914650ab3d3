// Kubernetes 1.35.2, admission.k8s.io/v1. Written by scripts/generate-kinds.ts; do not edit.
import type * as authenticationK8sIoV1 from './authentication-k8s-io-v1.js';
import type * as metaV1 from './meta-v1.js';

export interface AdmissionReview {
  readonly request?: AdmissionRequest;
  readonly response?: AdmissionResponse;
}

export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: metaV1.GroupVersionKind;
  readonly resource: metaV1.GroupVersionResource;
  readonly subResource?: string;
  readonly requestKind?: metaV1.GroupVersionKind;
  readonly requestResource?: metaV1.GroupVersionResource;
  readonly requestSubResource?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly operation: string;
  readonly userInfo: authenticationK8sIoV1.UserInfo;
  readonly object?: unknown;
  readonly oldObject?: unknown;
  readonly dryRun?: boolean;
  readonly options?: unknown;
}

export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: metaV1.Status;
  readonly patch?: string;
  readonly patchType?: string;
  readonly auditAnnotations?: Readonly<Record<string, string>>;
  readonly warnings?: readonly string[];
}
