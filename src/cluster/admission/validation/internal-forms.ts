import { internal } from './go-values.js';

/** Parts of pods as messages show them: with the names that the server has inside, every field of them. */
export const shownClusterTrustBundle = (value: unknown): unknown =>
  internal('core/v1.ClusterTrustBundleProjection', value);
export const shownSeccompProfile = (value: unknown): unknown => internal('core/v1.SeccompProfile', value);
export const shownSecurityContext = (value: unknown): unknown => internal('core/v1.SecurityContext', value);
export const shownResourceClaim = (value: unknown): unknown => internal('core/v1.PodResourceClaim', value);
export const shownNodeSelectorTerms = (terms: readonly unknown[] | undefined): unknown =>
  terms === undefined ? null : terms.map((term) => internal('core/v1.NodeSelectorTerm', term));
