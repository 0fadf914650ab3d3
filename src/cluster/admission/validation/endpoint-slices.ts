import { isIP } from 'node:net';
import { jsonEquals } from '../../../objects/json.js';
import type { Endpoint, EndpointSlice } from '../../../objects/kinds/discovery-k8s-io-v1.js';
import {
  dns1123Label,
  dns1123Subdomain,
  qualifiedName,
  validLabelValue,
  type NameRule,
} from '../../../objects/names.js';
import { child, duplicate, invalid, invalidEach, required, tooMany, type FieldError } from '../field-errors.js';
import { IP_MESSAGE, isIpAddress } from './addresses.js';
import { mayBeLocal, validateEndpointIp } from './endpoint-addresses.js';
import { validateLabels } from './labels.js';
import { each, immutable, oneOf, requiredOneOf } from './rules.js';

const MOST_ENDPOINTS = 1000;
const MOST_ADDRESSES = 100;
const MOST_PORTS = 20_000;
const MOST_HINTS = 8;
const MOST_TOPOLOGY_LABELS = 16;

const fullName = (field: string, name: string): FieldError[] => {
  if (name === '') return [required(field)];
  const plain = name.endsWith('.') ? name.slice(0, -1) : name;
  const errors = invalidEach(field, plain, dns1123Subdomain(plain));
  if (errors.length > 0) return errors;
  return plain.includes('.')
    ? []
    : [invalid(field, plain, 'should be a domain with at least two segments separated by dots')];
};

const validateAddress = (
  list: string,
  path: string,
  address: string,
  { addressType: type, metadata }: EndpointSlice,
): FieldError[] => {
  if (type === 'FQDN') return fullName(path, address);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  if (!isIpAddress(address)) return [invalid(path, address, IP_MESSAGE)];
  const isOfFamily = isIP(address) === (type === 'IPv4' ? 4 : 6);
  return [
    ...(isOfFamily ? [] : [invalid(list, address, `must be an ${type} address`)]),
    ...validateEndpointIp(path, address, mayBeLocal(metadata)),
  ];
};

const validateHint = (
  field: string,
  hints: readonly { readonly name: string }[] | undefined,
  rule: NameRule,
): FieldError[] => {
  if ((hints ?? []).length > MOST_HINTS) return [tooMany(field, hints?.length ?? 0, MOST_HINTS)];
  const names = new Set<string>();
  return each(field, hints, ({ name }, at) => {
    const path = child(at, 'name');
    const errors = names.has(name) ? [duplicate(path, name)] : [];
    names.add(name);
    return [...errors, ...invalidEach(path, name, rule(name))];
  });
};

const validateHints = (field: string, { forZones, forNodes }: NonNullable<Endpoint['hints']>): FieldError[] => {
  const zones = validateHint(child(field, 'forZones'), forZones, validLabelValue);
  return (forZones ?? []).length > MOST_HINTS
    ? zones
    : [...zones, ...validateHint(child(field, 'forNodes'), forNodes, dns1123Subdomain)];
};

const validateEndpoint = (endpoint: Endpoint, path: string, slice: EndpointSlice): FieldError[] => {
  const list = child(path, 'addresses');
  const { addresses, nodeName, deprecatedTopology, hostname, hints } = endpoint;
  const count = (addresses ?? []).length;
  const topology = child(path, 'deprecatedTopology');
  const labels = Object.keys(deprecatedTopology ?? {}).length;
  return [
    ...(count === 0 ? [required(list, 'must contain at least 1 address')] : []),
    ...(count > MOST_ADDRESSES ? [tooMany(list, count, MOST_ADDRESSES)] : []),
    ...each(list, addresses, (address, at) => validateAddress(list, at, address, slice)),
    ...(nodeName === undefined ? [] : invalidEach(child(path, 'nodeName'), nodeName, dns1123Subdomain(nodeName))),
    ...(labels > MOST_TOPOLOGY_LABELS ? [tooMany(topology, labels, MOST_TOPOLOGY_LABELS)] : []),
    ...validateLabels(topology, deprecatedTopology),
    ...(hostname === undefined ? [] : invalidEach(child(path, 'hostname'), hostname, dns1123Label(hostname))),
    ...(hints === undefined ? [] : validateHints(child(path, 'hints'), hints)),
  ];
};

const validateEndpoints = (slice: EndpointSlice): FieldError[] => {
  const { endpoints } = slice;
  return (endpoints ?? []).length > MOST_ENDPOINTS
    ? [tooMany('endpoints', endpoints?.length ?? 0, MOST_ENDPOINTS)]
    : each('endpoints', endpoints, (endpoint, path) => validateEndpoint(endpoint, path, slice));
};

const validatePorts = ({ ports }: EndpointSlice): FieldError[] => {
  if ((ports ?? []).length > MOST_PORTS) return [tooMany('ports', ports?.length ?? 0, MOST_PORTS)];
  const names = new Set<string>();
  return each('ports', ports, ({ name = '', protocol, appProtocol }, path) => {
    const field = child(path, 'name');
    const errors = name === '' ? [] : invalidEach(field, name, dns1123Label(name));
    if (names.has(name)) errors.push(duplicate(field, name));
    names.add(name);
    return [
      ...errors,
      ...(protocol === undefined
        ? [required(child(path, 'protocol'))]
        : oneOf(child(path, 'protocol'), protocol, ['SCTP', 'TCP', 'UDP'])),
      ...(appProtocol === undefined
        ? []
        : invalidEach(child(path, 'appProtocol'), appProtocol, qualifiedName(appProtocol))),
    ];
  });
};

export const validateEndpointSlice = (slice: EndpointSlice): FieldError[] => [
  ...requiredOneOf('addressType', slice.addressType, ['FQDN', 'IPv4', 'IPv6']),
  ...validatePorts(slice),
  ...validateEndpoints(slice),
];

/** Endpoints that stay as they were are not looked at again. */
export const validateEndpointSliceUpdate = (slice: EndpointSlice, old: EndpointSlice): FieldError[] => [
  ...requiredOneOf('addressType', slice.addressType, ['FQDN', 'IPv4', 'IPv6']),
  ...validatePorts(slice),
  ...(jsonEquals(slice.endpoints ?? [], old.endpoints ?? []) ? [] : validateEndpoints(slice)),
  ...immutable('addressType', slice.addressType, old.addressType),
];
