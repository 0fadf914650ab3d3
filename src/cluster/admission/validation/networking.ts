import { BlockList, isIP } from 'node:net';
import type {
  HTTPIngressPath,
  IPBlock,
  Ingress,
  IngressBackend,
  IngressClass,
  IngressRule,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '../../../objects/kinds/networking-k8s-io-v1.js';
import {
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  pathSegmentName,
  validPortName,
  wildcardDns1123Subdomain,
} from '../../../objects/names.js';
import { child, forbidden, invalid, invalidEach, required, tooLong, type FieldError } from '../field-errors.js';
import { CIDR_MESSAGE, IP_MESSAGE, isCidr, isIpAddress } from './addresses.js';
import { validateLabelSelector } from './labels.js';
import { domainPrefixedPath, each, immutable, oneOf, optionalText, port, requiredText } from './rules.js';

interface TypedReference {
  readonly apiGroup?: string | null;
  readonly kind?: string;
  readonly name?: string;
}

const validateTypedReference = (field: string, { apiGroup, kind, name }: TypedReference): FieldError[] => [
  ...(apiGroup === undefined || apiGroup === null
    ? []
    : invalidEach(child(field, 'apiGroup'), apiGroup, dns1123Subdomain(apiGroup))),
  ...requiredText(child(field, 'kind'), kind, pathSegmentName),
  ...requiredText(child(field, 'name'), name, pathSegmentName),
];

const validateBackend = (field: string, backend: IngressBackend | undefined): FieldError[] => {
  const { resource, service } = backend ?? {};
  if (resource !== undefined) {
    return service === undefined
      ? validateTypedReference(child(field, 'resource'), resource)
      : [invalid(field, '', 'cannot set both resource and service backends')];
  }
  if (service === undefined) return [invalid(field, '', 'resource or service backend is required')];
  const path = child(field, 'service');
  const errors = requiredText(child(path, 'name'), service.name, dns1035Label);
  const number = service.port?.number ?? 0;
  const portName = service.port?.name ?? '';
  if (number === 0 && portName === '') errors.push(required(field, 'port name or number is required'));
  else if (number !== 0 && portName !== '') errors.push(invalid(field, '', 'cannot set both port name & port number'));
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

const validateHost = (field: string, host: string): FieldError[] =>
  invalidEach(field, host, host.includes('*') ? wildcardDns1123Subdomain(host) : dns1123Subdomain(host));

const noAddress = (field: string, host: string): FieldError[] =>
  isIpAddress(host) ? [invalid(field, host, 'must be a DNS name, not an IP address')] : [];

const validatePaths = (field: string, http: NonNullable<IngressRule['http']>): FieldError[] => {
  const paths = child(field, 'paths');
  if ((http.paths ?? []).length === 0) return [required(paths)];
  return each(paths, http.paths, (entry, at) => validatePath(at, entry));
};

/** What an old Ingress had wrong may stay wrong. */
interface Allowances {
  readonly anySecretName: boolean;
  readonly anyWildcardRule: boolean;
}

const validateIngressRule = (rule: IngressRule, path: string, { anyWildcardRule }: Allowances): FieldError[] => {
  const { host = '', http } = rule;
  const field = child(path, 'host');
  const errors = host === '' ? [] : [...noAddress(field, host), ...validateHost(field, host)];
  if (http === undefined || (anyWildcardRule && host.includes('*'))) return errors;
  return [...errors, ...validatePaths(child(path, 'http'), http)];
};

const validateIngressSpec = (spec: NonNullable<Ingress['spec']>, allow: Allowances): FieldError[] => {
  const rules = spec.rules ?? [];
  return [
    ...(rules.length === 0 && spec.defaultBackend === undefined
      ? [invalid('spec', spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified')]
      : []),
    ...(spec.defaultBackend === undefined ? [] : validateBackend('spec.defaultBackend', spec.defaultBackend)),
    ...each('spec.rules', rules, (rule, path) => validateIngressRule(rule, path, allow)),
    ...each('spec.tls', spec.tls, (tls, path) => [
      ...each(child(path, 'hosts'), tls.hosts, (host, at) => validateHost(at, host)),
      ...(allow.anySecretName ? [] : optionalText(child(path, 'secretName'), tls.secretName, dns1123Subdomain)),
    ]),
    ...(spec.ingressClassName === undefined
      ? []
      : invalidEach('spec.ingressClassName', spec.ingressClassName, dns1123Subdomain(spec.ingressClassName))),
  ];
};

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

export const validateIngress = ({ metadata, spec }: Ingress): FieldError[] => {
  const errors = validateIngressSpec(spec ?? {}, { anySecretName: false, anyWildcardRule: false });
  const annotated = metadata.annotations?.[CLASS_ANNOTATION];
  if (annotated === undefined || spec?.ingressClassName === undefined || annotated === spec.ingressClassName) {
    return errors;
  }
  const why = 'must match `ingressClassName` when both are specified';
  return [...errors, invalid(`annotations.${CLASS_ANNOTATION}`, annotated, why)];
};

export const validateIngressUpdate = ({ spec }: Ingress, { spec: old }: Ingress): FieldError[] => {
  const hadWrongSecret = (old?.tls ?? []).some(({ secretName = '' }) =>
    secretName === '' ? false : dns1123Subdomain(secretName).length > 0,
  );
  const hadWrongRule = (old?.rules ?? []).some(
    ({ host = '', http }) => host.includes('*') && http !== undefined && validatePaths('', http).length > 0,
  );
  return validateIngressSpec(spec ?? {}, { anySecretName: hadWrongSecret, anyWildcardRule: hadWrongRule });
};

export const validateIngressStatus = ({ status }: Ingress): FieldError[] =>
  each('status.loadBalancer.ingress', status?.loadBalancer?.ingress, ({ ip = '', hostname = '' }, path) => [
    ...(ip === '' || isIpAddress(ip) ? [] : [invalid(child(path, 'ip'), ip, IP_MESSAGE)]),
    ...(hostname === ''
      ? []
      : [
          ...invalidEach(child(path, 'hostname'), hostname, dns1123Subdomain(hostname)),
          ...noAddress(child(path, 'hostname'), hostname),
        ]),
  ]);

const MOST_CONTROLLER_BYTES = 250;
type ClassParameters = NonNullable<NonNullable<IngressClass['spec']>['parameters']>;

const validateScope = (field: string, { scope, namespace }: ClassParameters): FieldError[] => {
  if (scope === undefined || scope === null) return [required(child(field, 'scope'))];
  const path = child(field, 'namespace');
  if (scope === 'Namespace') {
    return namespace === undefined
      ? [required(path, "`parameters.scope` is set to 'Namespace'")]
      : invalidEach(path, namespace, dns1123Label(namespace));
  }
  if (scope !== 'Cluster') return oneOf(child(field, 'scope'), scope, ['Cluster', 'Namespace']);
  return namespace === undefined ? [] : [forbidden(path, "`parameters.scope` is set to 'Cluster'")];
};

export const validateIngressClass = ({ spec }: IngressClass): FieldError[] => {
  const { controller = '', parameters } = spec ?? {};
  const errors = domainPrefixedPath('spec.controller', controller);
  if (Buffer.byteLength(controller) > MOST_CONTROLLER_BYTES)
    errors.unshift(tooLong('spec.controller', MOST_CONTROLLER_BYTES));
  if (parameters === undefined) return errors;
  const field = 'spec.parameters';
  return [...errors, ...validateTypedReference(field, parameters), ...validateScope(field, parameters)];
};

export const validateIngressClassUpdate = (ingressClass: IngressClass, old: IngressClass): FieldError[] => [
  ...immutable('spec.controller', ingressClass.spec?.controller ?? '', old.spec?.controller ?? ''),
  ...validateIngressClass(ingressClass),
];

const validatePolicyPort = (field: string, rule: NetworkPolicyPort): FieldError[] => {
  const { protocol, endPort } = rule;
  const end = child(field, 'endPort');
  const errors = oneOf(child(field, 'protocol'), protocol, ['TCP', 'UDP', 'SCTP']);
  if (typeof rule.port === 'number') {
    errors.push(...port(child(field, 'port'), rule.port));
    if (endPort !== undefined && endPort < rule.port) {
      errors.push(invalid(end, rule.port, 'must be greater than or equal to `port`'));
    }
    return [...errors, ...port(end, endPort)];
  }
  if (rule.port === undefined) {
    return endPort === undefined
      ? errors
      : [...errors, invalid(end, endPort, 'may not be specified when `port` is not specified')];
  }
  if (endPort !== undefined) errors.push(invalid(end, endPort, 'may not be specified when `port` is non-numeric'));
  return [...errors, ...invalidEach(child(field, 'port'), rule.port, validPortName(rule.port))];
};

/** True when the range is within the other one and smaller. */
const isStrictSubset = (range: string, whole: string): boolean => {
  const [address = '', bits = ''] = range.split('/');
  const [base = '', wholeBits = ''] = whole.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) !== isIP(base) || Number(wholeBits) >= Number(bits)) return false;
  const block = new BlockList();
  block.addSubnet(base, Number(wholeBits), family);
  return block.check(address, family);
};

const validateIpBlock = (field: string, { cidr = '', except }: Partial<IPBlock>, known: KnownRanges): FieldError[] => {
  const path = child(field, 'cidr');
  if (cidr === '') return [required(path)];
  const wrong = (at: string, range: string): FieldError[] =>
    isCidr(range) || known.has(range) ? [] : [invalid(at, range, CIDR_MESSAGE)];
  if (!isCidr(cidr)) return wrong(path, cidr);
  return each(child(field, 'except'), except, (range, at) => [
    ...wrong(at, range),
    ...(isCidr(range) && !isStrictSubset(range, cidr) ? [invalid(at, range, 'must be a strict subset of `cidr`')] : []),
  ]);
};

/** Ranges that a policy had before: they may stay however they are written. */
type KnownRanges = ReadonlySet<string>;

const validatePeer = (field: string, peer: NetworkPolicyPeer, known: KnownRanges): FieldError[] => {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const count = [podSelector, namespaceSelector, ipBlock].filter((part) => part !== undefined).length;
  const errors = [
    ...validateLabelSelector(child(field, 'podSelector'), podSelector),
    ...validateLabelSelector(child(field, 'namespaceSelector'), namespaceSelector),
    ...(ipBlock === undefined ? [] : validateIpBlock(child(field, 'ipBlock'), ipBlock, known)),
  ];
  if (count === 0) return [required(field, 'must specify a peer')];
  return count > 1 && ipBlock !== undefined
    ? [...errors, forbidden(field, 'may not specify both ipBlock and another peer')]
    : errors;
};

const POLICY_TYPES = ['Ingress', 'Egress'];

const validatePolicySpec = (spec: NonNullable<NetworkPolicy['spec']>, known: KnownRanges): FieldError[] => [
  ...validateLabelSelector('spec.podSelector', spec.podSelector),
  ...each('spec.ingress', spec.ingress, (rule, path) => [
    ...each(child(path, 'ports'), rule.ports, (each_, at) => validatePolicyPort(at, each_)),
    ...each(child(path, 'from'), rule.from, (peer, at) => validatePeer(at, peer, known)),
  ]),
  ...each('spec.egress', spec.egress, (rule, path) => [
    ...each(child(path, 'ports'), rule.ports, (each_, at) => validatePolicyPort(at, each_)),
    ...each(child(path, 'to'), rule.to, (peer, at) => validatePeer(at, peer, known)),
  ]),
  ...((spec.policyTypes ?? []).length > POLICY_TYPES.length
    ? [invalid('spec.policyTypes', spec.policyTypes, 'may not specify more than two policyTypes')]
    : each('spec.policyTypes', spec.policyTypes, (type, path) => oneOf(path, type, POLICY_TYPES))),
];

const NO_SPEC = { podSelector: {} };

export const validateNetworkPolicy = ({ spec }: NetworkPolicy): FieldError[] =>
  validatePolicySpec(spec ?? NO_SPEC, new Set());

export const validateNetworkPolicyUpdate = ({ spec }: NetworkPolicy, { spec: old }: NetworkPolicy): FieldError[] => {
  const peers = [
    ...(old?.ingress ?? []).flatMap(({ from }) => from ?? []),
    ...(old?.egress ?? []).flatMap(({ to }) => to ?? []),
  ];
  const known = peers.flatMap(({ ipBlock }) => [ipBlock?.cidr ?? '', ...(ipBlock?.except ?? [])]);
  return validatePolicySpec(spec ?? NO_SPEC, new Set(known));
};
