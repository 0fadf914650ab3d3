import type { ResourceRequirements } from '../../../objects/kinds/core-v1.js';
import { qualifiedName } from '../../../objects/names.js';
import { compareQuantities, formatQuantity, tryParseQuantity, type ResourceList } from '../../../objects/quantity.js';
import { child, invalid, invalidEach, keyed, required, type FieldError } from '../field-errors.js';
import { each } from './rules.js';

const STANDARD = ['cpu', 'ephemeral-storage', 'memory'];
const OTHERS: ReadonlySet<string> = new Set([
  'configmaps',
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
  'requests.storage',
  'resourcequotas',
  'secrets',
  'services',
  'services.loadbalancers',
  'services.nodeports',
  'storage',
]);
const isHugePages = (name: string): boolean => name.startsWith('hugepages-');
const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');

export const validateResourceName = (field: string, name: string): FieldError[] => {
  const errors = invalidEach(field, name, qualifiedName(name));
  if (errors.length > 0) return errors;
  if (name.includes('/') || STANDARD.includes(name) || OTHERS.has(name) || isHugePages(name)) return [];
  return [invalid(field, name, 'must be a standard resource type or fully qualified')];
};

const validateContainerResourceName = (field: string, name: string): FieldError[] => {
  const errors = invalidEach(field, name, qualifiedName(name));
  if (errors.length > 0) return errors;
  if (name.includes('/') || STANDARD.includes(name) || isHugePages(name)) return [];
  return [invalid(field, name, 'must be a standard resource for containers')];
};

export const validateQuantity = (field: string, name: string, value: string | number): FieldError[] => {
  const quantity = tryParseQuantity(value);
  if (quantity === undefined) return [invalid(field, value, 'must be a quantity')];
  if (quantity.nanos < 0n) return [invalid(field, formatQuantity(quantity), 'must be greater than or equal to 0')];
  const isCounted = !STANDARD.includes(name) && (isHugePages(name) || !isNative(name) || !name.includes('/'));
  return isCounted && quantity.nanos % 1_000_000_000n !== 0n
    ? [invalid(field, formatQuantity(quantity), 'must be an integer')]
    : [];
};

/** Quantities by resource names, none of them negative. */
export const validateResourceList = (field: string, list: ResourceList | undefined): FieldError[] =>
  Object.entries(list ?? {}).flatMap(([name, value]) => [
    ...validateResourceName(keyed(field, name), name),
    ...validateQuantity(keyed(field, name), name, value),
  ]);

/** Requests and limits of a container: no request may be above its limit. */
export const validateResources = (field: string, resources: ResourceRequirements | undefined): FieldError[] => {
  if (resources === undefined) return [];
  const { limits = {}, requests = {} } = resources;
  const errors: FieldError[] = [];
  for (const [name, value] of Object.entries(limits)) {
    const path = keyed(child(field, 'limits'), name);
    errors.push(...validateContainerResourceName(path, name), ...validateQuantity(path, name, value));
  }
  for (const [name, value] of Object.entries(requests)) {
    const path = keyed(child(field, 'requests'), name);
    errors.push(...validateContainerResourceName(path, name), ...validateQuantity(path, name, value));
    const [request, limit] = [tryParseQuantity(value), tryParseQuantity(limits[name] ?? '')];
    if (request === undefined || limit === undefined) {
      if (limits[name] === undefined && (isHugePages(name) || !isNative(name))) {
        errors.push(required(child(field, 'limits'), 'Limit must be set for non overcommitable resources'));
      }
      continue;
    }
    const mustBeEqual = isHugePages(name) || !isNative(name);
    const order = compareQuantities(request, limit);
    if (mustBeEqual && order !== 0) {
      errors.push(
        invalid(
          child(field, 'requests'),
          formatQuantity(request),
          `must be equal to ${name} limit of ${formatQuantity(limit)}`,
        ),
      );
    } else if (order > 0) {
      errors.push(
        invalid(
          child(field, 'requests'),
          formatQuantity(request),
          `must be less than or equal to ${name} limit of ${formatQuantity(limit)}`,
        ),
      );
    }
  }
  errors.push(
    ...each(child(field, 'claims'), resources.claims, ({ name }, path) =>
      name === '' ? [required(child(path, 'name'))] : [],
    ),
  );
  return errors;
};
