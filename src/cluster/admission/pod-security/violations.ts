import { BASELINE_CHECKS } from './baseline-checks.js';
import type { Check, CheckPod, PodShape, Violation } from './check.js';
import type { Standard } from './policy.js';
import { RESTRICTED_CHECKS } from './restricted-checks.js';

/** The checks are those of this minor version; later ones are not known. */
const NEWEST = 35;

/** What a pod does that the standard does not allow. */
export const violationsOf = ({ level, minor = NEWEST }: Standard, pod: PodShape): readonly Violation[] => {
  if (level === 'privileged') return [];
  const version = Math.min(minor, NEWEST);
  const checks = level === 'baseline' ? BASELINE_CHECKS : restricted(version);
  return checks.flatMap((check) => revisionOf(check, version)?.(pod) ?? []);
};

/** The restricted checks come after those of the baseline that they do not replace. */
const restricted = (version: number): readonly Check[] => {
  const replaced = new Set(
    RESTRICTED_CHECKS.filter((check) => revisionOf(check, version) !== undefined).map(({ overrides }) => overrides),
  );
  return [...BASELINE_CHECKS.filter(({ id }) => !replaced.has(id)), ...RESTRICTED_CHECKS];
};

const revisionOf = ({ revisions }: Check, version: number): CheckPod | undefined =>
  revisions.findLast(({ since }) => since <= version)?.check;

/** `host namespaces (hostPID=true), privileged (container "a" must not set securityContext.privileged=true)` */
export const violationsText = (violations: readonly Violation[]): string =>
  violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');
