import { qualifiedName } from '../../../objects/names.js';
import { formatQuantity, tryParseQuantity } from '../../../objects/quantity.js';
import { invalid, invalidEach, type FieldError } from '../field-errors.js';

/** What resources may be called, and how much of them there may be. */
const STANDARD = new Set(['cpu', 'ephemeral-storage', 'memory']);
const COUNTED = [
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
  'services.loadbalancers',
  'services.nodeports',
];
const QUOTA: ReadonlySet<string> = new Set([
  ...STANDARD,
  ...COUNTED,
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
  'requests.storage',
]);
const INTEGER: ReadonlySet<string> = new Set(COUNTED);

export const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
const isQuotaHugePages = (name: string): boolean => isHugePages(name) || name.startsWith('requests.hugepages-');
const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');
const isExtended = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0;

/** More of it may be promised than there is. */
export const isOvercommitted = (name: string): boolean => isNative(name) && !isHugePages(name);

export const validateResourceName = (field: string, name: string): FieldError[] => {
  const errors = invalidEach(field, name, qualifiedName(name));
  if (errors.length > 0 || name.includes('/')) return errors;
  return QUOTA.has(name) || name === 'storage' || isQuotaHugePages(name)
    ? []
    : [invalid(field, name, 'must be a standard resource type or fully qualified')];
};

/** A name that quotas know without a domain. */
export const isQuotaName = (name: string): boolean => QUOTA.has(name) || isQuotaHugePages(name);

export const validateQuotaName = (field: string, name: string): FieldError[] => {
  const errors = validateResourceName(field, name);
  return name.includes('/') || isQuotaName(name)
    ? errors
    : [...errors, invalid(field, name, 'must be a standard resource for quota')];
};

export const validateContainerResourceName = (field: string, name: string): FieldError[] => {
  const errors = validateResourceName(field, name);
  if (!name.includes('/')) {
    return STANDARD.has(name) || isHugePages(name)
      ? errors
      : [...errors, invalid(field, name, 'must be a standard resource for containers')];
  }
  return isNative(name) || isExtended(name)
    ? errors
    : [...errors, invalid(field, name, "doesn't follow extended resource name standard")];
};

export const notNegative = (field: string, value: string | number): FieldError[] => {
  const quantity = tryParseQuantity(value);
  return quantity !== undefined && quantity.nanos < 0n
    ? [invalid(field, formatQuantity(quantity), 'must be greater than or equal to 0')]
    : [];
};

/** An amount of storage, shown as a whole number. */
export const basicAmount = (field: string, value: string | number): FieldError[] => {
  const quantity = tryParseQuantity(value);
  if (quantity === undefined || quantity.nanos >= 0n) return [];
  return [invalid(field, quantity.nanos / 1_000_000_000n, 'must be a valid resource quantity')];
};

export const validateQuantity = (field: string, name: string, value: string | number): FieldError[] => {
  const quantity = tryParseQuantity(value);
  if (quantity === undefined) return [];
  const isWhole = quantity.nanos % 1_000_000_000n === 0n;
  return [
    ...notNegative(field, value),
    ...(!isWhole && (INTEGER.has(name) || isExtended(name))
      ? [invalid(field, formatQuantity(quantity), 'must be an integer')]
      : []),
  ];
};
