import type { PolicyRule } from '../../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import type { UserInfo } from '../user.js';
import type { HeldRules } from './rbac.js';
import { uncoveredRules } from './rules.js';

/** All that a ClusterRole can be made of when it takes the rules of others. */
export const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** Why somebody may not give these rules away: they are more than he has. Undefined when he may. */
export const escalationProblem = (
  user: UserInfo,
  held: HeldRules,
  given: readonly PolicyRule[],
): string | undefined => {
  const missing = uncoveredRules(held.rules, given);
  if (missing.length === 0) return undefined;
  const lines = [...new Set(compacted(missing).map(ruleText))].toSorted();
  const problems = held.problems.length === 0 ? '' : `; resolution errors: [${held.problems.join(', ')}]`;
  return `user ${JSON.stringify(user.name)} (groups=${listText(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${problems}`;
};

/** Rules of one verb each on the same thing become one rule. */
const compacted = (rules: readonly PolicyRule[]): readonly PolicyRule[] => {
  const byThing = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const { verbs, ...thing } = rule;
    const key = JSON.stringify(thing);
    const known = byThing.get(key)?.verbs ?? [];
    byThing.set(key, { ...thing, verbs: [...new Set([...known, ...verbs])] });
  }
  return [...byThing.values()];
};

const ruleText = ({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string => {
  const parts = Object.entries({
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  }).flatMap(([title, values]) => (values === undefined || values.length === 0 ? [] : `${title}:${listText(values)}`));
  return `{${parts.join(', ')}}`;
};

const listText = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
