import { jsonEquals } from '../../../objects/json.js';
import type { EndpointAddress, Endpoints } from '../../../objects/kinds/core-v1.js';
import { dns1123Label, dns1123Subdomain, qualifiedName } from '../../../objects/names.js';
import { child, invalid, invalidEach, required, type FieldError } from '../field-errors.js';
import { IP_MESSAGE, isIpAddress } from './addresses.js';
import { mayBeLocal, validateEndpointIp } from './endpoint-addresses.js';
import { each, port, requiredOneOf } from './rules.js';

const validateAddress = (
  path: string,
  { ip = '', hostname = '', nodeName }: EndpointAddress,
  isLocal: boolean,
): FieldError[] => [
  ...(isIpAddress(ip) ? [] : [invalid(child(path, 'ip'), ip, IP_MESSAGE)]),
  ...(hostname === '' ? [] : invalidEach(child(path, 'hostname'), hostname, dns1123Label(hostname))),
  ...(nodeName === undefined ? [] : invalidEach(child(path, 'nodeName'), nodeName, dns1123Subdomain(nodeName))),
  ...validateEndpointIp(child(path, 'ip'), ip, isLocal),
];

export const validateEndpoints = ({ metadata, subsets }: Endpoints): FieldError[] =>
  each('subsets', subsets, ({ addresses = [], notReadyAddresses = [], ports = [] }, path) => [
    ...(addresses.length === 0 && notReadyAddresses.length === 0
      ? [required(path, 'must specify `addresses` or `notReadyAddresses`')]
      : []),
    ...each(child(path, 'addresses'), addresses, (address, at) => validateAddress(at, address, mayBeLocal(metadata))),
    ...each(child(path, 'notReadyAddresses'), notReadyAddresses, (address, at) =>
      validateAddress(at, address, mayBeLocal(metadata)),
    ),
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
