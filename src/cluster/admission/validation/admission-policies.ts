import type {
  MatchResources,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import { jsonEquals } from '../../../objects/json.js';
import { dns1035Label, dns1123Subdomain, pathSegmentName, qualifiedName } from '../../../objects/names.js';
import { compileConditions, compilePolicy, type Refuse } from '../cel/request-expressions.js';
import {
  child,
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  required,
  tooMany,
  type FieldError,
} from '../field-errors.js';
import { validateRule } from './admission-rules.js';
import { validateConditions } from './conditions.js';
import { internal } from './go-values.js';
import { validateLabelSelector } from './labels.js';
import { each, oneOf, requiredOneOf, requiredText } from './rules.js';

const MOST_CONDITIONS = 64;
const MOST_ANNOTATIONS = 20;
const LONGEST_ANNOTATION = 5 * 1024;
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];
const ACTIONS = ['Audit', 'Deny', 'Warn'];

interface NamedExpression {
  readonly name?: string;
  readonly expression?: string;
}

/** Expressions that cannot be used, by the path of the field. */
type Faults = ReadonlyMap<string, FieldError>;

const collect = (faults: Map<string, FieldError>, field: string): Refuse => {
  return (path, source, error) => {
    const at = child(field, path);
    const internal: FieldError = { reason: 'InternalError', field: at, message: `Internal error: ${error.message}` };
    faults.set(at, error.isInternal ? internal : invalid(at, source, error.message));
  };
};

const faultOf = (faults: Faults, path: string): readonly FieldError[] => {
  const fault = faults.get(path);
  return fault === undefined ? [] : [fault];
};

/** The conditions of a webhook or a policy. */
const conditionErrors = (
  field: string,
  conditions: readonly NamedExpression[] | undefined,
  faults: Faults,
): FieldError[] => {
  const names = new Set<string>();
  return [
    ...((conditions ?? []).length > MOST_CONDITIONS ? [tooMany(field, conditions?.length ?? 0, MOST_CONDITIONS)] : []),
    ...each(field, conditions, ({ name = '', expression = '' }, at) => {
      const path = child(at, 'name');
      const isAgain = name !== '' && names.has(name);
      names.add(name);
      return [
        ...(expression.trim() === '' ? [required(child(at, 'expression'))] : faultOf(faults, child(at, 'expression'))),
        ...(name === '' ? [required(path)] : invalidEach(path, name, qualifiedName(name))),
        ...(isAgain ? [duplicate(path, name)] : []),
      ];
    }),
  ];
};

/** What is wrong with the match conditions of a webhook. */
export const validateMatchConditions = (
  path: string,
  conditions: readonly NamedExpression[] | undefined,
): FieldError[] => {
  const faults = new Map<string, FieldError>();
  compileConditions(conditions, { hasParams: false, hasAuthorizer: true }, collect(faults, path));
  return conditionErrors(child(path, 'matchConditions'), conditions, faults);
};

type Rules = MatchResources['resourceRules'];

const ruleErrors = (field: string, rules: Rules): FieldError[] =>
  each(field, rules, (rule, at) => {
    const names = new Set<string>();
    return [
      ...each(child(at, 'resourceNames'), rule.resourceNames, (name, path) => {
        const errors = invalidEach(path, name, pathSegmentName(name));
        if (names.has(name)) errors.push(duplicate(path, name));
        names.add(name);
        return errors;
      }),
      ...validateRule(at, rule),
    ];
  });

const matchErrors = (field: string, match: MatchResources): FieldError[] => [
  ...oneOf(child(field, 'matchPolicy'), match.matchPolicy, ['Equivalent', 'Exact']),
  ...validateLabelSelector(child(field, 'namespaceSelector'), match.namespaceSelector),
  ...validateLabelSelector(child(field, 'objectSelector'), match.objectSelector),
  ...ruleErrors(child(field, 'resourceRules'), match.resourceRules),
  ...ruleErrors(child(field, 'excludeResourceRules'), match.excludeResourceRules),
];

type Spec = ValidatingAdmissionPolicy['spec'];

const paramVersionErrors = (field: string, apiVersion: string): FieldError[] => {
  if (apiVersion === '') return [required(field)];
  const parts = apiVersion === '/' ? ['', ''] : apiVersion.split('/');
  if (parts.length > 2) return [invalid(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const [version = '', group = ''] = parts.toReversed();
  const wrongGroup = group === '' ? [] : dns1123Subdomain(group);
  const errors = wrongGroup.length === 0 ? [] : [invalid(field, group, wrongGroup.join(','))];
  if (version === '') return [...errors, invalid(field, apiVersion, 'version must be specified')];
  const wrong = dns1035Label(version);
  return wrong.length === 0 ? errors : [...errors, invalid(field, version, wrong.join(','))];
};

const paramKindErrors = ({ paramKind }: Spec): FieldError[] => {
  if (paramKind === undefined) return [];
  const { apiVersion = '', kind = '' } = paramKind;
  const field = 'spec.paramKind.kind';
  const wrong = dns1035Label(kind.toLowerCase());
  const mixed = `may have mixed case, but should otherwise match: ${wrong.join(',')}`;
  return [
    ...paramVersionErrors('spec.paramKind.apiVersion', apiVersion),
    ...(kind === '' ? [required(field)] : wrong.length > 0 ? [invalid(field, kind, mixed)] : []),
  ];
};

const variableErrors = ({ variables }: Spec, faults: Faults): FieldError[] =>
  each('spec.variables', variables, ({ name = '', expression = '' }, at) => [
    ...(name.trim() === ''
      ? [required(child(at, 'name'), 'name is not specified')]
      : /^[A-Za-z_]\w*$/.test(name)
        ? []
        : [invalid(child(at, 'name'), name, 'must be a valid CEL identifier')]),
    ...(expression.trim() === ''
      ? [required(child(at, 'expression'), 'expression is not specified')]
      : faultOf(faults, child(at, 'expression'))),
  ]);

const messageErrors = (field: string, message: string): FieldError[] => {
  if (message !== '' && message.trim() === '') return [invalid(field, message, 'must be non-empty if specified')];
  return /[\n\r]/.test(message.trim()) ? [invalid(field, message, 'must not contain line breaks')] : [];
};

const validationErrors = ({ validations }: Spec, faults: Faults): FieldError[] =>
  each('spec.validations', validations, ({ expression = '', message = '', messageExpression = '', reason }, at) => {
    const [field, messageField] = [child(at, 'expression'), child(at, 'messageExpression')];
    return [
      ...(expression.trim() === '' ? [required(field, 'expression is not specified')] : faultOf(faults, field)),
      ...(messageExpression !== '' && messageExpression.trim() === ''
        ? [invalid(messageField, messageExpression, 'must be non-empty if specified')]
        : faultOf(faults, messageField)),
      ...messageErrors(child(at, 'message'), message),
      ...oneOf(child(at, 'reason'), reason, REASONS),
    ];
  });

const annotationErrors = ({ auditAnnotations }: Spec, name: string, faults: Faults): FieldError[] => {
  const field = 'spec.auditAnnotations';
  const keys = new Set<string>();
  const count = (auditAnnotations ?? []).length;
  const shown = auditAnnotations?.map((annotation) =>
    internal('admissionregistration.k8s.io/v1.AuditAnnotation', annotation),
  );
  return [
    ...(count > MOST_ANNOTATIONS
      ? [invalid(field, shown, `must not have more than ${MOST_ANNOTATIONS} auditAnnotations`)]
      : []),
    ...each(field, auditAnnotations, ({ key = '', valueExpression = '' }, at) => {
      const [path, value] = [child(at, 'key'), child(at, 'valueExpression')];
      const whole = `${name}/${key}`;
      const size = Buffer.byteLength(valueExpression.trim());
      const isAgain = keys.has(key);
      keys.add(key);
      return [
        ...(name === ''
          ? [invalid(path, key, 'requires metadata.name be non-empty')]
          : invalidEach(path, whole, qualifiedName(whole))),
        ...(size === 0
          ? [required(value, 'valueExpression is not specified')]
          : size > LONGEST_ANNOTATION
            ? [required(value, `must not exceed ${LONGEST_ANNOTATION} bytes in length`)]
            : faultOf(faults, value)),
        ...(isAgain ? [duplicate(path, key)] : []),
      ];
    }),
  ];
};

const validateSpec = ({ metadata, spec }: ValidatingAdmissionPolicy, checksConditions: boolean): FieldError[] => {
  const { matchConstraints } = spec;
  const faults = new Map<string, FieldError>();
  compilePolicy(spec, collect(faults, 'spec'));
  const isEmpty = (spec.validations ?? []).length + (spec.auditAnnotations ?? []).length === 0;
  const why = 'validations or auditAnnotations must contain at least one item';
  return [
    ...(spec.failurePolicy === undefined
      ? [required('spec.failurePolicy')]
      : oneOf('spec.failurePolicy', spec.failurePolicy, ['Fail', 'Ignore'])),
    ...paramKindErrors(spec),
    ...(matchConstraints === undefined
      ? [required('spec.matchConstraints', '')]
      : [
          ...matchErrors('spec.matchConstraints', matchConstraints),
          ...((matchConstraints.resourceRules ?? []).length === 0
            ? [required('spec.matchConstraints.resourceRules')]
            : []),
        ]),
    ...(checksConditions ? conditionErrors('spec.matchConditions', spec.matchConditions, faults) : []),
    ...variableErrors(spec, faults),
    ...(isEmpty ? [required('spec.validations', why), required('spec.auditAnnotations', why)] : []),
    ...validationErrors(spec, faults),
    ...annotationErrors(spec, metadata.name ?? '', faults),
  ];
};

export const validatePolicy = (policy: ValidatingAdmissionPolicy): FieldError[] => validateSpec(policy, true);

/** Conditions that stay as they were stored are not looked at again. */
export const validatePolicyUpdate = (
  policy: ValidatingAdmissionPolicy,
  { spec: old }: ValidatingAdmissionPolicy,
): FieldError[] => {
  const { paramKind, matchConditions } = policy.spec;
  const isSame =
    jsonEquals(paramKind ?? null, old.paramKind ?? null) &&
    jsonEquals(matchConditions ?? [], old.matchConditions ?? []);
  return validateSpec(policy, !isSame);
};

export const validatePolicyStatus = ({ status }: ValidatingAdmissionPolicy): FieldError[] => [
  ...each('status.typeChecking.expressionWarnings', status?.typeChecking?.expressionWarnings, (warning, at) => [
    ...((warning.warning ?? '') === '' ? [required(child(at, 'warning'))] : []),
    ...((warning.fieldRef ?? '').trim() === '' ? [required(child(at, 'fieldRef'))] : []),
  ]),
  ...validateConditions('status.conditions', status?.conditions),
];

const paramRefErrors = ({ paramRef }: ValidatingAdmissionPolicyBinding['spec']): FieldError[] => {
  if (paramRef === undefined) return [];
  const { name = '', selector, parameterNotFoundAction } = paramRef;
  const field = 'spec.paramRef';
  const exclusive = 'name and selector are mutually exclusive';
  const hasBoth = name !== '' && selector !== undefined;
  return [
    ...(name === '' ? [] : invalidEach(child(field, 'name'), name, pathSegmentName(name))),
    ...(hasBoth ? [forbidden(child(field, 'name'), exclusive)] : []),
    ...validateLabelSelector(child(field, 'selector'), selector),
    ...(hasBoth ? [forbidden(child(field, 'selector'), exclusive)] : []),
    ...(name === '' && selector === undefined ? [required(field, 'one of name or selector must be specified')] : []),
    ...requiredOneOf(child(field, 'parameterNotFoundAction'), parameterNotFoundAction, ['Deny', 'Allow']),
  ];
};

const actionErrors = (actions: readonly string[] = []): FieldError[] => {
  const field = 'spec.validationActions';
  const seen = new Set<string>();
  const detail =
    'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
  return [
    ...each(field, actions, (action, at) => {
      const errors = oneOf(at, action, ACTIONS);
      if (seen.has(action)) errors.push(duplicate(at, action));
      seen.add(action);
      return errors;
    }),
    ...(actions.includes('Deny') && actions.includes('Warn') ? [invalid(field, actions, detail)] : []),
    ...(actions.length === 0 ? [required(field, 'at least one validation action is required')] : []),
  ];
};

export const validatePolicyBinding = ({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] => [
  ...requiredText('spec.policyName', spec.policyName, dns1123Subdomain),
  ...paramRefErrors(spec),
  ...(spec.matchResources === undefined ? [] : matchErrors('spec.matchResources', spec.matchResources)),
  ...actionErrors(spec.validationActions),
];
