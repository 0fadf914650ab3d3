import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from '../../../objects/kinds/core-v1.js';
import { dns1123Label, dns1123Subdomain, qualifiedName, validLabelValue } from '../../../objects/names.js';
import type { LabelSelectorObject } from '../../../objects/selectors/label-selector.js';
import {
  child,
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  item,
  notSupported,
  required,
  type FieldError,
} from '../field-errors.js';
import { validateLabelSelector } from './labels.js';
import type { PodRules } from './pod-rules.js';
import { each, oneOf } from './rules.js';

const NOT_AN_OPERATOR = 'not a valid selector operator';

const validateExpression = (path: string, expression: NodeSelectorRequirement, anyValue: boolean): FieldError[] => {
  const { key = '', operator = '', values = [] } = expression;
  const at = child(path, 'values');
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) {
      errors.push(forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
    }
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) {
      errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
    }
  } else errors.push(invalid(child(path, 'operator'), operator, NOT_AN_OPERATOR));
  errors.push(...invalidEach(child(path, 'key'), key, qualifiedName(key)));
  if (anyValue) return errors;
  return [...errors, ...each(at, values, (value, place) => invalidEach(place, value, validLabelValue(value)))];
};

const validateFieldExpression = (path: string, expression: NodeSelectorRequirement): FieldError[] => {
  const { key = '', operator = '', values = [] } = expression;
  const at = child(path, 'values');
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalid(child(path, 'operator'), operator, NOT_AN_OPERATOR));
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(at, detail));
  }
  if (key !== 'metadata.name') return [...errors, invalid(child(path, 'key'), key, 'not a valid field selector key')];
  return [...errors, ...each(at, values, (value, place) => invalidEach(place, value, dns1123Subdomain(value)))];
};

const validateNodeTerm = (field: string, term: NodeSelectorTerm, anyValue: boolean): FieldError[] => [
  ...each(child(field, 'matchExpressions'), term.matchExpressions, (expression, path) =>
    validateExpression(path, expression, anyValue),
  ),
  ...each(child(field, 'matchFields'), term.matchFields, (expression, path) =>
    validateFieldExpression(path, expression),
  ),
];

export const validateNodeSelector = (field: string, selector: NodeSelector, anyValue = false): FieldError[] => {
  const path = child(field, 'nodeSelectorTerms');
  return (selector.nodeSelectorTerms ?? []).length === 0
    ? [required(path, 'must have at least one node selector term')]
    : each(path, selector.nodeSelectorTerms, (term, at) => validateNodeTerm(at, term, anyValue));
};

const weight = (path: string, value = 0): FieldError[] =>
  value >= 1 && value <= 100 ? [] : [invalid(child(path, 'weight'), value, 'must be in the range 1-100')];

const labelKeys = (
  field: string,
  keys: readonly string[] | undefined,
  selector: LabelSelectorObject | undefined,
): FieldError[] => {
  if ((keys ?? []).length === 0) return [];
  if (selector === undefined) return [forbidden(field, 'must not be specified when labelSelector is not set')];
  return each(field, keys, (key, path) => invalidEach(path, key, qualifiedName(key)));
};

const IN_BOTH = 'exists in both matchLabelKeys and labelSelector';

/** The keys whose values are those of the pod itself; they are added to the selector once, by the server. */
const validateMatchKeys = (
  field: string,
  keys: readonly string[] = [],
  otherKeys: readonly string[] | undefined,
  selector: LabelSelectorObject | undefined,
): FieldError[] => {
  const errors = [
    ...labelKeys(child(field, 'matchLabelKeys'), keys, selector),
    ...labelKeys(child(field, 'mismatchLabelKeys'), otherKeys, selector),
  ];
  const selected = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    const index = keys.lastIndexOf(key);
    if (index >= 0 && selected.has(key)) errors.push(invalid(item(field, index), key, IN_BOTH));
    selected.add(key);
  }
  for (const [index, key] of keys.entries()) {
    if (otherKeys?.includes(key) !== true) continue;
    const path = item(child(field, 'matchLabelKeys'), index);
    errors.push(invalid(path, key, 'exists in both matchLabelKeys and mismatchLabelKeys'));
  }
  return errors;
};

const validatePodTerm = (field: string, term: PodAffinityTerm, rules: PodRules): FieldError[] => {
  const { labelSelector, topologyKey = '' } = term;
  const path = child(field, 'topologyKey');
  return [
    ...validateLabelSelector(child(field, 'labelSelector'), labelSelector, rules.allowInvalidSelectorValues),
    ...validateLabelSelector(
      child(field, 'namespaceSelector'),
      term.namespaceSelector,
      rules.allowInvalidSelectorValues,
    ),
    ...(term.namespaces ?? []).flatMap((name) => invalidEach(child(field, 'namespace'), name, dns1123Label(name))),
    ...validateMatchKeys(field, term.matchLabelKeys, term.mismatchLabelKeys, labelSelector),
    ...(topologyKey === '' ? [required(path, 'can not be empty')] : []),
    ...invalidEach(path, topologyKey, qualifiedName(topologyKey)),
  ];
};

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

export const validateAffinity = (field: string, affinity: Affinity | undefined, rules: PodRules): FieldError[] => {
  if (affinity === undefined) return [];
  const node = child(field, 'nodeAffinity');
  const needed = affinity.nodeAffinity?.[REQUIRED];
  const anyValue = rules.allowInvalidNodeAffinityValues === true;
  return [
    ...(needed === undefined ? [] : validateNodeSelector(child(node, REQUIRED), needed, anyValue)),
    ...each(child(node, PREFERRED), affinity.nodeAffinity?.[PREFERRED], (term, path) => [
      ...weight(path, term.weight),
      ...validateNodeTerm(child(path, 'preference'), term.preference ?? {}, true),
    ]),
    ...(['podAffinity', 'podAntiAffinity'] as const).flatMap((name) => [
      ...each(child(field, `${name}.${REQUIRED}`), affinity[name]?.[REQUIRED], (term, path) =>
        validatePodTerm(path, term, rules),
      ),
      ...each(child(field, `${name}.${PREFERRED}`), affinity[name]?.[PREFERRED], (term, path) => [
        ...weight(path, term.weight),
        ...validatePodTerm(child(path, 'podAffinityTerm'), term.podAffinityTerm ?? {}, rules),
      ]),
    ]),
  ];
};

const ACTIONS = ['DoNotSchedule', 'ScheduleAnyway'];

const validateMinDomains = (
  field: string,
  { minDomains, whenUnsatisfiable }: TopologySpreadConstraint,
): FieldError[] => {
  if (minDomains === undefined) return [];
  return [
    ...(minDomains > 0 ? [] : [invalid(field, minDomains, 'must be greater than zero')]),
    ...(whenUnsatisfiable === 'DoNotSchedule'
      ? []
      : [
          invalid(
            field,
            minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable ?? ''}`,
          ),
        ]),
  ];
};

export const validateSpread = (
  field: string,
  constraints: readonly TopologySpreadConstraint[] = [],
  rules: PodRules,
): FieldError[] =>
  each(field, constraints, (constraint, path, index) => {
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable = '', labelSelector, matchLabelKeys } = constraint;
    const errors: FieldError[] = [];
    if (maxSkew <= 0) errors.push(invalid(child(path, 'maxSkew'), maxSkew, 'must be greater than zero'));
    if (topologyKey === '') errors.push(required(child(path, 'topologyKey'), 'can not be empty'));
    if (!ACTIONS.includes(whenUnsatisfiable)) {
      errors.push(notSupported(child(path, 'whenUnsatisfiable'), whenUnsatisfiable, ACTIONS));
    }
    const repeated = constraints
      .slice(index + 1)
      .some((other) => other.topologyKey === topologyKey && other.whenUnsatisfiable === whenUnsatisfiable);
    if (repeated) {
      const both = `{${topologyKey}, ${whenUnsatisfiable}}`;
      errors.push(duplicate(child(path, '{topologyKey, whenUnsatisfiable}'), both));
    }
    return [
      ...errors,
      ...validateMinDomains(child(path, 'minDomains'), constraint),
      ...oneOf(child(path, 'nodeAffinityPolicy'), constraint.nodeAffinityPolicy, ['Honor', 'Ignore']),
      ...oneOf(child(path, 'nodeTaintsPolicy'), constraint.nodeTaintsPolicy, ['Honor', 'Ignore']),
      ...(rules.allowAnyMatchKeys === true ? [] : validateMatchKeys(path, matchLabelKeys, undefined, labelSelector)),
      ...(rules.allowInvalidSpreadSelectors === true
        ? []
        : validateLabelSelector(child(path, 'labelSelector'), labelSelector)),
    ];
  });
