import { BlockList, isIP } from 'node:net';
import type { ObjectMeta } from '../../../objects/object.js';
import { invalid, type FieldError } from '../field-errors.js';

const blocks = (...ranges: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[]): BlockList => {
  const list = new BlockList();
  for (const range of ranges) list.addSubnet(...range);
  return list;
};

/** Ranges that no endpoint is in, with what is said of them; loopback addresses first. */
const FORBIDDEN: readonly (readonly [BlockList, string])[] = [
  [blocks(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']), 'loopback range (127.0.0.0/8, ::1/128)'],
  [blocks(['169.254.0.0', 16, 'ipv4'], ['fe80::', 10, 'ipv6']), 'link-local range (169.254.0.0/16, fe80::/10)'],
  [blocks(['224.0.0.0', 24, 'ipv4'], ['ff02::', 16, 'ipv6']), 'link-local multicast range (224.0.0.0/24, ff02::/10)'],
];

/** An address where an endpoint may be; `isLocal` lets it be a loopback address. */
export const validateEndpointIp = (field: string, ip: string, isLocal = false): FieldError[] => {
  const family = isIP(ip);
  if (family === 0) return [invalid(field, ip, 'must be a valid IP address')];
  const isNone = /^[0.:]+$/.test(ip);
  return [
    ...(isNone ? [invalid(field, ip, `may not be unspecified (${ip})`)] : []),
    ...FORBIDDEN.slice(isLocal ? 1 : 0)
      .filter(([list]) => list.check(ip, family === 4 ? 'ipv4' : 'ipv6'))
      .map(([, range]) => invalid(field, ip, `may not be in the ${range}`)),
  ];
};

const OWN_LABELS = ['endpoints.kubernetes.io/managed-by', 'endpointslice.kubernetes.io/managed-by'];
const OWN_CONTROLLERS = new Set(['endpoint-controller', 'endpointslice-controller.k8s.io']);

/**
 * Whether endpoints may be on loopback addresses: those of this server, which may listen nowhere else, and those of
 * its controllers, as pods that are processes of this machine have such addresses.
 */
export const mayBeLocal = ({ namespace, name, labels = {} }: ObjectMeta): boolean =>
  (namespace === 'default' && name === 'kubernetes') ||
  OWN_LABELS.some((label) => OWN_CONTROLLERS.has(labels[label] ?? ''));
