import type { ServiceSpec } from '../../../objects/kinds/core-v1.js';
import { jsonEquals } from '../../../objects/json.js';

/** What a Service keeps, takes over and loses when it is written: allocated values are not asked for twice. */
export const isNamed = ({ type }: ServiceSpec): boolean => type === 'ExternalName';
export const hasNodePorts = ({ type }: ServiceSpec): boolean => type === 'NodePort' || type === 'LoadBalancer';
export const needsProbe = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

const isPublic = (spec: ServiceSpec): boolean =>
  hasNodePorts(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);

type Draft = { -readonly [Name in keyof ServiceSpec]: ServiceSpec[Name] };

/** True when neither the address nor the list of addresses is another one. */
export const sameAddresses = (spec: ServiceSpec, before: ServiceSpec): boolean =>
  (spec.clusterIP ?? '') === (before.clusterIP ?? '') && jsonEquals(spec.clusterIPs ?? [], before.clusterIPs ?? []);

const portsOf = ({ ports = [] }: ServiceSpec): readonly number[] =>
  ports.flatMap(({ nodePort = 0 }) => (nodePort > 0 ? [nodePort] : []));

/** Ports that say no number take that of the port of the same name, unless another port uses it now. */
const keptPorts = (spec: ServiceSpec, before: ServiceSpec): ServiceSpec['ports'] => {
  const stay = new Set(portsOf(before).filter((number) => portsOf(spec).includes(number)));
  const byName = new Map((before.ports ?? []).map(({ name = '', nodePort = 0 }) => [name, nodePort]));
  return spec.ports?.map((port) => {
    const known = byName.get(port.name ?? '') ?? 0;
    return (port.nodePort ?? 0) > 0 || known === 0 || stay.has(known) ? port : { ...port, nodePort: known };
  });
};

/** The address and the list of addresses say the same, where only one of them was changed. */
const withList = (draft: Draft, before: ServiceSpec | undefined): void => {
  const address = draft.clusterIP ?? '';
  const isListed = (draft.clusterIPs ?? []).length > 0;
  if (before === undefined) {
    if (address !== '' && !isListed) draft.clusterIPs = [address];
    return;
  }
  const old = before.clusterIP ?? '';
  if (!isListed && (before.clusterIPs ?? []).length > 0 && old === address) draft.clusterIPs = before.clusterIPs ?? [];
  if (old === address || !jsonEquals(draft.clusterIPs ?? [], before.clusterIPs ?? [])) return;
  if (address === '') delete draft.clusterIPs;
  else draft.clusterIPs = [address];
};

/** The spec with what was allocated before, where it asks for nothing else. */
export const carriedOver = (spec: ServiceSpec, before: ServiceSpec | undefined): ServiceSpec => {
  const draft: Draft = { ...spec };
  if (before !== undefined && !isNamed(before) && !isNamed(spec)) {
    if ((draft.clusterIP ?? '') === '' && before.clusterIP !== undefined) draft.clusterIP = before.clusterIP;
    if ((draft.clusterIPs ?? []).length === 0 && before.clusterIPs !== undefined) draft.clusterIPs = before.clusterIPs;
  }
  if (before !== undefined && hasNodePorts(before) && hasNodePorts(spec)) {
    const ports = keptPorts(spec, before);
    if (ports !== undefined) draft.ports = ports;
  }
  if (before?.healthCheckNodePort !== undefined && needsProbe(before) && needsProbe(spec)) {
    draft.healthCheckNodePort ||= before.healthCheckNodePort;
  }
  withList(draft, before);
  return draft;
};

const drop = (draft: Draft, before: ServiceSpec, ...names: readonly (keyof ServiceSpec)[]): void => {
  for (const name of names) if (jsonEquals(draft[name] ?? null, before[name] ?? null)) delete draft[name];
};

/** A Service that changes its type loses what only the old type has, unless that was changed as well. */
export const withoutLeftovers = (spec: ServiceSpec, before: ServiceSpec | undefined): ServiceSpec => {
  if (before === undefined) return spec;
  const draft: Draft = { ...spec };
  if (isNamed(spec) && !isNamed(before)) {
    if (sameAddresses(spec, before)) drop(draft, before, 'clusterIP', 'clusterIPs');
    drop(draft, before, 'ipFamilies', 'ipFamilyPolicy');
  }
  if (hasNodePorts(before) && !hasNodePorts(spec) && spec.ports !== undefined) {
    const known = portsOf(before);
    if (portsOf(spec).every((number) => known.includes(number))) {
      draft.ports = spec.ports.map(({ nodePort: _freed, ...port }) => port);
    }
  }
  if (needsProbe(before) && !needsProbe(spec)) drop(draft, before, 'healthCheckNodePort');
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    drop(draft, before, 'allocateLoadBalancerNodePorts', 'loadBalancerClass');
  }
  if (isPublic(before) && !isPublic(spec)) drop(draft, before, 'externalTrafficPolicy');
  return draft;
};
