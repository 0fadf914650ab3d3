import { BlockList, isIP } from 'node:net';
import { jsonEquals } from '../../../objects/json.js';
import type { EndpointAddress, Endpoints } from '../../../objects/kinds/core-v1.js';
import { dns1123Label, dns1123Subdomain, qualifiedName } from '../../../objects/names.js';
import { child, invalid, invalidEach, required, type FieldError } from '../field-errors.js';
import { IP_MESSAGE, isIpAddress } from './addresses.js';
import { each, port, requiredOneOf } from './rules.js';

const blocks = (...ranges: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[]): BlockList => {
  const list = new BlockList();
  for (const range of ranges) list.addSubnet(...range);
  return list;
};

/** Ranges that no endpoint is in, with what is said of them. */
const FORBIDDEN: readonly (readonly [BlockList, string])[] = [
  [blocks(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']), 'loopback range (127.0.0.0/8, ::1/128)'],
  [blocks(['169.254.0.0', 16, 'ipv4'], ['fe80::', 10, 'ipv6']), 'link-local range (169.254.0.0/16, fe80::/10)'],
  [blocks(['224.0.0.0', 24, 'ipv4'], ['ff02::', 16, 'ipv6']), 'link-local multicast range (224.0.0.0/24, ff02::/10)'],
];

export const validateEndpointIp = (field: string, ip: string): FieldError[] => {
  const family = isIP(ip);
  if (family === 0) return [invalid(field, ip, 'must be a valid IP address')];
  const isNone = /^[0.:]+$/.test(ip);
  return [
    ...(isNone ? [invalid(field, ip, `may not be unspecified (${ip})`)] : []),
    ...FORBIDDEN.filter(([list]) => list.check(ip, family === 4 ? 'ipv4' : 'ipv6')).map(([, range]) =>
      invalid(field, ip, `may not be in the ${range}`),
    ),
  ];
};

const validateAddress = (path: string, { ip = '', hostname = '', nodeName }: EndpointAddress): FieldError[] => [
  ...(isIpAddress(ip) ? [] : [invalid(child(path, 'ip'), ip, IP_MESSAGE)]),
  ...(hostname === '' ? [] : invalidEach(child(path, 'hostname'), hostname, dns1123Label(hostname))),
  ...(nodeName === undefined ? [] : invalidEach(child(path, 'nodeName'), nodeName, dns1123Subdomain(nodeName))),
  ...validateEndpointIp(child(path, 'ip'), ip),
];

export const validateEndpoints = ({ subsets }: Endpoints): FieldError[] =>
  each('subsets', subsets, ({ addresses = [], notReadyAddresses = [], ports = [] }, path) => [
    ...(addresses.length === 0 && notReadyAddresses.length === 0
      ? [required(path, 'must specify `addresses` or `notReadyAddresses`')]
      : []),
    ...each(child(path, 'addresses'), addresses, (address, at) => validateAddress(at, address)),
    ...each(child(path, 'notReadyAddresses'), notReadyAddresses, (address, at) => validateAddress(at, address)),
    ...each(child(path, 'ports'), ports, ({ name = '', port: number = 0, protocol, appProtocol }, at) => [
      ...(name === '' && ports.length > 1 ? [required(child(at, 'name'))] : []),
      ...(name === '' ? [] : invalidEach(child(at, 'name'), name, dns1123Label(name))),
      ...port(child(at, 'port'), number),
      ...requiredOneOf(child(at, 'protocol'), protocol, ['SCTP', 'TCP', 'UDP']),
      ...(appProtocol === undefined
        ? []
        : invalidEach(child(at, 'appProtocol'), appProtocol, qualifiedName(appProtocol))),
    ]),
  ]);

/** Subsets that stay as they were stored are not looked at again. */
export const validateEndpointsUpdate = (endpoints: Endpoints, old: Endpoints): FieldError[] =>
  jsonEquals(endpoints.subsets ?? [], old.subsets ?? []) ? [] : validateEndpoints(endpoints);
