import type { EndpointSlice } from '../../../objects/kinds/discovery-k8s-io-v1.js';
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressClass,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../../../objects/kinds/networking-k8s-io-v1.js';
import {
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  validPortName,
  wildcardDns1123Subdomain,
} from '../../../objects/names.js';
import { child, forbidden, invalid, invalidEach, required, tooMany, type FieldError } from '../field-errors.js';
import { CIDR_MESSAGE, isCidr, isIpAddress } from './addresses.js';
import { validateLabelSelector } from './labels.js';
import { each, immutable, oneOf, optionalText, port, requiredOneOf, requiredText } from './rules.js';

const validateBackend = (field: string, backend: IngressBackend | undefined): FieldError[] => {
  if (backend?.resource !== undefined) {
    return backend.service === undefined
      ? requiredText(child(field, 'resource.name'), backend.resource.name)
      : [invalid(field, '', 'cannot set both resource and service backends')];
  }
  if (backend?.service === undefined) return [required(field, 'either resource or service backend must be specified')];
  const path = child(field, 'service');
  const { name, port: target } = backend.service;
  const errors = requiredText(child(path, 'name'), name, dns1035Label);
  const number = target?.number ?? 0;
  const portName = target?.name ?? '';
  if (number === 0 && portName === '') errors.push(required(path, 'port name or number is required'));
  else if (number !== 0 && portName !== '') errors.push(invalid(path, '', 'cannot set both port name & port number'));
  else if (number !== 0) errors.push(...port(child(path, 'port.number'), number));
  else errors.push(...invalidEach(child(path, 'port.name'), portName, validPortName(portName)));
  return errors;
};

const INVALID_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];

const validatePath = (field: string, entry: HTTPIngressPath): FieldError[] => {
  const errors: FieldError[] = [];
  const { pathType, path = '' } = entry;
  if (pathType === undefined) return [required(child(field, 'pathType'), 'pathType must be specified')];
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!path.startsWith('/')) errors.push(invalid(child(field, 'path'), path, 'must be an absolute path'));
    for (const sequence of INVALID_SEQUENCES) {
      if (path.includes(sequence)) errors.push(invalid(child(field, 'path'), path, `must not contain '${sequence}'`));
    }
    for (const ending of ['/..', '/.']) {
      if (path.endsWith(ending)) errors.push(invalid(child(field, 'path'), path, `cannot end with '${ending}'`));
    }
  } else if (pathType === 'ImplementationSpecific') {
    if (path !== '' && !path.startsWith('/'))
      errors.push(invalid(child(field, 'path'), path, 'must be an absolute path'));
  } else {
    errors.push(...oneOf(child(field, 'pathType'), pathType, ['Exact', 'ImplementationSpecific', 'Prefix']));
  }
  return [...errors, ...validateBackend(child(field, 'backend'), entry.backend)];
};

const validateHost = (field: string, host: string): FieldError[] => {
  if (isIpAddress(host)) return [invalid(field, host, 'must be a DNS name, not an IP address')];
  return invalidEach(field, host, host.includes('*') ? wildcardDns1123Subdomain(host) : dns1123Subdomain(host));
};

export const validateIngress = ({ spec }: Ingress): FieldError[] => {
  const rules = spec?.rules ?? [];
  if (rules.length === 0 && spec?.defaultBackend === undefined) {
    return [invalid('spec', spec?.rules ?? [], 'either `defaultBackend` or `rules` must be specified')];
  }
  return [
    ...(spec?.defaultBackend === undefined ? [] : validateBackend('spec.defaultBackend', spec.defaultBackend)),
    ...each('spec.rules', rules, (rule, path) => {
      const errors = (rule.host ?? '') === '' ? [] : validateHost(child(path, 'host'), rule.host ?? '');
      if (rule.http === undefined) return errors;
      const paths = child(path, 'http.paths');
      if ((rule.http.paths ?? []).length === 0) return [...errors, required(paths)];
      return [...errors, ...each(paths, rule.http.paths, (entry, at) => validatePath(at, entry))];
    }),
    ...each('spec.tls', spec?.tls, (tls, path) => [
      ...each(child(path, 'hosts'), tls.hosts, (host, at) => validateHost(at, host)),
      ...optionalText(child(path, 'secretName'), tls.secretName, dns1123Subdomain),
    ]),
    ...optionalText('spec.ingressClassName', spec?.ingressClassName, dns1123Subdomain),
  ];
};

export const validateIngressClass = ({ spec }: IngressClass): FieldError[] => {
  const parameters = spec?.parameters;
  const errors = requiredText('spec.controller', spec?.controller);
  if ((spec?.controller ?? '') !== '' && !/^[^/]+\/.+$/.test(spec?.controller ?? '')) {
    errors.push(invalid('spec.controller', spec?.controller, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  }
  if (parameters === undefined) return errors;
  errors.push(
    ...requiredText('spec.parameters.kind', parameters.kind),
    ...requiredText('spec.parameters.name', parameters.name),
    ...requiredOneOf('spec.parameters.scope', parameters.scope, ['Cluster', 'Namespace']),
  );
  if (parameters.scope === 'Namespace' && parameters.namespace === undefined) {
    errors.push(required('spec.parameters.namespace', "`parameters.scope` is set to 'Namespace'"));
  }
  if (parameters.scope === 'Cluster' && parameters.namespace !== undefined) {
    errors.push(forbidden('spec.parameters.namespace', "`parameters.scope` is set to 'Cluster'"));
  }
  return errors;
};

export const validateIngressClassUpdate = (ingressClass: IngressClass, old: IngressClass): FieldError[] => [
  ...immutable('spec.controller', ingressClass.spec?.controller, old.spec?.controller),
  ...validateIngressClass(ingressClass),
];

const validatePolicyPort = (field: string, each_: NetworkPolicyPort): FieldError[] => {
  const errors = oneOf(child(field, 'protocol'), each_.protocol, ['SCTP', 'TCP', 'UDP']);
  if (typeof each_.port === 'number') errors.push(...port(child(field, 'port'), each_.port));
  else if (each_.port !== undefined)
    errors.push(...invalidEach(child(field, 'port'), each_.port, validPortName(each_.port)));
  if (each_.endPort === undefined) return errors;
  if (typeof each_.port !== 'number') {
    errors.push(
      each_.port === undefined
        ? required(child(field, 'port'), 'must be specified when `endPort` is set')
        : invalid(child(field, 'endPort'), each_.endPort, 'may not be specified when `port` is non-numeric'),
    );
  } else if (each_.endPort < each_.port) {
    errors.push(invalid(child(field, 'endPort'), each_.endPort, 'must be greater than or equal to `port`'));
  }
  return errors;
};

const validatePeer = (field: string, peer: NetworkPolicyPeer): FieldError[] => {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  if (podSelector === undefined && namespaceSelector === undefined && ipBlock === undefined) {
    return [required(field, 'must specify a peer')];
  }
  if (ipBlock === undefined) {
    return [
      ...validateLabelSelector(child(field, 'podSelector'), podSelector),
      ...validateLabelSelector(child(field, 'namespaceSelector'), namespaceSelector),
    ];
  }
  if (podSelector !== undefined || namespaceSelector !== undefined) {
    return [forbidden(field, 'may not specify both ipBlock and another peer')];
  }
  const path = child(field, 'ipBlock');
  return [
    ...((ipBlock.cidr ?? '') === ''
      ? [required(child(path, 'cidr'))]
      : isCidr(ipBlock.cidr)
        ? []
        : [invalid(child(path, 'cidr'), ipBlock.cidr, CIDR_MESSAGE)]),
    ...each(child(path, 'except'), ipBlock.except, (range, at) =>
      isCidr(range) ? [] : [invalid(at, range, CIDR_MESSAGE)],
    ),
  ];
};

export const validateNetworkPolicy = ({ spec }: NetworkPolicy): FieldError[] => [
  ...validateLabelSelector('spec.podSelector', spec?.podSelector),
  ...each('spec.ingress', spec?.ingress, (rule, path) => [
    ...each(child(path, 'ports'), rule.ports, (each_, at) => validatePolicyPort(at, each_)),
    ...each(child(path, 'from'), rule.from, (peer, at) => validatePeer(at, peer)),
  ]),
  ...each('spec.egress', spec?.egress, (rule, path) => [
    ...each(child(path, 'ports'), rule.ports, (each_, at) => validatePolicyPort(at, each_)),
    ...each(child(path, 'to'), rule.to, (peer, at) => validatePeer(at, peer)),
  ]),
  ...each('spec.policyTypes', spec?.policyTypes, (type, path) => oneOf(path, type, ['Egress', 'Ingress'])),
];

export const validateEndpointSlice = ({ addressType, endpoints, ports }: EndpointSlice): FieldError[] => {
  const errors = requiredOneOf('addressType', addressType, ['FQDN', 'IPv4', 'IPv6']);
  if ((endpoints ?? []).length > 1000) {
    errors.push(tooMany('endpoints', endpoints?.length ?? 0, 1000));
  }
  return [
    ...errors,
    ...each('endpoints', endpoints, (endpoint, path) => {
      const addresses = child(path, 'addresses');
      if ((endpoint.addresses ?? []).length === 0) return [required(addresses, 'must contain at least 1 address')];
      return each(addresses, endpoint.addresses, (address, at) =>
        addressType === 'FQDN'
          ? invalidEach(at, address, dns1123Subdomain(address))
          : isIpAddress(address)
            ? []
            : [invalid(at, address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')],
      );
    }),
    ...each('ports', ports, (each_, path) => [
      ...optionalText(child(path, 'name'), each_.name, dns1123Label),
      ...requiredOneOf(child(path, 'protocol'), each_.protocol, ['SCTP', 'TCP', 'UDP']),
    ]),
  ];
};

export const validateEndpointSliceUpdate = (slice: EndpointSlice, old: EndpointSlice): FieldError[] => [
  ...immutable('addressType', slice.addressType, old.addressType),
  ...validateEndpointSlice(slice),
];
