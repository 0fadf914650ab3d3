import { jsonEquals } from '../../../objects/json.js';
import type { Service, ServicePort } from '../../../objects/kinds/core-v1.js';
import { dns1123Label, dns1123Subdomain, validPortName } from '../../../objects/names.js';
import { child, duplicate, forbidden, invalid, invalidEach, item, required, type FieldError } from '../field-errors.js';
import { CIDR_MESSAGE, IP_MESSAGE, isCidr, isIpAddress } from './addresses.js';
import { validateLabels } from './labels.js';
import { each, immutable, inRange, oneOf, port, requiredOneOf, requiredText, unique } from './rules.js';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const hasNodePorts = (type: string | undefined): boolean => type === 'NodePort' || type === 'LoadBalancer';
const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === 'None';

const validatePort = (service: Service, each_: ServicePort, field: string, isOnly: boolean): FieldError[] => {
  const errors: FieldError[] = [];
  const name = each_.name ?? '';
  if (name !== '') errors.push(...invalidEach(child(field, 'name'), name, dns1123Label(name)));
  else if (!isOnly) errors.push(required(child(field, 'name')));
  errors.push(
    ...port(child(field, 'port'), each_.port ?? 0),
    ...requiredOneOf(child(field, 'protocol'), each_.protocol, ['SCTP', 'TCP', 'UDP']),
  );
  const target = each_.targetPort;
  if (typeof target === 'number') errors.push(...port(child(field, 'targetPort'), target));
  else if (target !== undefined) errors.push(...requiredText(child(field, 'targetPort'), target, validPortName));
  if (isHeadless(service) && typeof target === 'number' && target !== 0 && target !== each_.port) {
    // Allowed for headless services since 1.20: the port is published as it is.
    return errors;
  }
  if ((each_.nodePort ?? 0) !== 0 && !hasNodePorts(service.spec.type)) {
    errors.push(forbidden(child(field, 'nodePort'), `may not be used when \`type\` is '${service.spec.type}'`));
  }
  return errors;
};

const validatePorts = (service: Service): FieldError[] => {
  const ports = service.spec.ports ?? [];
  if (ports.length === 0 && !isHeadless(service) && service.spec.type !== 'ExternalName')
    return [required('spec.ports')];
  const errors = each('spec.ports', ports, (each_, path) => validatePort(service, each_, path, ports.length === 1));
  errors.push(...unique('spec.ports', ports, ({ name }) => name, 'name'));
  ports.forEach((each_, index) => {
    const isRepeated = ports
      .slice(0, index)
      .some((other) => other.port === each_.port && other.protocol === each_.protocol);
    if (isRepeated) errors.push(duplicate(item('spec.ports', index), { port: each_.port, protocol: each_.protocol }));
    const { nodePort = 0 } = each_;
    if (
      nodePort !== 0 &&
      ports.slice(0, index).some((other) => other.nodePort === nodePort && other.protocol === each_.protocol)
    ) {
      errors.push(duplicate(`${item('spec.ports', index)}.nodePort`, { protocol: each_.protocol, nodePort }));
    }
  });
  return errors;
};

const validateAddresses = ({ spec }: Service): FieldError[] => {
  const errors: FieldError[] = [];
  const ips = spec.clusterIPs ?? (spec.clusterIP === undefined || spec.clusterIP === '' ? [] : [spec.clusterIP]);
  if (spec.type === 'ExternalName') {
    if (ips.length > 0) errors.push(invalid('spec.clusterIPs', ips, 'may not be set for ExternalName services'));
    errors.push(...requiredText('spec.externalName', spec.externalName?.replace(/\.$/, ''), dns1123Subdomain));
    return errors;
  }
  if (ips.length > 2) errors.push(invalid('spec.clusterIPs', ips, 'may only hold up to 2 values'));
  if (spec.clusterIP !== undefined && ips[0] !== undefined && ips[0] !== spec.clusterIP) {
    errors.push(invalid('spec.clusterIPs', ips, 'first value must match `clusterIP`'));
  }
  errors.push(
    ...each('spec.clusterIPs', ips, (ip, path) =>
      ip === 'None' || isIpAddress(ip) ? [] : [invalid(path, ip, IP_MESSAGE)],
    ),
    ...each('spec.externalIPs', spec.externalIPs, (ip, path) =>
      isIpAddress(ip) ? [] : [invalid(path, ip, IP_MESSAGE)],
    ),
  );
  if (isHeadless({ spec } as Service) && hasNodePorts(spec.type)) {
    errors.push(invalid('spec.clusterIPs[0]', 'None', `may not be set to 'None' for ${spec.type} services`));
  }
  return errors;
};

const validateTraffic = ({ spec }: Service): FieldError[] => {
  const errors: FieldError[] = [];
  const policy = spec.externalTrafficPolicy;
  const takesExternal = hasNodePorts(spec.type) || (spec.externalIPs ?? []).length > 0;
  if (policy !== undefined && policy.length > 0 && !takesExternal) {
    errors.push(invalid('spec.externalTrafficPolicy', policy, 'may only be set for externally-accessible services'));
  } else {
    errors.push(...oneOf('spec.externalTrafficPolicy', policy, ['Cluster', 'Local']));
  }
  errors.push(...oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, ['Cluster', 'Local']));
  if ((spec.healthCheckNodePort ?? 0) !== 0 && !(spec.type === 'LoadBalancer' && policy === 'Local')) {
    errors.push(
      invalid(
        'spec.healthCheckNodePort',
        spec.healthCheckNodePort,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    );
  }
  if (spec.type !== 'LoadBalancer') {
    for (const name of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const) {
      if (spec[name] !== undefined)
        errors.push(forbidden(`spec.${name}`, "may only be used when `type` is 'LoadBalancer'"));
    }
    if ((spec.loadBalancerSourceRanges ?? []).length > 0) {
      errors.push(forbidden('spec.LoadBalancerSourceRanges', "may only be used when `type` is 'LoadBalancer'"));
    }
  }
  errors.push(
    ...each('spec.loadBalancerSourceRanges', spec.loadBalancerSourceRanges, (range, path) =>
      isCidr(range.trim()) ? [] : [invalid(path, range, CIDR_MESSAGE)],
    ),
  );
  return errors;
};

const validateAffinity = ({ spec }: Service): FieldError[] => {
  const errors = requiredOneOf('spec.sessionAffinity', spec.sessionAffinity, ['ClientIP', 'None']);
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (spec.sessionAffinity === 'ClientIP') {
    errors.push(...inRange('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, 1, 86_400));
  } else if (spec.sessionAffinityConfig !== undefined) {
    errors.push(forbidden('spec.sessionAffinityConfig', 'must not be set when session affinity is None'));
  }
  return errors;
};

export const validateService = (service: Service): FieldError[] => [
  ...validatePorts(service),
  ...requiredOneOf('spec.type', service.spec.type, TYPES),
  ...validateLabels('spec.selector', service.spec.selector),
  ...validateAddresses(service),
  ...validateTraffic(service),
  ...validateAffinity(service),
  ...oneOf('spec.ipFamilyPolicy', service.spec.ipFamilyPolicy, ['PreferDualStack', 'RequireDualStack', 'SingleStack']),
  ...each('spec.ipFamilies', service.spec.ipFamilies, (family, path) => oneOf(path, family, ['IPv4', 'IPv6'])),
];

export const validateServiceUpdate = (service: Service, old: Service): FieldError[] => {
  const errors: FieldError[] = [];
  const [now, before] = [service.spec.clusterIPs ?? [], old.spec.clusterIPs ?? []];
  const bothNeed = service.spec.type !== 'ExternalName' && old.spec.type !== 'ExternalName';
  if (bothNeed && before[0] !== undefined) {
    if (now[0] === undefined) errors.push(invalid('spec.clusterIPs[0]', now, 'primary clusterIP can not be unset'));
    else if (now[0] !== before[0]) errors.push(invalid('spec.clusterIPs[0]', now, 'may not change once set'));
  }
  if (service.spec.type === 'LoadBalancer' && old.spec.type === 'LoadBalancer') {
    if (!jsonEquals(service.spec.loadBalancerClass, old.spec.loadBalancerClass)) {
      errors.push(...immutable('spec.loadBalancerClass', service.spec.loadBalancerClass, old.spec.loadBalancerClass));
    }
  }
  return [...errors, ...validateService(service)];
};
