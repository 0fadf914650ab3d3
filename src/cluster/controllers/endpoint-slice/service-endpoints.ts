import { isIPv4, isIPv6 } from 'node:net';
import type { Endpoint, EndpointPort } from '../../../objects/kinds/discovery-k8s-io-v1.js';
import type { Node, Pod, Service, ServicePort } from '../../../objects/kinds/core-v1.js';
import { isPodFinished, isPodReady } from '../pods/pod-state.js';

export type AddressType = 'IPv4' | 'IPv6';

/** Endpoints that share their ports and kind of address: they can be in one slice. */
export interface EndpointGroup {
  readonly addressType: AddressType;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export const addressTypesOf = (service: Service): readonly AddressType[] => {
  const families = (service.spec?.ipFamilies ?? []).filter((family) => family === 'IPv4' || family === 'IPv6');
  if (families.length > 0) return families;
  return isIPv6(service.spec?.clusterIP ?? '') ? ['IPv6'] : ['IPv4'];
};

/**
 * The endpoints of a Service: its pods with an address, by the ports that they offer. Pods that are going away stay as
 * terminating ones. Every kind of address has a group, an empty one when there is no pod.
 */
export const endpointGroups = (
  service: Service,
  pods: readonly Pod[],
  nodeOf: (name: string) => Node | undefined,
): readonly EndpointGroup[] =>
  addressTypesOf(service).flatMap((addressType) => {
    const groups = new Map<string, { ports: readonly EndpointPort[]; endpoints: Endpoint[] }>();
    for (const pod of pods.filter((each) => !isPodFinished(each))) {
      const address = addressOf(pod, addressType);
      if (address === undefined) continue;
      const ports = endpointPorts(service, pod);
      const id = JSON.stringify(ports);
      const group = groups.get(id) ?? { ports, endpoints: [] };
      group.endpoints.push(endpointOf(service, pod, address, nodeOf));
      groups.set(id, group);
    }
    if (groups.size === 0) return [{ addressType, ports: [], endpoints: [] }];
    return [...groups.values()].map((group) => ({ addressType, ...group }));
  });

const addressOf = (pod: Pod, type: AddressType): string | undefined => {
  const addresses = [...(pod.status?.podIPs ?? []).map(({ ip }) => ip), pod.status?.podIP ?? ''];
  return addresses.find((address) => (type === 'IPv4' ? isIPv4(address) : isIPv6(address)));
};

const endpointOf = (
  service: Service,
  pod: Pod,
  address: string,
  nodeOf: (name: string) => Node | undefined,
): Endpoint => {
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { namespace, name, uid } = pod.metadata;
  const { nodeName, hostname, subdomain } = pod.spec;
  const zone = nodeName === undefined ? undefined : nodeOf(nodeName)?.metadata.labels?.['topology.kubernetes.io/zone'];
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    targetRef: {
      kind: 'Pod',
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    },
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
    ...(hostname !== undefined && subdomain === service.metadata.name ? { hostname } : {}),
    ...(ready ? hintsOf(service, zone, nodeName) : {}),
  };
};

/** Who should rather send to the endpoint: clients of its zone, or of its node. */
const hintsOf = (service: Service, zone: string | undefined, node: string | undefined): Pick<Endpoint, 'hints'> => {
  const { trafficDistribution: wish } = service.spec ?? {};
  if (wish === undefined) return {};
  const forZones = zone === undefined ? {} : { forZones: [{ name: zone }] };
  const forNodes = wish !== 'PreferSameNode' || node === undefined ? {} : { forNodes: [{ name: node }] };
  const hints = { ...forZones, ...forNodes };
  return Object.keys(hints).length === 0 ? {} : { hints };
};

/** The Service's ports as this pod offers them; a port by a name that the pod does not have is left out. */
export const endpointPorts = (service: Service, pod: Pod): readonly EndpointPort[] =>
  (service.spec?.ports ?? []).flatMap((port) => {
    const number = podPort(port, pod);
    if (number === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = port;
    return [{ name, protocol, port: number, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });

const podPort = (port: ServicePort, pod: Pod): number | undefined => {
  const { targetPort = port.port, protocol = 'TCP' } = port;
  if (typeof targetPort === 'number') return targetPort === 0 ? port.port : targetPort;
  // Sidecars are init containers that stay.
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  return [...pod.spec.containers, ...sidecars]
    .flatMap((container) => container.ports ?? [])
    .find((candidate) => candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol)?.containerPort;
};
