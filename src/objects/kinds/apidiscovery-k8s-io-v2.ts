// Kubernetes 1.35.2, apidiscovery.k8s.io/v2. Written by scripts/generate-kinds.ts; do not edit.
import type { ObjectMeta } from '../object.js';
import type * as metaV1 from './meta-v1.js';

export interface APIGroupDiscoveryList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly APIGroupDiscovery[];
}

export interface APIGroupDiscovery {
  readonly metadata?: ObjectMeta;
  readonly versions?: readonly APIVersionDiscovery[];
}

export interface APIVersionDiscovery {
  readonly version: string;
  readonly resources?: readonly APIResourceDiscovery[];
  readonly freshness?: string;
}

export interface APIResourceDiscovery {
  readonly resource: string;
  readonly responseKind?: metaV1.GroupVersionKind;
  readonly scope: string;
  readonly singularResource: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: readonly APISubresourceDiscovery[];
}

export interface APISubresourceDiscovery {
  readonly subresource: string;
  readonly responseKind?: metaV1.GroupVersionKind;
  readonly acceptedTypes?: readonly metaV1.GroupVersionKind[];
  readonly verbs: readonly string[];
}
