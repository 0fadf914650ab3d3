import type { KubeObject } from '../../objects/object.js';
import { DELETION_APPROVED } from './annotations.js';

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** When a person approved deletions, in milliseconds since 1970; undefined when nobody did, or it is no RFC 3339 time. */
export const approvedAt = (application: KubeObject): number | undefined => {
  const text = application.metadata.annotations?.[DELETION_APPROVED];
  if (text === undefined || !RFC_3339.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
};

/** Whether deletions are approved that were asked for at `since` (RFC 3339): an approval covers no later ones. */
export const isApproved = (application: KubeObject, since: string): boolean => {
  const at = approvedAt(application);
  // The times of operations and deletions have whole seconds.
  return at !== undefined && at >= Math.floor(Date.parse(since) / 1000) * 1000;
};
