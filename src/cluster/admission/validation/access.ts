import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '../../../objects/kinds/rbac-authorization-k8s-io-v1.js';
import type { TokenRequest } from '../../../objects/kinds/authentication-k8s-io-v1.js';
import { jsonEquals } from '../../../objects/json.js';
import { dns1123Subdomain, pathSegmentName } from '../../../objects/names.js';
import { child, invalid, invalidEach, notSupported, required, type FieldError } from '../field-errors.js';
import { internal } from './go-values.js';
import { validateLabelSelector } from './labels.js';
import { each, requiredText } from './rules.js';

const RBAC_GROUP = 'rbac.authorization.k8s.io';

const validateRule = (rule: PolicyRule, field: string, namespaced: boolean): FieldError[] => {
  const errors: FieldError[] = [];
  const { resources = [], apiGroups = [], nonResourceURLs = [] } = rule;
  if ((rule.verbs ?? []).length === 0)
    errors.push(required(child(field, 'verbs'), 'verbs must contain at least one value'));
  if (nonResourceURLs.length > 0) {
    if (namespaced)
      errors.push(
        invalid(child(field, 'nonResourceURLs'), nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'),
      );
    if (apiGroups.length > 0 || resources.length > 0 || (rule.resourceNames ?? []).length > 0) {
      errors.push(
        invalid(
          child(field, 'nonResourceURLs'),
          nonResourceURLs,
          'rules cannot apply to both regular resources and non-resource URLs',
        ),
      );
    }
    return errors;
  }
  if (apiGroups.length === 0)
    errors.push(required(child(field, 'apiGroups'), 'resource rules must supply at least one api group'));
  if (resources.length === 0)
    errors.push(required(child(field, 'resources'), 'resource rules must supply at least one resource'));
  return errors;
};

export const validateRole = ({ rules }: Role): FieldError[] =>
  each('rules', rules, (rule, path) => validateRule(rule, path, true));

export const validateClusterRole = ({ rules, aggregationRule }: ClusterRole): FieldError[] => [
  ...each('rules', rules, (rule, path) => validateRule(rule, path, false)),
  ...(aggregationRule !== undefined && (aggregationRule.clusterRoleSelectors ?? []).length === 0
    ? [
        required(
          'aggregationRule.clusterRoleSelectors',
          'at least one clusterRoleSelector required if aggregationRule is non-nil',
        ),
      ]
    : []),
  ...each('aggregationRule.clusterRoleSelectors', aggregationRule?.clusterRoleSelectors, (selector, path) => {
    const wrong = validateLabelSelector(path, selector);
    return wrong.length === 0 ? [] : [...wrong, invalid(path, null, 'invalid label selector.')];
  }),
];

const validateSubject = (subject: Subject, field: string, needsNamespace: boolean): FieldError[] => {
  const { kind, name, namespace = '', apiGroup = '' } = subject;
  const errors: FieldError[] = name === '' ? [required(child(field, 'name'))] : [];
  if (kind === 'ServiceAccount') {
    if (name !== '') errors.push(...invalidEach(child(field, 'name'), name, dns1123Subdomain(name)));
    if (apiGroup !== '') errors.push(notSupported(child(field, 'apiGroup'), apiGroup, ['']));
    if (needsNamespace && namespace === '') errors.push(required(child(field, 'namespace')));
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== RBAC_GROUP) errors.push(notSupported(child(field, 'apiGroup'), apiGroup, [RBAC_GROUP]));
  } else {
    errors.push(notSupported(child(field, 'kind'), kind, ['ServiceAccount', 'User', 'Group']));
  }
  return errors;
};

const validateBinding = (
  binding: RoleBinding | ClusterRoleBinding,
  kinds: readonly string[],
  needsNamespace: boolean,
): FieldError[] => {
  const { roleRef, subjects } = binding;
  const errors: FieldError[] = [];
  if (roleRef?.apiGroup !== RBAC_GROUP)
    errors.push(notSupported('roleRef.apiGroup', roleRef?.apiGroup ?? '', [RBAC_GROUP]));
  if (!kinds.includes(roleRef?.kind ?? '')) errors.push(notSupported('roleRef.kind', roleRef?.kind ?? '', kinds));
  return [
    ...errors,
    ...requiredText('roleRef.name', roleRef?.name, pathSegmentName),
    ...each('subjects', subjects, (subject, path) => validateSubject(subject, path, needsNamespace)),
  ];
};

const roleRefStays = (
  binding: RoleBinding | ClusterRoleBinding,
  old: RoleBinding | ClusterRoleBinding,
): FieldError[] =>
  jsonEquals(binding.roleRef, old.roleRef)
    ? []
    : [invalid('roleRef', internal('rbac.authorization.k8s.io/v1.RoleRef', binding.roleRef), 'cannot change roleRef')];

export const validateRoleBinding = (binding: RoleBinding): FieldError[] =>
  validateBinding(binding, ['Role', 'ClusterRole'], false);
export const validateRoleBindingUpdate = (binding: RoleBinding, old: RoleBinding): FieldError[] => [
  ...validateRoleBinding(binding),
  ...roleRefStays(binding, old),
];
export const validateClusterRoleBinding = (binding: ClusterRoleBinding): FieldError[] =>
  validateBinding(binding, ['ClusterRole'], true);
export const validateClusterRoleBindingUpdate = (
  binding: ClusterRoleBinding,
  old: ClusterRoleBinding,
): FieldError[] => [...validateClusterRoleBinding(binding), ...roleRefStays(binding, old)];

const MIN_TOKEN_SECONDS = 600;
const MAX_TOKEN_SECONDS = 2 ** 32;

export const validateTokenRequest = ({ spec }: TokenRequest): FieldError[] => {
  const seconds = spec.expirationSeconds ?? 0;
  const field = 'spec.expirationSeconds';
  if (seconds < MIN_TOKEN_SECONDS) return [invalid(field, seconds, 'may not specify a duration less than 10 minutes')];
  if (seconds > MAX_TOKEN_SECONDS)
    return [invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds')];
  return [];
};
