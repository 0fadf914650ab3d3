import type {
  FlowSchema,
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  QueuingConfiguration,
  ResourcePolicyRule,
  ServiceAccountSubject,
  Subject,
} from '../../../objects/kinds/flowcontrol-apiserver-k8s-io-v1.js';
import { jsonEquals } from '../../../objects/json.js';
import { bootstrapPolicy } from '../../../objects/schema/bootstrap-policy.js';
import { dns1123Label, dns1123Subdomain } from '../../../objects/names.js';
import {
  child,
  forbidden,
  invalid,
  invalidEach,
  item,
  notSupported,
  required,
  type FieldError,
} from '../field-errors.js';
import { internal } from './go-values.js';
import { each, requiredText } from './rules.js';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const ALL = '*';

/** `*` stands alone; `empty` and `mixed` say what is wrong otherwise. */
const wildcardOr = (
  field: string,
  values: readonly string[] | undefined,
  words: { readonly empty: string; readonly mixed: string },
  otherwise: (values: readonly string[]) => FieldError[] = () => [],
): FieldError[] => {
  if (values === undefined || values.length === 0) return [required(field, words.empty)];
  if (!values.includes(ALL)) return otherwise(values);
  return values.length > 1 ? [invalid(field, values, `if '*' is present, must not specify other ${words.mixed}`)] : [];
};

const validateVerbs = (field: string, verbs: readonly string[] | undefined): FieldError[] =>
  wildcardOr(field, verbs, { empty: 'verbs must contain at least one value', mixed: 'verbs' }, (values) =>
    values.every((verb) => VERBS.includes(verb)) ? [] : [notSupported(field, values, VERBS)],
  );

const validateUrl = (field: string, url: string): FieldError[] => {
  const wrong = (why: string): FieldError[] => [invalid(field, url, why)];
  if (url === '') return wrong('must not be empty');
  if (url === '/') return [];
  if (!url.startsWith('/')) return wrong('must start with slash');
  if (url.includes(' ')) return wrong('must not contain white-space');
  if (url.includes('//')) return wrong('must not contain double slash');
  const stars = url.split('*').length - 1;
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? wrong('wildcard can only do suffix matching') : [];
};

const validatePathRule = (rule: NonResourcePolicyRule, path: string): FieldError[] => [
  ...validateVerbs(child(path, 'verbs'), rule.verbs),
  ...wildcardOr(
    child(path, 'nonResourceURLs'),
    rule.nonResourceURLs,
    { empty: 'nonResourceURLs must contain at least one value', mixed: 'non-resource URLs' },
    (urls) => urls.flatMap((url, index) => validateUrl(item(child(path, 'nonResourceURLs'), index), url)),
  ),
];

const validateNamespaces = (field: string, { namespaces = [], clusterScope }: ResourcePolicyRule): FieldError[] => {
  if (namespaces.length === 0) {
    const why = 'resource rules that are not cluster scoped must supply at least one namespace';
    return clusterScope === true ? [] : [required(field, why)];
  }
  return wildcardOr(field, namespaces, { empty: '', mixed: 'namespaces' }, (names) =>
    names.flatMap((name, index) =>
      dns1123Label(name).map((why) =>
        invalid(item(field, index), name, `each member of this list must be '*' or a DNS-1123 label; ${why}`),
      ),
    ),
  );
};

const validateResourceRule = (rule: ResourcePolicyRule, path: string): FieldError[] => [
  ...validateVerbs(child(path, 'verbs'), rule.verbs),
  ...wildcardOr(child(path, 'apiGroups'), rule.apiGroups, {
    empty: 'resource rules must supply at least one api group',
    mixed: 'api groups',
  }),
  ...wildcardOr(child(path, 'resources'), rule.resources, {
    empty: 'resource rules must supply at least one resource',
    mixed: 'resources',
  }),
  ...validateNamespaces(child(path, 'namespaces'), rule),
];

const SUBJECTS = { Group: 'group', ServiceAccount: 'serviceAccount', User: 'user' } as const;

const validateSubject = (subject: Subject, path: string): FieldError[] => {
  const { kind } = subject;
  if (!Object.hasOwn(SUBJECTS, kind)) return [notSupported(child(path, 'kind'), kind, Object.keys(SUBJECTS))];
  const own = SUBJECTS[kind as keyof typeof SUBJECTS];
  const others = Object.entries(SUBJECTS).filter(([other, name]) => other !== kind && subject[name] !== undefined);
  return [
    ...(subject[own] === undefined
      ? [required(child(path, own), `${own} is required when subject kind is '${kind}'`)]
      : []),
    ...(subject[own] === undefined || own === 'serviceAccount'
      ? []
      : requiredText(child(path, `${own}.name`), subject[own].name)),
    ...(own === 'serviceAccount' ? validateAccount(subject, child(path, own)) : []),
    ...others.map(([other, name]) =>
      forbidden(child(path, name), `${name} is forbidden when subject kind is not '${other}'`),
    ),
  ];
};

const validateAccount = ({ serviceAccount }: Subject, path: string): FieldError[] => {
  if (serviceAccount === undefined) return [];
  const { name, namespace }: Partial<ServiceAccountSubject> = serviceAccount;
  return [
    ...(name === ALL ? [] : requiredText(child(path, 'name'), name, dns1123Subdomain)),
    ...(namespace === undefined || namespace === ''
      ? [required(child(path, 'namespace'), 'must specify namespace for service account')]
      : invalidEach(child(path, 'namespace'), namespace, dns1123Label(namespace))),
  ];
};

const validateRules = (rule: Partial<PolicyRulesWithSubjects>, path: string): FieldError[] => {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  return [
    ...(subjects.length === 0 ? [required(child(path, 'subjects'), 'subjects must contain at least one value')] : []),
    ...each(child(path, 'subjects'), subjects, validateSubject),
    ...(resourceRules.length + nonResourceRules.length === 0
      ? [required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty')]
      : []),
    ...each(child(path, 'resourceRules'), resourceRules, validateResourceRule),
    ...each(child(path, 'nonResourceRules'), nonResourceRules, validatePathRule),
  ];
};

const HIGHEST_PRECEDENCE = 10_000;

export const validateFlowSchema = (schema: FlowSchema): FieldError[] => {
  const made = mandatory('flowSchemas', schema.metadata.name) as Pick<FlowSchema, 'spec'> | undefined;
  const errors = validateSchemaSpec(schema);
  if (made === undefined || jsonEquals(schema.spec, made.spec)) return errors;
  const shown = internal('flowcontrol.apiserver.k8s.io/v1.FlowSchemaSpec', schema.spec);
  return [...errors, invalid('spec', shown, `spec of '${schema.metadata.name}' must equal the fixed value`)];
};

const validateSchemaSpec = ({ metadata, spec }: FlowSchema): FieldError[] => {
  const { matchingPrecedence = 0, distinguisherMethod, priorityLevelConfiguration, rules } = spec;
  const field = 'spec.matchingPrecedence';
  const level = priorityLevelConfiguration?.name ?? '';
  const isReserved = matchingPrecedence === 1 && metadata.name !== 'exempt';
  const method = distinguisherMethod?.type ?? '';
  return [
    ...(matchingPrecedence <= 0 ? [invalid(field, matchingPrecedence, 'must be a positive value')] : []),
    ...(matchingPrecedence > HIGHEST_PRECEDENCE
      ? [invalid(field, matchingPrecedence, `must not be greater than ${HIGHEST_PRECEDENCE}`)]
      : []),
    ...(isReserved
      ? [invalid(field, matchingPrecedence, "only the schema named 'exempt' may have matchingPrecedence 1")]
      : []),
    ...(distinguisherMethod !== undefined && method !== 'ByNamespace' && method !== 'ByUser'
      ? [notSupported('spec.distinguisherMethod.type', shownMethod(distinguisherMethod), ['ByNamespace', 'ByUser'])]
      : []),
    ...(level === ''
      ? [required('spec.priorityLevelConfiguration.name', 'must reference a priority level')]
      : invalidEach('spec.priorityLevelConfiguration.name', level, dns1123Subdomain(level))),
    ...each('spec.rules', rules, validateRules),
  ];
};

const shownMethod = (method: unknown): unknown =>
  internal('flowcontrol.apiserver.k8s.io/v1.FlowDistinguisherMethod', method);

const percent = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && (value < 0 || value > 100)
    ? [invalid(field, value, 'must be between 0 and 100, inclusive')]
    : [];

const shares = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(field, value, 'must be a non-negative integer')] : [];

const MOST_QUEUES = 10_000_000;
const HASH_BITS = 60;

const validateQueuing = (field: string, { queues = 0, handSize = 0, queueLengthLimit = 0 }: QueuingConfiguration) => {
  const errors: FieldError[] = [];
  const wrong = (name: string, value: number, why: string): void => {
    errors.push(invalid(child(field, name), value, why));
  };
  if (queueLengthLimit <= 0) wrong('queueLengthLimit', queueLengthLimit, 'must be positive');
  if (queues <= 0) wrong('queues', queues, 'must be positive');
  else if (queues > MOST_QUEUES) wrong('queues', queues, `must not be greater than ${MOST_QUEUES}`);
  const bits = Math.ceil(Math.log2(queues) * handSize);
  if (handSize <= 0) wrong('handSize', handSize, 'must be positive');
  else if (handSize > queues) wrong('handSize', handSize, `should not be greater than queues (${queues})`);
  else if (bits > HASH_BITS) {
    const subject = `required entropy bits of deckSize ${queues} and handSize ${handSize}`;
    wrong('handSize', handSize, `${subject} should not be greater than ${HASH_BITS}`);
  }
  return errors;
};

const validateResponse = (field: string, { type, queuing }: LimitResponse): FieldError[] => {
  const path = child(field, 'queuing');
  if (type === 'Reject') {
    const why = 'must be nil if limited.limitResponse.type is not Limited';
    return queuing === undefined ? [] : [forbidden(path, why)];
  }
  if (type !== 'Queue') return [notSupported(child(field, 'type'), type, ['Queue', 'Reject'])];
  if (queuing === undefined) return [required(path, 'must not be empty if limited.limitResponse.type is Limited')];
  return validateQueuing(path, queuing);
};

const validateLimited = (field: string, limited: LimitedPriorityLevelConfiguration): FieldError[] => {
  const { nominalConcurrencyShares, limitResponse, lendablePercent, borrowingLimitPercent } = limited;
  return [
    ...shares(child(field, 'nominalConcurrencyShares'), nominalConcurrencyShares),
    ...validateResponse(child(field, 'limitResponse'), limitResponse ?? { type: '' }),
    ...percent(child(field, 'lendablePercent'), lendablePercent),
    ...(borrowingLimitPercent !== undefined && borrowingLimitPercent < 0
      ? [
          invalid(
            child(field, 'borrowingLimitPercent'),
            borrowingLimitPercent,
            'if specified, must be a non-negative integer',
          ),
        ]
      : []),
  ];
};

/** What the server itself cannot do without, as it makes it. */
const mandatory = (list: 'flowSchemas' | 'priorityLevels', name: string): unknown =>
  name === 'exempt' || name === 'catch-all'
    ? bootstrapPolicy()[list].find((entry) => (entry as { readonly name: string }).name === name)
    : undefined;

/** The level of what is never limited is as it is made; how much it lends may change. */
const validateFixed = ({ metadata, spec }: PriorityLevelConfiguration): FieldError[] => {
  const made = mandatory('priorityLevels', metadata.name) as Pick<PriorityLevelConfiguration, 'spec'> | undefined;
  if (made === undefined) return [];
  const isExempt = metadata.name === 'exempt';
  const asked = isExempt ? { ...spec, exempt: made.spec.exempt } : spec;
  if (jsonEquals(asked, made.spec)) return [];
  const shown = internal('flowcontrol.apiserver.k8s.io/v1.PriorityLevelConfigurationSpec', spec);
  const part = isExempt ? " except the 'spec.exempt' field" : '';
  return [invalid('spec', shown, `spec of '${metadata.name}'${part} must equal the fixed value`)];
};

export const validatePriorityLevel = (level: PriorityLevelConfiguration): FieldError[] => [
  ...validateLevelSpec(level),
  ...validateFixed(level),
];

const validateLevelSpec = ({ metadata, spec }: PriorityLevelConfiguration): FieldError[] => {
  const { type = '', limited, exempt } = spec;
  const errors: FieldError[] = [];
  if ((metadata.name === 'exempt') !== (type === 'Exempt')) {
    errors.push(invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  if (type === 'Exempt') {
    if (limited !== undefined) errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'));
    errors.push(
      ...shares('spec.exempt.nominalConcurrencyShares', exempt?.nominalConcurrencyShares),
      ...percent('spec.exempt.lendablePercent', exempt?.lendablePercent),
    );
    return errors;
  }
  if (type !== 'Limited') return [...errors, notSupported('spec.type', type, ['Exempt', 'Limited'])];
  if (exempt !== undefined) errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'));
  if (limited === undefined) return [...errors, required('spec.limited', 'must not be empty when type is Limited')];
  return [...errors, ...validateLimited('spec.limited', limited)];
};
