import { jsonEquals } from '../../../objects/json.js';
import type { Service, ServicePort } from '../../../objects/kinds/core-v1.js';
import { dns1123Label, dns1123Subdomain, qualifiedName, validPortName } from '../../../objects/names.js';
import {
  child,
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  item,
  keyed,
  required,
  type FieldError,
} from '../field-errors.js';
import { CIDR_MESSAGE, IP_MESSAGE, isCidr, isIpAddress } from './addresses.js';
import { validateEndpointIp } from './endpoint-addresses.js';
import { validateLabels } from './labels.js';
import { each, oneOf, port, requiredOneOf } from './rules.js';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const FAMILIES = ['IPv4', 'IPv6'];
const FAMILY_POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const ONLY_BALANCED = "may only be used when `type` is 'LoadBalancer'";
const isHeadless = ({ clusterIPs = [] }: Service['spec']): boolean =>
  clusterIPs.length === 1 && clusterIPs[0] === 'None';
const isIpV6 = (ip: string): boolean => ip.includes(':');

const HINTS = 'service.kubernetes.io/topology-aware-hints';
const MODE = 'service.kubernetes.io/topology-mode';

const validateHints = ({ metadata: { annotations } }: Service): FieldError[] => {
  const [hints, mode] = [annotations?.[HINTS], annotations?.[MODE]];
  if (hints === undefined || mode === undefined || hints === mode) return [];
  const detail = `must match annotations[${HINTS}] when both are specified`;
  return [invalid(keyed('metadata.annotations', MODE), mode, detail)];
};

const validateByType = ({ spec }: Service): FieldError[] => {
  if ((spec.type === 'LoadBalancer' || spec.type === 'NodePort') && isHeadless(spec)) {
    return [invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`)];
  }
  if (spec.type !== 'ExternalName') return [];
  const unwanted = [
    (spec.clusterIPs ?? []).length > 0 ? 'clusterIPs' : '',
    (spec.ipFamilies ?? []).length > 0 ? 'ipFamilies' : '',
    spec.ipFamilyPolicy === undefined ? '' : 'ipFamilyPolicy',
  ].filter((name) => name !== '');
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  return [
    ...unwanted.map((field) => forbidden(child('spec', field), 'may not be set for ExternalName services')),
    ...(name === '' ? [required('spec.externalName')] : invalidEach('spec.externalName', name, dns1123Subdomain(name))),
  ];
};

const validatePort = (each_: ServicePort, field: string, needsName: boolean, names: Set<string>): FieldError[] => {
  const { name = '', targetPort, appProtocol } = each_;
  const errors: FieldError[] = [];
  const path = child(field, 'name');
  if (name === '' && needsName) errors.push(required(path));
  if (name !== '') {
    errors.push(...invalidEach(path, name, dns1123Label(name)));
    if (names.has(name)) errors.push(duplicate(path, name));
    names.add(name);
  }
  const target = child(field, 'targetPort');
  return [
    ...errors,
    ...port(child(field, 'port'), each_.port ?? 0),
    ...requiredOneOf(child(field, 'protocol'), each_.protocol, ['SCTP', 'TCP', 'UDP']),
    ...(typeof targetPort === 'string'
      ? invalidEach(target, targetPort, validPortName(targetPort))
      : port(target, targetPort ?? 0)),
    ...(appProtocol === undefined
      ? []
      : invalidEach(child(field, 'appProtocol'), appProtocol, qualifiedName(appProtocol))),
  ];
};

const validatePorts = ({ spec }: Service): FieldError[] => {
  const names = new Set<string>();
  const { ports = [] } = spec;
  return each('spec.ports', ports, (each_, path) => validatePort(each_, path, ports.length > 1, names));
};

/** The key of a port as the server shows it: all of it, with what does not count as zero. */
const portKey = ({ port: number = 0, protocol = '' }: ServicePort) => ({
  Name: '',
  Protocol: protocol,
  AppProtocol: null,
  Port: number,
  TargetPort: 0,
  NodePort: 0,
});

const validatePortKeys = ({ spec }: Service): FieldError[] => {
  const { ports = [] } = spec;
  const before = (index: number, same: (other: ServicePort) => boolean): boolean => ports.slice(0, index).some(same);
  return [
    ...(spec.type === 'ClusterIP'
      ? each('spec.ports', ports, ({ nodePort = 0 }, path) =>
          nodePort === 0 ? [] : [forbidden(child(path, 'nodePort'), "may not be used when `type` is 'ClusterIP'")],
        )
      : []),
    ...each('spec.ports', ports, ({ nodePort = 0, protocol }, path, index) =>
      nodePort !== 0 && before(index, (other) => other.nodePort === nodePort && other.protocol === protocol)
        ? [duplicate(child(path, 'nodePort'), nodePort)]
        : [],
    ),
    ...each('spec.ports', ports, (each_, path, index) =>
      before(index, (other) => other.port === each_.port && other.protocol === each_.protocol)
        ? [duplicate(path, portKey(each_))]
        : [],
    ),
  ];
};

const LONGEST_AFFINITY = 86_400;

const validateAffinity = ({ spec }: Service): FieldError[] => {
  const errors = requiredOneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']);
  const config = 'spec.sessionAffinityConfig';
  if (spec.sessionAffinity === 'ClientIP') {
    const when = 'when session affinity type is ClientIP';
    const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
    if (spec.sessionAffinityConfig === undefined) return [...errors, required(config, when)];
    if (spec.sessionAffinityConfig.clientIP === undefined) return [...errors, required(`${config}.clientIP`, when)];
    const path = `${config}.clientIP.timeoutSeconds`;
    if (seconds === undefined) return [...errors, required(path, when)];
    return seconds > 0 && seconds <= LONGEST_AFFINITY
      ? errors
      : [...errors, invalid(path, seconds, `must be greater than 0 and less than ${LONGEST_AFFINITY}`)];
  }
  return spec.sessionAffinity === 'None' && spec.sessionAffinityConfig !== undefined
    ? [...errors, forbidden(config, 'must not be set when session affinity is None')]
    : errors;
};

const IPS = 'spec.clusterIPs';

const validateFamilies = ({ ipFamilies, ipFamilyPolicy }: Service['spec']): FieldError[] => {
  const seen = new Set<string>();
  return [
    ...each('spec.ipFamilies', ipFamilies, (family, path) => {
      const errors = oneOf(path, family, FAMILIES);
      if (seen.has(family)) errors.push(duplicate(path, family));
      seen.add(family);
      return errors;
    }),
    ...oneOf('spec.ipFamilyPolicy', ipFamilyPolicy, FAMILY_POLICIES),
  ];
};

/** The addresses of a service among themselves; also looked at before any is allocated. */
export const validateClusterIps = ({ spec }: Service): FieldError[] => {
  if (spec.type === 'ExternalName') return [];
  const { clusterIP = '', clusterIPs: ips = [], ipFamilies = [] } = spec;
  const errors: FieldError[] = [];
  if (clusterIP === '' && ips.length > 0) {
    errors.push(invalid(IPS, ips, 'must be empty when `clusterIP` is not specified'));
  }
  if (clusterIP !== '' && ips.length === 0) errors.push(required(IPS));
  else if (clusterIP !== '' && ips[0] !== clusterIP) {
    errors.push(invalid(IPS, ips, 'first value must match `clusterIP`'));
  }
  errors.push(...validateFamilies(spec));
  const wrong = each(IPS, ips, (ip, path, index) => {
    if (index === 0 && ip === 'None') {
      return ips.length > 1 ? [invalid(IPS, ips, "'None' must be the first and only value")] : [];
    }
    return isIpAddress(ip) ? [] : [invalid(path, ip, IP_MESSAGE)];
  });
  errors.push(...wrong);
  if (ips.length > 2) errors.push(invalid(IPS, ips, 'may only hold up to 2 values'));
  if (wrong.length > 0) return errors;
  if (ips.length > 1 && new Set(ips.map(isIpV6)).size < 2) {
    errors.push(invalid(IPS, ips, 'may specify no more than one IP for each IP family'));
  }
  if (isHeadless(spec)) return errors;
  for (const [index, ip] of ips.entries()) {
    const family = ipFamilies[index];
    if (family === undefined || (family === 'IPv6') === isIpV6(ip)) continue;
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    errors.push(invalid(item(IPS, index), ip, detail));
  }
  return errors;
};

const SOURCES = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const RANGES = 'spec.LoadBalancerSourceRanges';
const range = (field: string, value: string): FieldError[] =>
  isCidr(value.trim()) ? [] : [invalid(field, value.trim(), CIDR_MESSAGE)];

const validateRanges = ({ metadata, spec }: Service, old: Service | undefined): FieldError[] => {
  const isBalanced = spec.type === 'LoadBalancer';
  const { loadBalancerSourceRanges: ranges = [] } = spec;
  if (ranges.length > 0) {
    const errors = isBalanced ? [] : [forbidden(RANGES, ONLY_BALANCED)];
    return [...errors, ...each(RANGES, ranges, (value, path) => range(path, value))];
  }
  const annotation = metadata.annotations?.[SOURCES];
  if (annotation === undefined) return [];
  const path = keyed('metadata.annotations', SOURCES);
  const errors = isBalanced ? [] : [forbidden(path, ONLY_BALANCED)];
  if (old?.metadata.annotations?.[SOURCES] === annotation || annotation.trim() === '') return errors;
  return [...errors, ...annotation.split(',').flatMap((value) => range(path, value))];
};

const isPublic = ({ type, externalIPs = [] }: Service['spec']): boolean =>
  type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && externalIPs.length > 0);
const isProbed = ({ type, externalTrafficPolicy }: Service['spec']): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

const validateExternalTraffic = ({ spec }: Service): FieldError[] => {
  const { externalTrafficPolicy: policy = '', healthCheckNodePort: probe = 0 } = spec;
  const [path, probePath] = ['spec.externalTrafficPolicy', 'spec.healthCheckNodePort'];
  const errors: FieldError[] = [];
  if (isPublic(spec)) errors.push(...requiredOneOf(path, policy, ['Cluster', 'Local']));
  else if (policy !== '') errors.push(invalid(path, policy, 'may only be set for externally-accessible services'));
  if (isProbed(spec)) return [...errors, ...(probe === 0 ? [required(probePath)] : port(probePath, probe))];
  const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return probe === 0 ? errors : [...errors, invalid(probePath, probe, detail)];
};

const validateBalancing = ({ spec }: Service): FieldError[] => {
  const { loadBalancerClass: name, allocateLoadBalancerNodePorts: allocates } = spec;
  const isBalanced = spec.type === 'LoadBalancer';
  const errors: FieldError[] = [];
  if (allocates !== undefined && !isBalanced) {
    errors.push(forbidden('spec.allocateLoadBalancerNodePorts', ONLY_BALANCED));
  }
  if (allocates === undefined && isBalanced) errors.push(required('allocateLoadBalancerNodePorts'));
  if (name === undefined) return errors;
  const path = 'spec.loadBalancerClass';
  return isBalanced
    ? [...errors, ...invalidEach(path, name, qualifiedName(name))]
    : [...errors, forbidden(path, ONLY_BALANCED)];
};

const validateInside = ({ spec }: Service): FieldError[] => [
  ...(spec.internalTrafficPolicy === undefined && ['ClusterIP', 'LoadBalancer', 'NodePort'].includes(spec.type ?? '')
    ? [required('spec.internalTrafficPolicy')]
    : oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, ['Cluster', 'Local'])),
  ...oneOf('spec.trafficDistribution', spec.trafficDistribution, ['PreferClose', 'PreferSameZone', 'PreferSameNode']),
];

const validateWhole = (service: Service, old?: Service): FieldError[] => {
  const { spec } = service;
  const needsPorts = !isHeadless(spec) && spec.type !== 'ExternalName';
  return [
    ...validateHints(service),
    ...((spec.ports ?? []).length === 0 && needsPorts ? [required('spec.ports')] : []),
    ...validateByType(service),
    ...validatePorts(service),
    ...validateLabels('spec.selector', spec.selector),
    ...validateAffinity(service),
    ...validateClusterIps(service),
    ...each('spec.externalIPs', spec.externalIPs, (ip, path) =>
      isIpAddress(ip) ? validateEndpointIp(path, ip) : [invalid(path, ip, IP_MESSAGE)],
    ),
    ...requiredOneOf('spec.type', spec.type, TYPES),
    ...validatePortKeys(service),
    ...validateRanges(service, old),
    ...validateBalancing(service),
    ...validateExternalTraffic(service),
    ...validateInside(service),
  ];
};

export const validateService = (service: Service): FieldError[] => validateWhole(service);

const CHANGED = 'may not change once set';

/** The addresses, or the families, that a service has: a second one comes and goes, the first one stays. */
const validateSecond = (
  name: 'clusterIPs' | 'ipFamilies',
  { spec }: Service,
  { spec: before }: Service,
): FieldError[] => {
  const field = child('spec', name);
  const [now, old]: (readonly string[])[] = [spec[name] ?? [], before[name] ?? []];
  if (now === undefined || old === undefined) return [];
  if (now.length === old.length) {
    return old.flatMap((value, index) =>
      value === now[index] ? [] : [invalid(item(field, name === 'clusterIPs' ? index : 0), now, CHANGED)],
    );
  }
  const shown = name === 'clusterIPs' ? now : (spec.clusterIPs ?? null);
  const first = now.length > 0 && old.length > 0 && now[0] !== old[0] ? [invalid(item(field, 0), shown, CHANGED)] : [];
  if (now.length > old.length) return first;
  const what = name === 'clusterIPs' ? 'clusterIP' : 'ipFamily';
  const errors: FieldError[] = [];
  if ((spec.clusterIPs ?? []).length === 0) {
    errors.push(invalid(item(field, 0), now.length === 0 ? null : now, `primary ${what} can not be unset`));
  }
  errors.push(...first);
  if (now.length === 1 && spec.ipFamilyPolicy !== 'SingleStack') {
    const detail = `must be set to 'SingleStack' when releasing the secondary ${what}`;
    errors.push(invalid('spec.ipFamilyPolicy', spec.ipFamilyPolicy ?? null, detail));
  }
  return errors;
};

export const validateServiceUpdate = (service: Service, old: Service): FieldError[] => {
  const { spec } = service;
  const errors: FieldError[] = [];
  const [headless, wasHeadless] = [isHeadless(spec), isHeadless(old.spec)];
  if (spec.type !== 'ExternalName' && old.spec.type !== 'ExternalName') {
    if (!headless || !wasHeadless) errors.push(...validateSecond('clusterIPs', service, old));
    if (!headless && !wasHeadless) errors.push(...validateSecond('ipFamilies', service, old));
  }
  if (spec.type === 'LoadBalancer' && old.spec.type === 'LoadBalancer') {
    const { loadBalancerClass: name } = spec;
    if (!jsonEquals(name ?? null, old.spec.loadBalancerClass ?? null)) {
      errors.push(invalid('spec.loadBalancerClass', name ?? null, CHANGED));
    }
  }
  errors.push(...validateBalancerClass(service));
  if (isProbed(spec) && isProbed(old.spec) && spec.healthCheckNodePort !== old.spec.healthCheckNodePort) {
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'));
  }
  return [...errors, ...validateWhole(service, old)];
};

/** The server looks at the class on its own first. */
const validateBalancerClass = ({ spec: { type, loadBalancerClass: name } }: Service): FieldError[] => {
  if (name === undefined) return [];
  const path = 'spec.loadBalancerClass';
  return type === 'LoadBalancer' ? invalidEach(path, name, qualifiedName(name)) : [forbidden(path, ONLY_BALANCED)];
};
