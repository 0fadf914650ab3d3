import type { LimitRange, LimitRangeItem, ResourceQuota, ResourceQuotaSpec } from '../../../objects/kinds/core-v1.js';
import { qualifiedName } from '../../../objects/names.js';
import { compareQuantities, formatQuantity, tryParseQuantity, type Quantity } from '../../../objects/quantity.js';
import {
  child,
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  keyed,
  required,
  type FieldError,
} from '../field-errors.js';
import { internal } from './go-values.js';
import {
  isOvercommitted,
  isQuotaName,
  validateContainerResourceName,
  validateQuantity,
  validateQuotaName,
  validateResourceName,
} from './quantities.js';
import { each } from './rules.js';

const TYPES = ['Container', 'PersistentVolumeClaim', 'Pod'];

const validateType = (field: string, type: string): FieldError[] => {
  const errors = invalidEach(field, type, qualifiedName(type));
  return errors.length > 0 || type.includes('/') || TYPES.includes(type)
    ? errors
    : [...errors, invalid(field, type, 'must be a standard limit type or fully qualified')];
};

type List = 'min' | 'max' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio';
const shown = formatQuantity;

/** One of two amounts, which may not be above the other: where it is reported, which is shown, and the words. */
const ORDERS: readonly (readonly [
  low: List,
  high: List,
  at: List,
  shows: 'low' | 'high',
  lowName: string,
  highName: string,
])[] = [
  ['min', 'max', 'min', 'low', 'min', 'max'],
  ['min', 'defaultRequest', 'defaultRequest', 'high', 'min', 'default request'],
  ['defaultRequest', 'max', 'defaultRequest', 'low', 'default request', 'max'],
  ['defaultRequest', 'default', 'defaultRequest', 'low', 'default request', 'default limit'],
  ['min', 'default', 'default', 'low', 'min', 'default'],
  ['default', 'max', 'default', 'high', 'default', 'max'],
];

const ONE: Quantity = { nanos: 1_000_000_000n, format: 'DecimalSI' };

const validateRatio = (path: string, ratio: Quantity, min: Quantity | undefined, max: Quantity | undefined) => {
  const errors: FieldError[] = [];
  if (compareQuantities(ratio, ONE) < 0) {
    errors.push(invalid(path, shown(ratio), `ratio ${shown(ratio)} is less than 1`));
  }
  if (min === undefined || max === undefined) return errors;
  const most = Number(max.nanos) / Number(min.nanos);
  if (Number(ratio.nanos) / 1e9 > most) {
    errors.push(invalid(path, shown(ratio), `ratio ${shown(ratio)} is greater than max/min = ${most.toFixed(6)}`));
  }
  return errors;
};

const validateAmounts = (limit: LimitRangeItem, field: string, name: string): FieldError[] => {
  const amount = (list: List): Quantity | undefined => {
    const isIgnored = limit.type === 'Pod' && (list === 'default' || list === 'defaultRequest');
    return isIgnored ? undefined : tryParseQuantity(limit[list]?.[name] ?? '');
  };
  const errors = ORDERS.flatMap(([lowList, highList, at, shows, lowName, highName]) => {
    const [low, high] = [amount(lowList), amount(highList)];
    if (low === undefined || high === undefined || compareQuantities(low, high) <= 0) return [];
    const words = `${lowName} value ${shown(low)} is greater than ${highName} value ${shown(high)}`;
    return [invalid(keyed(child(field, at), name), shown(shows === 'low' ? low : high), words)];
  });
  const ratio = amount('maxLimitRequestRatio');
  if (ratio !== undefined) {
    const path = keyed(child(field, 'maxLimitRequestRatio'), name);
    errors.push(...validateRatio(path, ratio, amount('min'), amount('max')));
  }
  const [value, request] = [amount('default'), amount('defaultRequest')];
  if (isOvercommitted(name) || value === undefined || request === undefined) return errors;
  if (compareQuantities(value, request) === 0) return errors;
  const words = `default value ${shown(value)} must equal to defaultRequest value ${shown(request)} in ${name}`;
  return [...errors, invalid(keyed(child(field, 'defaultRequest'), name), shown(request), words)];
};

const validateLimit = (limit: LimitRangeItem, field: string): FieldError[] => {
  const { type = '' } = limit;
  const isPod = type === 'Pod';
  const checkName = isPod || type === 'Container' ? validateContainerResourceName : validateResourceName;
  const names = new Set<string>();
  const check = (list: List): FieldError[] =>
    Object.keys(limit[list] ?? {}).flatMap((name) => {
      names.add(name);
      return checkName(keyed(child(field, list), name), name);
    });
  const errors = [...check('max'), ...check('min')];
  for (const list of ['default', 'defaultRequest'] as const) {
    if (!isPod) errors.push(...check(list));
    else if (Object.keys(limit[list] ?? {}).length > 0) {
      errors.push(forbidden(child(field, list), "may not be specified when `type` is 'Pod'"));
    }
  }
  const isBounded = limit.min?.['storage'] !== undefined || limit.max?.['storage'] !== undefined;
  if (type === 'PersistentVolumeClaim' && !isBounded) {
    const detail = 'either minimum or maximum storage value is required, but neither was provided';
    errors.push(required(child(field, 'limits'), detail));
  }
  errors.push(...check('maxLimitRequestRatio'));
  return [...errors, ...[...names].flatMap((name) => validateAmounts(limit, field, name))];
};

export const validateLimitRange = ({ spec }: LimitRange): FieldError[] => {
  const types = new Set<string>();
  return each('spec.limits', spec?.limits, (limit, path) => {
    const { type = '' } = limit;
    const errors = validateType(child(path, 'type'), type);
    if (types.has(type)) errors.push(duplicate(child(path, 'type'), type));
    types.add(type);
    return [...errors, ...validateLimit(limit, path)];
  });
};

const SCOPES = new Set([
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'PriorityClass',
  'Terminating',
  'VolumeAttributesClass',
]);
const WITHOUT_VALUES = new Set([
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'Terminating',
]);
const OF_PODS = new Set(['cpu', 'limits.cpu', 'limits.memory', 'memory', 'pods', 'requests.cpu', 'requests.memory']);
const OF_CLAIMS = new Set(['persistentvolumeclaims', 'requests.storage']);

const fits = (scope: string, name: string): boolean => {
  if (scope === 'BestEffort') return name === 'pods';
  if (scope === 'VolumeAttributesClass') return OF_CLAIMS.has(name);
  return !SCOPES.has(scope) || OF_PODS.has(name);
};

const misfits = (spec: ResourceQuotaSpec, scope: string): readonly string[] =>
  Object.keys(spec.hard ?? {})
    .sort()
    .filter((name) => isQuotaName(name) && !fits(scope, name));

const CONFLICTS = [
  ['BestEffort', 'NotBestEffort'],
  ['NotTerminating', 'Terminating'],
];

const conflicts = (spec: ResourceQuotaSpec, field: string, scopes: readonly string[]): FieldError[] =>
  CONFLICTS.filter((pair) => pair.every((scope) => scopes.includes(scope))).map(() =>
    invalid(field, spec.scopes ?? null, 'conflicting scopes'),
  );

const validateScopes = (spec: ResourceQuotaSpec): FieldError[] => {
  const { scopes = [] } = spec;
  return [
    ...scopes.flatMap((scope) => [
      ...(SCOPES.has(scope) ? [] : [invalid('spec.scopes', scopes, 'unsupported scope')]),
      ...misfits(spec, scope).map(() => invalid('spec.scopes', scopes, 'unsupported scope applied to resource')),
    ]),
    ...conflicts(spec, 'spec.scopes', scopes),
  ];
};

const MUST_EXIST =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

const validateSelector = (spec: ResourceQuotaSpec): FieldError[] => {
  if (spec.scopeSelector === undefined) return [];
  const field = 'spec.scopeSelector.matchExpressions';
  const expressions = spec.scopeSelector.matchExpressions ?? [];
  const form = internal('core/v1.ScopeSelector', spec.scopeSelector);
  const errors = expressions.flatMap(({ scopeName = '', operator = '', values = [] }) => {
    const wrong = SCOPES.has(scopeName) ? [] : [invalid(child(field, 'scopeName'), scopeName, 'unsupported scope')];
    wrong.push(...misfits(spec, scopeName).map(() => invalid(field, form, 'unsupported scope applied to resource')));
    const path = child(field, 'operator');
    if (WITHOUT_VALUES.has(scopeName) && operator !== 'Exists') wrong.push(invalid(path, operator, MUST_EXIST));
    if (operator === 'In' || operator === 'NotIn') {
      const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      if (values.length === 0) wrong.push(required(child(field, 'values'), detail));
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      if (values.length > 0) wrong.push(invalid(child(field, 'values'), values, detail));
    } else wrong.push(invalid(path, operator, 'not a valid selector operator'));
    return wrong;
  });
  return [
    ...errors,
    ...conflicts(
      spec,
      field,
      expressions.map(({ scopeName = '' }) => scopeName),
    ),
  ];
};

export const validateResourceQuota = ({ spec = {} }: ResourceQuota): FieldError[] => [
  ...Object.entries(spec.hard ?? {}).flatMap(([name, value]) => [
    ...validateQuotaName(keyed('spec.hard', name), name),
    ...validateQuantity(keyed('spec.hard', name), name, value),
  ]),
  ...validateScopes(spec),
  ...validateSelector(spec),
];

export const validateResourceQuotaUpdate = (quota: ResourceQuota, old: ResourceQuota): FieldError[] => {
  const [now, before] = [new Set(quota.spec?.scopes), new Set(old.spec?.scopes)];
  const isSame = now.size === before.size && [...now].every((scope) => before.has(scope));
  return [
    ...validateResourceQuota(quota),
    ...(isSame ? [] : [invalid('spec.scopes', quota.spec?.scopes ?? null, 'field is immutable')]),
  ];
};
