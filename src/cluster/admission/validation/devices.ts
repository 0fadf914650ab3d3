import type {
  DeviceClass,
  DeviceRequest,
  DeviceSelector,
  DeviceSubRequest,
  ResourceClaim,
  ResourceClaimSpec,
  ResourceClaimTemplate,
  ResourceSlice,
} from '../../../objects/kinds/resource-k8s-io-v1.js';
import { dns1123Label, dns1123Subdomain } from '../../../objects/names.js';
import { child, invalid, notSupported, required, tooMany, type FieldError } from '../field-errors.js';
import { each, immutable, nonNegative, positive, requiredText, unique } from './rules.js';

const MOST_SELECTORS = 32;
const MOST_REQUESTS = 32;
const MOST_ALTERNATIVES = 8;
const MOST_DEVICES = 128;

const atMost = (field: string, list: readonly unknown[] | undefined, limit: number): FieldError[] =>
  (list ?? []).length > limit ? [tooMany(field, list?.length ?? 0, limit)] : [];

const validateSelectors = (field: string, selectors: readonly DeviceSelector[] | undefined): FieldError[] => [
  ...atMost(field, selectors, MOST_SELECTORS),
  ...each(field, selectors, ({ cel }, path) =>
    cel === undefined ? [required(child(path, 'cel'))] : requiredText(child(path, 'cel.expression'), cel.expression),
  ),
];

type Wanted = Pick<DeviceSubRequest, 'deviceClassName' | 'selectors' | 'allocationMode' | 'count'>;

const validateWanted = (field: string, wanted: Wanted): FieldError[] => {
  const { allocationMode = '', count = 0 } = wanted;
  const errors = [
    ...requiredText(child(field, 'deviceClassName'), wanted.deviceClassName, dns1123Subdomain),
    ...validateSelectors(child(field, 'selectors'), wanted.selectors),
  ];
  if (allocationMode === 'All') {
    const why = "must not be specified when allocationMode is 'All'";
    return count === 0 ? errors : [...errors, invalid(child(field, 'count'), count, why)];
  }
  if (allocationMode === 'ExactCount') {
    return count > 0 ? errors : [...errors, invalid(child(field, 'count'), count, 'must be greater than zero')];
  }
  return [...errors, notSupported(child(field, 'allocationMode'), allocationMode, ['All', 'ExactCount'])];
};

const validateRequest = ({ name, exactly, firstAvailable = [] }: DeviceRequest, path: string): FieldError[] => {
  const errors = requiredText(child(path, 'name'), name, dns1123Label);
  if ((exactly !== undefined) === firstAvailable.length > 0) {
    const why = 'exactly one of `exactly` or `firstAvailable` is required';
    errors.push(
      exactly === undefined ? required(path, why) : invalid(path, null, `${why}, but multiple fields are set`),
    );
    return errors;
  }
  return [
    ...errors,
    ...(exactly === undefined ? [] : validateWanted(child(path, 'exactly'), exactly)),
    ...atMost(child(path, 'firstAvailable'), firstAvailable, MOST_ALTERNATIVES),
    ...each(child(path, 'firstAvailable'), firstAvailable, (alternative, at) => [
      ...requiredText(child(at, 'name'), alternative.name, dns1123Label),
      ...validateWanted(at, alternative),
    ]),
    ...unique(child(path, 'firstAvailable'), firstAvailable, (alternative) => alternative.name, 'name'),
  ];
};

const validateClaimSpec = (field: string, { devices }: ResourceClaimSpec): FieldError[] => {
  const path = child(field, 'devices');
  const { requests = [], constraints = [] } = devices ?? {};
  const names = new Set(
    requests.flatMap(({ name, firstAvailable = [] }) => [
      name,
      ...firstAvailable.map((each) => `${name}/${each.name}`),
    ]),
  );
  return [
    ...atMost(child(path, 'requests'), requests, MOST_REQUESTS),
    ...each(child(path, 'requests'), requests, validateRequest),
    ...unique(child(path, 'requests'), requests, ({ name }) => name, 'name'),
    ...each(child(path, 'constraints'), constraints, (constraint, at) => [
      ...each(child(at, 'requests'), constraint.requests, (request, where) =>
        names.has(request)
          ? []
          : [
              invalid(
                where,
                request,
                "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'",
              ),
            ],
      ),
      ...(constraint.matchAttribute === undefined && constraint.distinctAttribute === undefined
        ? [required(child(at, 'matchAttribute'))]
        : []),
    ]),
  ];
};

export const validateDeviceClass = ({ spec }: DeviceClass): FieldError[] =>
  validateSelectors('spec.selectors', spec.selectors);

export const validateResourceClaim = ({ spec }: ResourceClaim): FieldError[] => validateClaimSpec('spec', spec);

export const validateResourceClaimUpdate = ({ spec }: ResourceClaim, old: ResourceClaim): FieldError[] =>
  immutable('spec', spec, old.spec);

export const validateResourceClaimTemplate = ({ spec }: ResourceClaimTemplate): FieldError[] =>
  validateClaimSpec('spec.spec', spec.spec);

export const validateResourceClaimTemplateUpdate = (
  { spec }: ResourceClaimTemplate,
  old: ResourceClaimTemplate,
): FieldError[] => immutable('spec', spec, old.spec);

const PLACES = ['nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection'] as const;

export const validateResourceSlice = ({ spec }: ResourceSlice): FieldError[] => {
  const set = PLACES.filter((place) => spec[place] !== undefined && spec[place] !== false);
  const why = `exactly one of ${PLACES.map((place) => `\`${place}\``).join(', ')} is required`;
  const { driver, pool, devices } = spec;
  return [
    ...requiredText('spec.driver', driver, dns1123Subdomain),
    ...requiredText('spec.pool.name', pool?.name),
    ...nonNegative('spec.pool.generation', pool?.generation),
    ...positive('spec.pool.resourceSliceCount', pool?.resourceSliceCount),
    ...(set.length === 0 ? [required('spec', why)] : []),
    ...(set.length > 1
      ? [invalid('spec', `{${set.map((place) => `\`${place}\``).join(', ')}}`, `${why}, but multiple fields are set`)]
      : []),
    ...atMost('spec.devices', devices, MOST_DEVICES),
    ...each('spec.devices', devices, ({ name }, path) => requiredText(child(path, 'name'), name, dns1123Label)),
    ...unique('spec.devices', devices, ({ name }) => name, 'name'),
  ];
};

export const validateResourceSliceUpdate = (slice: ResourceSlice, old: ResourceSlice): FieldError[] => [
  ...validateResourceSlice(slice),
  ...immutable('spec.driver', slice.spec.driver, old.spec.driver),
  ...immutable('spec.pool.name', slice.spec.pool?.name, old.spec.pool?.name),
  ...immutable('spec.nodeName', slice.spec.nodeName, old.spec.nodeName),
];
