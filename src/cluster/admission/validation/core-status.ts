import type {
  Node,
  Pod,
  PodIP,
  ReplicationController,
  ResourceQuota,
  Service,
} from '../../../objects/kinds/core-v1.js';
import { dns1123Subdomain, qualifiedName } from '../../../objects/names.js';
import {
  child,
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  keyed,
  required,
  type FieldError,
} from '../field-errors.js';
import { IP_MESSAGE, isIpAddress } from './addresses.js';
import { internal } from './go-values.js';
import { validateNodeChange } from './nodes.js';
import { validateQuantity, validateQuotaName } from './quantities.js';
import { each, oneOf } from './rules.js';
import { validateReplicaSetStatus } from './workload-status.js';

const OF_SYSTEM = new Set(['PodScheduled', 'Ready', 'Initialized']);
const WHOLE = 'must be a non-negative integer';

const validatePodConditions = ({ status }: Pod): FieldError[] =>
  each('status.conditions', status?.conditions, ({ type = '', observedGeneration: generation = 0 }, path) => [
    ...(generation < 0 ? [invalid(child(path, 'observedGeneration'), generation, WHOLE)] : []),
    ...(OF_SYSTEM.has(type) ? [] : invalidEach(child(path, 'Type'), type, qualifiedName(type))),
  ]);

/** At most one address of each family; those that were stored are not looked at again. */
const validateIps = (
  field: string,
  type: string,
  ips: readonly Partial<PodIP>[] = [],
  old: readonly Partial<PodIP>[] = [],
): FieldError[] => {
  const known = new Set(old.map(({ ip }) => ip));
  const families = new Set(ips.map(({ ip = '' }) => ip.includes(':')));
  const wrong = each(field, ips, ({ ip = '' }, path) =>
    known.has(ip) || isIpAddress(ip) ? [] : [invalid(path, ip, IP_MESSAGE)],
  );
  if (ips.length < 2 || (families.size === 2 && ips.length === 2)) return wrong;
  const shown = ips.map((ip) => internal(type, ip));
  return [...wrong, invalid(field, shown, 'may specify no more than one IP for each IP family')];
};

const validateClaimStatuses = ({ spec, status }: Pod): FieldError[] => {
  const claims = new Set((spec.resourceClaims ?? []).map(({ name }) => name));
  const names = new Set<string>();
  return each(
    'status.resourceClaimStatuses',
    status?.resourceClaimStatuses,
    ({ name = '', resourceClaimName }, path) => {
      const [field, claimField] = [child(path, 'name'), child(path, 'resourceClaimName')];
      const isAgain = names.has(name);
      names.add(name);
      return [
        ...(claims.has(name) ? [] : [invalid(field, name, 'must match the name of an entry in `spec.resourceClaims`')]),
        ...(isAgain ? [duplicate(field, name)] : []),
        ...(resourceClaimName === undefined
          ? []
          : invalidEach(claimField, resourceClaimName, dns1123Subdomain(resourceClaimName))),
      ];
    },
  );
};

const validateHosts = ({ status }: Pod, { status: old }: Pod): FieldError[] => {
  const { hostIP = '', hostIPs = [] } = status ?? {};
  const [first] = hostIPs;
  if (first === undefined) return [];
  return [
    ...(first.ip === hostIP ? [] : [invalid('status.hostIPs[0].ip', first.ip ?? '', 'must be equal to `hostIP`')]),
    ...validateIps('status.hostIPs', 'core/v1.HostIP', hostIPs, old?.hostIPs),
  ];
};

export const validatePodStatus = (pod: Pod, old: Pod): FieldError[] => {
  const { nominatedNodeName: node = '', observedGeneration: generation = 0, qosClass } = pod.status ?? {};
  const isNew = node !== '' && node !== (old.status?.nominatedNodeName ?? '');
  return [
    ...validatePodConditions(pod),
    ...(isNew ? invalidEach('status.nominatedNodeName', node, dns1123Subdomain(node)) : []),
    ...(isNew && (old.spec.nodeName ?? '') !== ''
      ? [forbidden('status.nominatedNodeName', 'may not be set on pods that are already bound to a node')]
      : []),
    ...(generation < 0 ? [invalid('status.observedGeneration', generation, WHOLE)] : []),
    ...((qosClass ?? '') === (old.status?.qosClass ?? '')
      ? []
      : [invalid('status.qosClass', qosClass ?? '', 'field is immutable')]),
    ...validateClaimStatuses(pod),
    ...validateIps('status.podIPs', 'core/v1.PodIP', pod.status?.podIPs, old.status?.podIPs),
    ...validateHosts(pod, old),
  ];
};

export const validateServiceStatus = ({ spec, status }: Service, { status: old }: Service): FieldError[] => {
  const field = 'status.loadBalancer.ingress';
  const ingresses = status?.loadBalancer?.ingress ?? [];
  if (spec.type !== 'LoadBalancer' && ingresses.length > 0) {
    return [forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  const known = new Set((old?.loadBalancer?.ingress ?? []).map(({ ip }) => ip));
  return each(field, ingresses, ({ ip = '', ipMode, hostname = '' }, path) => {
    const [ipField, modeField, nameField] = [child(path, 'ip'), child(path, 'ipMode'), child(path, 'hostname')];
    return [
      ...(ip === '' || known.has(ip) || isIpAddress(ip) ? [] : [invalid(ipField, ip, IP_MESSAGE)]),
      ...(ipMode === undefined && ip !== '' ? [required(modeField, 'must be specified when `ip` is set')] : []),
      ...(ipMode !== undefined && ip === ''
        ? [forbidden(modeField, 'may not be specified when `ip` is not set')]
        : oneOf(modeField, ipMode, ['Proxy', 'VIP'])),
      ...(hostname === '' ? [] : invalidEach(nameField, hostname, dns1123Subdomain(hostname))),
      ...(isIpAddress(hostname) ? [invalid(nameField, hostname, 'must be a DNS name, not an IP address')] : []),
    ];
  });
};

export const validateQuotaStatus = ({ status }: ResourceQuota): FieldError[] =>
  (['hard', 'used'] as const).flatMap((list) =>
    Object.entries(status?.[list] ?? {}).flatMap(([name, value]) => {
      const path = keyed(child('status', list), name);
      return [...validateQuotaName(path, name), ...validateQuantity(path, name, value)];
    }),
  );

export const validateReplicationStatus = (controller: ReplicationController): FieldError[] =>
  validateReplicaSetStatus(controller as never);

export const validateNodeStatus = (node: Node, old: Node): FieldError[] => validateNodeChange(node, old);
