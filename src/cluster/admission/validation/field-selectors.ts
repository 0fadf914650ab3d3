import type { ObjectFieldSelector, ResourceFieldSelector } from '../../../objects/kinds/core-v1.js';
import { qualifiedName } from '../../../objects/names.js';
import { formatQuantity, tryParseQuantity } from '../../../objects/quantity.js';
import { child, invalid, invalidEach, notSupported, required, type FieldError } from '../field-errors.js';

/** What a container may learn of its pod: fields of the object, and its resources. */
const KNOWN_FIELDS = new Set([
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]);

export const ENV_FIELDS: readonly string[] = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

export const VOLUME_FIELDS: readonly string[] = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

const subscripted = (path: string): readonly [string, string] | undefined => {
  const [, name, key] = /^([^[]*)\['(.*)'\]$/s.exec(path) ?? [];
  return name === undefined || name === '' || key === undefined ? undefined : [name, key];
};

export const validateFieldSelector = (
  field: string,
  { apiVersion = '', fieldPath = '' }: ObjectFieldSelector,
  supported: readonly string[],
): FieldError[] => {
  const path = child(field, 'fieldPath');
  if (apiVersion === '') return [required(child(field, 'apiVersion'))];
  if (fieldPath === '') return [required(path)];
  const unconverted = (why: string) => [invalid(path, fieldPath, `error converting fieldPath: ${why}`)];
  if (apiVersion !== 'v1') return unconverted(`unsupported pod version: ${apiVersion}`);
  const [name, key] = subscripted(fieldPath) ?? [];
  if (name !== undefined && key !== undefined) {
    if (name === 'metadata.annotations') return invalidEach(field, key.toLowerCase(), qualifiedName(key.toLowerCase()));
    if (name === 'metadata.labels') return invalidEach(field, key, qualifiedName(key));
    return unconverted(`field label does not support subscript: ${fieldPath}`);
  }
  // As old clients wrote it.
  const meant = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
  if (!KNOWN_FIELDS.has(meant)) return unconverted(`field label not supported: ${fieldPath}`);
  return supported.includes(meant) ? [] : [notSupported(path, meant, supported)];
};

const SIZES = '1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei';

/** Name of the resource, as messages have it, and its divisors. */
const divisorsOf = (resource: string): readonly [string, string] | undefined => {
  if (/^(limits|requests)\.cpu$/.test(resource)) return ['cpu', '1m and 1'];
  if (/^(limits|requests)\.memory$/.test(resource)) return ['memory', SIZES];
  if (/^(limits|requests)\.ephemeral-storage$/.test(resource)) return ['local ephemeral storage', SIZES];
  return /^(limits|requests)\.hugepages-/.test(resource) ? ['hugepages', SIZES] : undefined;
};

const validateDivisor = (field: string, resource: string, divisor: string | number | undefined): FieldError[] => {
  const quantity = divisor === undefined ? undefined : tryParseQuantity(divisor);
  const [name, allowed] = divisorsOf(resource) ?? [];
  if (quantity === undefined || quantity.nanos === 0n || name === undefined || allowed === undefined) return [];
  if (allowed.split(/, | and /).includes(formatQuantity(quantity))) return [];
  const detail = `only divisor's values ${allowed} are supported with the ${name} resource`;
  return [invalid(child(field, 'divisor'), resource, detail)];
};

/** In volumes the container must be named: they belong to none. */
export const validateResourceSelector = (
  field: string,
  { containerName = '', resource = '', divisor }: ResourceFieldSelector,
  inVolume: boolean,
): FieldError[] => {
  const errors: FieldError[] = [];
  if (inVolume && containerName === '') errors.push(required(child(field, 'containerName')));
  else if (resource === '') errors.push(required(child(field, 'resource')));
  else if (!RESOURCES.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)) {
    errors.push(notSupported(child(field, 'resource'), resource, RESOURCES));
  }
  return [...errors, ...validateDivisor(field, resource, divisor)];
};
