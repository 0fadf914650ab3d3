import type {
  MatchResources,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../objects/kinds/admissionregistration-k8s-io-v1.js';
import { dns1035Label, pathSegmentName, qualifiedName } from '../../../objects/names.js';
import { compileConditions, compilePolicy, type Refuse } from '../cel/request-expressions.js';
import { child, forbidden, invalid, invalidEach, required, tooMany, type FieldError } from '../field-errors.js';
import { validateLabelSelector } from './labels.js';
import { each, oneOf, requiredOneOf, requiredText, unique } from './rules.js';

const MOST_CONDITIONS = 64;
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];
const ACTIONS = ['Audit', 'Deny', 'Warn'];
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

interface NamedExpression {
  readonly name?: string;
  readonly expression?: string;
}

const collect = (errors: FieldError[], field: string): Refuse => {
  return (path, source, error) => errors.push(invalid(child(field, path), source, error.message));
};

/** The conditions of a webhook or a policy as they are written. */
const conditionErrors = (field: string, conditions: readonly NamedExpression[] | undefined): FieldError[] => [
  ...((conditions ?? []).length > MOST_CONDITIONS ? [tooMany(field, conditions?.length ?? 0, MOST_CONDITIONS)] : []),
  ...each(field, conditions, ({ name, expression }, at) => [
    ...requiredText(child(at, 'name'), name, qualifiedName),
    ...((expression ?? '').trim() === '' ? [required(child(at, 'expression'))] : []),
  ]),
  ...unique(field, conditions, ({ name }) => name, 'name'),
];

/** What is wrong with the match conditions of a webhook. */
export const validateMatchConditions = (
  path: string,
  conditions: readonly NamedExpression[] | undefined,
): FieldError[] => {
  const errors = conditionErrors(child(path, 'matchConditions'), conditions);
  compileConditions(conditions, { hasParams: false, hasAuthorizer: true }, collect(errors, path));
  return errors;
};

type Rules = MatchResources['resourceRules'];

const ruleErrors = (field: string, rules: Rules): FieldError[] =>
  each(field, rules, (rule, at) => [
    ...((rule.operations ?? []).length === 0 ? [required(child(at, 'operations'))] : []),
    ...each(child(at, 'operations'), rule.operations, (operation, path) => oneOf(path, operation, OPERATIONS)),
    ...((rule.apiGroups ?? []).length === 0 ? [required(child(at, 'apiGroups'))] : []),
    ...((rule.apiVersions ?? []).length === 0 ? [required(child(at, 'apiVersions'))] : []),
    ...((rule.resources ?? []).length === 0 ? [required(child(at, 'resources'))] : []),
    ...oneOf(child(at, 'scope'), rule.scope, ['*', 'Cluster', 'Namespaced']),
    ...unique(child(at, 'resourceNames'), rule.resourceNames, (name) => name),
  ]);

const matchErrors = (field: string, match: MatchResources): FieldError[] => [
  ...oneOf(child(field, 'matchPolicy'), match.matchPolicy, ['Equivalent', 'Exact']),
  ...validateLabelSelector(child(field, 'namespaceSelector'), match.namespaceSelector),
  ...validateLabelSelector(child(field, 'objectSelector'), match.objectSelector),
  ...ruleErrors(child(field, 'resourceRules'), match.resourceRules),
  ...ruleErrors(child(field, 'excludeResourceRules'), match.excludeResourceRules),
];

type Spec = ValidatingAdmissionPolicy['spec'];

const paramKindErrors = ({ paramKind }: Spec): FieldError[] => {
  if (paramKind === undefined) return [];
  const { apiVersion = '', kind } = paramKind;
  const field = 'spec.paramKind';
  return [
    ...requiredText(child(field, 'apiVersion'), apiVersion),
    ...(/^[^/]*(?:\/[^/]+)?$/.test(apiVersion)
      ? []
      : [invalid(child(field, 'apiVersion'), apiVersion, `unexpected GroupVersion string: ${apiVersion}`)]),
    ...requiredText(child(field, 'kind'), kind, (name) => dns1035Label(name.toLowerCase())),
  ];
};

const variableErrors = ({ variables }: Spec): FieldError[] => [
  ...each('spec.variables', variables, ({ name, expression }, at) => [
    ...(name.trim() === ''
      ? [required(child(at, 'name'), 'name is not specified')]
      : /^[A-Za-z_]\w*$/.test(name)
        ? []
        : [invalid(child(at, 'name'), name, 'name is not a valid CEL identifier')]),
    ...(expression.trim() === '' ? [required(child(at, 'expression'), 'expression is not specified')] : []),
  ]),
  ...unique('spec.variables', variables, ({ name }) => name, 'name'),
];

const hasLines = (text: string): boolean => /[\n\r]/.test(text);

const messageErrors = (at: string, expression: string, message: string): FieldError[] => {
  const field = child(at, 'message');
  if (message !== '' && message.trim() === '')
    return [invalid(field, message, 'message must be non-empty if specified')];
  if (hasLines(message.trim())) return [invalid(field, message, 'message must not contain line breaks')];
  if (hasLines(expression) && message === '')
    return [required(field, 'message must be specified if expression contains line breaks')];
  return [];
};

const validationErrors = ({ validations }: Spec): FieldError[] =>
  each('spec.validations', validations, ({ expression, message = '', messageExpression = '', reason }, at) => [
    ...(expression.trim() === ''
      ? [required(child(at, 'expression'), 'expression is not specified')]
      : messageErrors(at, expression.trim(), message)),
    ...(messageExpression !== '' && messageExpression.trim() === ''
      ? [invalid(child(at, 'messageExpression'), messageExpression, 'must be non-empty if specified')]
      : []),
    ...oneOf(child(at, 'reason'), reason, REASONS),
  ]);

const annotationErrors = ({ auditAnnotations }: Spec, name: string): FieldError[] => [
  ...each('spec.auditAnnotations', auditAnnotations, ({ key, valueExpression }, at) => [
    ...(key === ''
      ? [required(child(at, 'key'), '')]
      : invalidEach(child(at, 'key'), key, qualifiedName(`${name}/${key}`))),
    ...(valueExpression.trim() === ''
      ? [required(child(at, 'valueExpression'), 'valueExpression is not specified')]
      : []),
  ]),
  ...unique('spec.auditAnnotations', auditAnnotations, ({ key }) => key, 'key'),
];

export const validatePolicy = ({ metadata, spec }: ValidatingAdmissionPolicy): FieldError[] => {
  const { matchConstraints } = spec;
  const isEmpty = (spec.validations ?? []).length + (spec.auditAnnotations ?? []).length === 0;
  const why = 'validations or auditAnnotations must be non-empty';
  const written = [
    ...requiredOneOf('spec.failurePolicy', spec.failurePolicy, ['Fail', 'Ignore']),
    ...paramKindErrors(spec),
    ...(matchConstraints === undefined
      ? [required('spec.matchConstraints', '')]
      : [
          ...matchErrors('spec.matchConstraints', matchConstraints),
          ...((matchConstraints.resourceRules ?? []).length === 0
            ? [required('spec.matchConstraints.resourceRules')]
            : []),
        ]),
    ...conditionErrors('spec.matchConditions', spec.matchConditions),
    ...(isEmpty ? [required('spec.validations', why), required('spec.auditAnnotations', why)] : []),
    ...variableErrors(spec),
    ...validationErrors(spec),
    ...annotationErrors(spec, metadata.name),
  ];
  compilePolicy(spec, collect(written, 'spec'));
  return written;
};

const paramRefErrors = ({ paramRef }: ValidatingAdmissionPolicyBinding['spec']): FieldError[] => {
  if (paramRef === undefined) return [];
  const { name = '', selector, parameterNotFoundAction } = paramRef;
  const field = 'spec.paramRef';
  const exclusive = 'name and selector are mutually exclusive';
  const chosen =
    name === '' && selector === undefined
      ? [required(field, 'one of name or selector must be specified')]
      : name !== '' && selector !== undefined
        ? [forbidden(child(field, 'name'), exclusive), forbidden(child(field, 'selector'), exclusive)]
        : [];
  return [
    ...(name === '' ? [] : invalidEach(child(field, 'name'), name, pathSegmentName(name))),
    ...chosen,
    ...validateLabelSelector(child(field, 'selector'), selector),
    ...requiredOneOf(child(field, 'parameterNotFoundAction'), parameterNotFoundAction, ['Allow', 'Deny']),
  ];
};

const actionErrors = (actions: readonly string[] | undefined): FieldError[] => {
  const field = 'spec.validationActions';
  if ((actions ?? []).length === 0) return [required(field, '')];
  const isTwice = actions?.includes('Deny') === true && actions.includes('Warn');
  return [
    ...each(field, actions, (action, at) => oneOf(at, action, ACTIONS)),
    ...unique(field, actions, (action) => action),
    ...(isTwice
      ? [
          invalid(
            field,
            ACTIONS.filter((action) => actions?.includes(action)),
            'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
          ),
        ]
      : []),
  ];
};

export const validatePolicyBinding = ({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] => [
  ...requiredText('spec.policyName', spec.policyName, pathSegmentName),
  ...paramRefErrors(spec),
  ...(spec.matchResources === undefined ? [] : matchErrors('spec.matchResources', spec.matchResources)),
  ...actionErrors(spec.validationActions),
];
