import { isIP } from 'node:net';
import { jsonEquals } from '../../../objects/json.js';
import type { IPAddress, ServiceCIDR } from '../../../objects/kinds/networking-k8s-io-v1.js';
import { dns1123Subdomain, pathSegmentName, type NameRule } from '../../../objects/names.js';
import { invalid, item, type FieldError, required } from '../field-errors.js';
import { CIDR_MESSAGE, IP_MESSAGE, isCidr, isIpAddress } from './addresses.js';
import { internal } from './go-values.js';
import { IMMUTABLE, optionalText, requiredText } from './rules.js';

/** An IPAddress is called by the address. */
export const ipAddressName: NameRule = (name) => (isIpAddress(name) ? [] : [IP_MESSAGE]);

export const validateIpAddress = ({ spec }: IPAddress): FieldError[] => {
  const parent = spec?.parentRef;
  const field = 'spec.parentRef';
  if (parent === undefined) return [required(field)];
  return [
    ...optionalText(`${field}.group`, parent.group, dns1123Subdomain),
    ...requiredText(`${field}.resource`, parent.resource, pathSegmentName),
    ...requiredText(`${field}.name`, parent.name, pathSegmentName),
    ...optionalText(`${field}.namespace`, parent.namespace, pathSegmentName),
  ];
};

export const validateIpAddressUpdate = (address: IPAddress, old: IPAddress): FieldError[] => [
  ...validateIpAddress(address),
  ...(jsonEquals(address.spec?.parentRef ?? null, old.spec?.parentRef ?? null)
    ? []
    : [
        invalid('spec.parentRef', internal('networking.k8s.io/v1.ParentReference', address.spec?.parentRef), IMMUTABLE),
      ]),
];

const family = (cidr: string): number => (isCidr(cidr) ? isIP(cidr.split('/', 1)[0] ?? '') : 0);

export const validateServiceCidr = ({ spec }: ServiceCIDR): FieldError[] => {
  const field = 'spec.cidrs';
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required(field, 'at least one CIDR required')];
  if (cidrs.length > 2) {
    return [invalid(field, internal('networking.k8s.io/v1.ServiceCIDRSpec', spec), 'may only hold up to 2 values')];
  }
  const wrong = cidrs.flatMap((cidr, index) => (isCidr(cidr) ? [] : [invalid(item(field, index), cidr, CIDR_MESSAGE)]));
  const [first = '', second] = cidrs;
  if (second === undefined || family(first) === 0 || family(first) !== family(second)) return wrong;
  const why = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
  return [...wrong, invalid(field, cidrs, why)];
};

/** A range stays; one of the other family may join it. */
export const validateServiceCidrUpdate = (range: ServiceCIDR, old: ServiceCIDR): FieldError[] => {
  const field = 'spec.cidrs';
  const [now, before] = [range.spec?.cidrs ?? [], old.spec?.cidrs ?? []];
  const grew = before.length === 1 && now.length === 2;
  if (now.length !== before.length && !grew) return [invalid(field, now.length === 0 ? null : now, IMMUTABLE)];
  const changed = before.flatMap((cidr, index) =>
    now[index] === cidr ? [] : [invalid(item(field, index), now[index], IMMUTABLE)],
  );
  return grew ? [...changed, ...validateServiceCidr(range)] : changed;
};
