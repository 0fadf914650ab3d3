import type { Container, PodSpec, ResourceRequirements } from '../../../objects/kinds/core-v1.js';
import { dns1123Label } from '../../../objects/names.js';
import {
  addResources,
  compareQuantities,
  formatQuantity,
  tryParseQuantity,
  type Quantity,
  type ResourceList,
} from '../../../objects/quantity.js';
import {
  child,
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  item,
  keyed,
  notFound,
  notSupported,
  required,
  type FieldError,
} from '../field-errors.js';
import type { PodRules } from './pod-rules.js';
import {
  isHugePages,
  isOvercommitted,
  validateContainerResourceName,
  validateQuantity,
  validateResourceName,
} from './quantities.js';

type NameCheck = (field: string, name: string) => FieldError[];

/** Huge pages come in pages. */
const wholePages = (field: string, name: string, quantity: Quantity | undefined, rules: PodRules): FieldError[] => {
  if (!isHugePages(name) || quantity === undefined || rules.allowIndivisibleHugePages === true) return [];
  const size = tryParseQuantity(name.slice('hugepages-'.length))?.nanos ?? 0n;
  const isSize = size > 0n && size % 1_000_000_000n === 0n;
  if (isSize && quantity.nanos % size === 0n) return [];
  const shown = formatQuantity(quantity);
  return [invalid(field, shown, `${shown} is not positive integer multiple of ${name}`)];
};

const againstLimit = (
  path: string,
  name: string,
  request: Quantity | undefined,
  limits: ResourceList,
): FieldError[] => {
  if (limits[name] === undefined) {
    return isOvercommitted(name)
      ? []
      : [required(child(path, 'limits'), 'Limit must be set for non overcommitable resources')];
  }
  const limit = tryParseQuantity(limits[name]);
  if (request === undefined || limit === undefined) return [];
  const order = compareQuantities(request, limit);
  if (order === 0 || (order < 0 && isOvercommitted(name))) return [];
  const must = isOvercommitted(name) ? 'must be less than or equal to' : 'must be equal to';
  return [
    invalid(child(path, 'requests'), formatQuantity(request), `${must} ${name} limit of ${formatQuantity(limit)}`),
  ];
};

const validateRequirements = (
  field: string,
  resources: ResourceRequirements,
  checkName: NameCheck,
  claims: readonly string[],
  rules: PodRules,
): FieldError[] => {
  const { limits = {}, requests = {} } = resources;
  const errors: FieldError[] = [];
  for (const [name, value] of Object.entries(limits)) {
    const path = keyed(child(field, 'limits'), name);
    const quantity = tryParseQuantity(value);
    errors.push(
      ...checkName(path, name),
      ...validateQuantity(path, name, value),
      ...wholePages(path, name, quantity, rules),
    );
  }
  for (const [name, value] of Object.entries(requests)) {
    const path = keyed(child(field, 'requests'), name);
    const quantity = tryParseQuantity(value);
    errors.push(
      ...checkName(path, name),
      ...validateQuantity(path, name, value),
      ...againstLimit(field, name, quantity, limits),
      ...wholePages(path, name, quantity, rules),
    );
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbidden(field, 'HugePages require cpu or memory'));
  }
  return [...errors, ...validateClaims(child(field, 'claims'), resources.claims ?? [], claims)];
};

const validateClaims = (
  field: string,
  wanted: NonNullable<ResourceRequirements['claims']>,
  known: readonly string[],
): FieldError[] => {
  const seen = new Set<string>();
  return wanted.flatMap(({ name = '', request = '' }, index) => {
    const path = item(field, index);
    if (name === '') return [required(path)];
    const errors: FieldError[] = [];
    if (seen.has(name)) errors.push(duplicate(path, name));
    else {
      const key = request === '' ? name : `${name}/${request}`;
      if (request !== '') errors.push(...invalidEach(child(path, 'request'), request, dns1123Label(request)));
      if (seen.has(key)) errors.push(duplicate(path, key));
      else if (request === '') {
        const parts = [...seen].filter((other) => other.startsWith(`${name}/`));
        errors.push(...parts.map(() => duplicate(path, name)));
      }
      seen.add(key);
    }
    if (known.includes(name)) return errors;
    const wrong = notFound(path, name);
    const names = known.length === 0 ? ' which is empty' : `: ${[...new Set(known)].sort().join(', ')}`;
    return [
      ...errors,
      { ...wrong, message: `${wrong.message}: must be one of the names in pod.spec.resourceClaims${names}` },
    ];
  });
};

/** Requests and limits of a container: no request may be above its limit. */
export const validateContainerResources = (
  field: string,
  resources: ResourceRequirements | undefined,
  claims: readonly string[],
  rules: PodRules,
): FieldError[] =>
  resources === undefined ? [] : validateRequirements(field, resources, validateContainerResourceName, claims, rules);

const OF_PODS = ['cpu', 'hugepages-', 'memory'];

const validatePodResourceName: NameCheck = (field, name) => {
  const errors = validateResourceName(field, name);
  if (errors.length > 0 || name === 'cpu' || name === 'memory' || isHugePages(name)) return errors;
  return [notSupported(field, name, OF_PODS)];
};

export const isSidecar = ({ restartPolicy }: Container): boolean => restartPolicy === 'Always';

/** What the containers of a pod ask for together, at the time when they ask for the most. */
const together = (spec: PodSpec, part: 'limits' | 'requests'): ResourceList => {
  const listOf = ({ resources }: Container): ResourceList => resources?.[part] ?? {};
  let running = (spec.containers ?? []).reduce<ResourceList>(
    (sum, container) => addResources(sum, listOf(container)),
    {},
  );
  let sidecars: ResourceList = {};
  const peaks: ResourceList[] = [];
  for (const container of spec.initContainers ?? []) {
    if (isSidecar(container)) {
      sidecars = addResources(sidecars, listOf(container));
      running = addResources(running, listOf(container));
      peaks.push(sidecars);
    } else peaks.push(addResources(sidecars, listOf(container)));
  }
  return peaks.reduce<ResourceList>(larger, running);
};

const larger = (left: ResourceList, right: ResourceList): ResourceList => {
  const result: Record<string, string | number> = { ...left };
  for (const [name, value] of Object.entries(right)) {
    const [old, other] = [tryParseQuantity(result[name] ?? ''), tryParseQuantity(value)];
    if (old === undefined || (other !== undefined && compareQuantities(old, other) < 0)) result[name] = value;
  }
  return result;
};

const isAbove = (value: string | number, bound: string | number): boolean => {
  const [left, right] = [tryParseQuantity(value), tryParseQuantity(bound)];
  return left !== undefined && right !== undefined && compareQuantities(left, right) > 0;
};

const shown = (value: string | number): string => {
  const quantity = tryParseQuantity(value);
  return quantity === undefined ? String(value) : formatQuantity(quantity);
};

/** The resources of the pod as a whole hold those of its containers. */
export const validatePodResources = (field: string, spec: PodSpec, rules: PodRules): FieldError[] => {
  const { resources } = spec;
  if (resources === undefined) return [];
  if (spec.os?.name === 'windows') return [forbidden(field, 'may not be set for a windows pod')];
  const claims = (spec.resourceClaims ?? []).map(({ name = '' }) => name).filter((name) => name !== '');
  const errors: FieldError[] = [];
  if (resources.claims !== undefined) {
    errors.push(forbidden(child(field, 'claims'), 'claims may not be set for Resources at pod-level'));
  }
  errors.push(...validateRequirements(field, resources, validatePodResourceName, claims, rules));
  const { requests = {}, limits = {} } = resources;
  for (const [name, sum] of Object.entries(together(spec, 'requests'))) {
    const own = requests[name];
    if (own === undefined || !isAbove(sum, own)) continue;
    const detail = `must be greater than or equal to aggregate container requests of ${shown(sum)}`;
    errors.push(invalid(keyed(child(field, 'requests'), name), shown(own), detail));
  }
  for (const [name, sum] of Object.entries(together(spec, 'limits'))) {
    const own = limits[name];
    if (own === undefined || !isHugePages(name) || !isAbove(sum, own)) continue;
    const detail = `must be greater than or equal to aggregate container limits of ${shown(sum)}`;
    errors.push(invalid(keyed(child(field, 'limits'), name), shown(own), detail));
  }
  for (const [index, container] of (spec.containers ?? []).entries()) {
    for (const [name, limit] of Object.entries(container.resources?.limits ?? {})) {
      const own = limits[name];
      if (own === undefined || !isAbove(limit, own)) continue;
      const path = child(keyed(item(child(field, 'containers'), index), name), 'limits');
      errors.push(invalid(path, shown(limit), `must be less than or equal to pod limits of ${shown(own)}`));
    }
  }
  return errors;
};

/** What a pod costs beside its containers: named and bounded as the requests of a container. */
export const validateOverhead = (field: string, overhead: ResourceList | undefined): FieldError[] =>
  overhead === undefined
    ? []
    : validateRequirements(field, { limits: overhead }, validateContainerResourceName, [], { isPod: true });
