import type { PolicyRule } from '../../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import type { AccessAttributes } from '../authorizer.js';

const ALL = '*';

/** Whether a rule allows what is asked. Rules only add; none of them refuses. */
export const ruleAllows = (rule: PolicyRule, asked: AccessAttributes): boolean => {
  if (!hasOrAll(rule.verbs, asked.verb)) return false;
  if (asked.path !== undefined) return coversPath(rule.nonResourceURLs ?? [], asked.path);
  const { group = '', resource = '', subresource = '', name = '' } = asked;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  return hasOrAll(rule.apiGroups ?? [], group) && coversResource(rule.resources ?? [], full) && allowsName(rule, name);
};

/** What of `wanted` the `held` rules do not allow, in rules of one verb on one thing each; empty when they cover it. */
export const uncoveredRules = (held: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] =>
  wanted.flatMap(singleRules).filter((rule) => !held.some((each) => coversSingle(each, rule)));

const hasOrAll = (values: readonly string[], value: string): boolean => values.includes(ALL) || values.includes(value);

/** `pods`, `pods/log`; `*` is everything, also subresources, and a `*` before `/log` stands for every resource that has one. */
const coversResource = (resources: readonly string[], full: string): boolean => {
  if (hasOrAll(resources, full)) return true;
  const slash = full.indexOf('/');
  return slash >= 0 && resources.includes(ALL + full.slice(slash));
};

const coversPath = (patterns: readonly string[], path: string): boolean =>
  patterns.some(
    (pattern) => pattern === path || (pattern.endsWith(ALL) && path.startsWith(pattern.replace(/\*+$/, ''))),
  );

/** A rule without names is about all of them. A request without a name, such as a list, matches no named rule. */
const allowsName = ({ resourceNames = [] }: PolicyRule, name: string): boolean =>
  resourceNames.length === 0 || resourceNames.includes(name);

const singleRules = (rule: PolicyRule): readonly PolicyRule[] => {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const named = resourceNames.length === 0 ? [{}] : resourceNames.map((name) => ({ resourceNames: [name] }));
  const ofResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        named.map((name) => single(verb, { apiGroups: [group], resources: [resource], ...name })),
      ),
    ),
  );
  const ofPaths = nonResourceURLs.flatMap((url) => verbs.map((verb) => single(verb, { nonResourceURLs: [url] })));
  return [...ofResources, ...ofPaths];
};

const single = (verb: string, rest: Omit<PolicyRule, 'verbs'>): PolicyRule => ({ ...rest, verbs: [verb] });

const coversSingle = (
  held: PolicyRule,
  { verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule,
) => {
  if (!hasOrAll(held.verbs, verbs[0] ?? '')) return false;
  const [url] = nonResourceURLs ?? [];
  if (url !== undefined) return coversPath(held.nonResourceURLs ?? [], url);
  return (
    hasOrAll(held.apiGroups ?? [], apiGroups?.[0] ?? '') &&
    coversResource(held.resources ?? [], resources?.[0] ?? '') &&
    allowsName(held, resourceNames?.[0] ?? '')
  );
};
